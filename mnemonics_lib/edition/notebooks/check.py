"""The parameters of a notebook, resolved before anything runs by the notebook's own cells, and whether they can be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from mnemonics_lib.config import ConfigError, load_config, override
from mnemonics_lib.edition.notebooks.pairs import differences, read_notebook
from mnemonics_lib.edition.parameters import IN_THE_NAME, INJECTED, ParameterError, named_file


def tagged(source: Path, tag: str) -> str | None:
    """The first cell with a tag, as text; None where there is none."""
    cells = read_notebook(source).cells
    return next((cell.source for cell in cells if tag in cell.metadata.get("tags", [])), None)


def injected(source: Path, params: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """What papermill injects, so that the notebook reads ``params`` and changes it by ``key=value`` overrides.

    A file of the project is named by data set, phases and profile, as a reader would name it; any other by its path, as
    seen from the notebook's folder, in which it runs.

    Raises:
        ParameterError: for whatever the configuration refuses.
    """
    try:
        nested, config = override({}, overrides), load_config(params, overrides)
    except ConfigError as error:
        raise ParameterError(str(error)) from None
    further = {name: value for name, value in nested.items() if name != "seed"}
    named = params.resolve() == named_file(config.dataset, config.phases, config.profile)
    values: dict[str, Any] = {name: getattr(config, name) for name in IN_THE_NAME} if named else {}
    values["seed"] = config.seed
    if further:
        values["overrides"] = further
    if not named:
        values["params"] = Path(os.path.relpath(params, source.parent)).as_posix()
    return values


def check_parameters(
    source: Path, params: Path | None, overrides: Sequence[str] = (), study: str = ""
) -> dict[str, Any]:
    """The parameters that a run of ``source`` is given, after the notebook itself has resolved them.

    Two of its cells are run for that, those tagged ``parameters`` and ``resolve``, so that this check and the notebook
    can never differ.

    Args:
        source: The notebook, in py:percent format.
        params: A parameter file, or None for a notebook that has no parameters.
        overrides: Overrides, each ``key=value``.
        study: A study whose finished work the notebook takes; "" for none.

    Raises:
        ParameterError: for whatever the configuration or the notebook refuses, and for what is no notebook.
    """
    if params is None:
        read_notebook(source)
        if overrides:
            raise ParameterError(f"{source}: overrides need a parameter file to change")
        return {}
    cells = {tag: tagged(source, tag) for tag in ("parameters", "resolve")}
    values = injected(source, params, overrides) | ({"study": study} if study else {})
    for tag, cell in cells.items():
        if cell is None:
            raise ParameterError(f"{source}: has no cell tagged {tag!r}, so that {params} would change nothing")
    shown = "\n".join([INJECTED, *(f"{name} = {value!r}" for name, value in values.items())])
    variables: dict[str, Any] = {"__name__": "__main__", "In": ["", cells["parameters"], shown]}
    try:
        with chdir(source.parent):
            for cell in (cells["parameters"], shown, cells["resolve"]):
                exec(compile(str(cell), str(source), "exec"), variables)
    except ParameterError as error:
        raise ParameterError("\n".join(f"{params}: {line}" for line in str(error).splitlines())) from None
    except Exception as error:  # a mistake in one of the cells, which is code of the reader's
        raise ParameterError(f"{source}: its parameter cells fail: {type(error).__name__}: {error}") from None
    return values


def check_all(sources: Iterable[Path], params: Iterable[Path]) -> None:
    """Check every notebook against every parameter file, and against the ``.ipynb`` that it is paired with.

    Raises:
        ParameterError: with one line for each problem, so that all of them can be mended at once.
    """
    sources = list(sources)
    problems: dict[str, None] = {}  # a dict keeps the order and drops what two notebooks would both say
    for source in sources:
        try:
            found = differences(source)
        except ParameterError as error:
            found = str(error)
        problems.update(dict.fromkeys((found or "").splitlines()))
    for file in params:
        for source in sources:
            try:
                check_parameters(source, file)
            except ParameterError as error:
                problems.update(dict.fromkeys(str(error).splitlines()))
    if problems:
        raise ParameterError("\n".join(problems))
