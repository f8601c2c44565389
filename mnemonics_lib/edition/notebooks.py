"""Check and run one notebook through papermill: ``python -m mnemonics_lib.edition.notebooks check | execute``.

papermill alone leaves a failed notebook where the book would pick it up, and writes wall times and random cell ids into
its output. Added here: a notebook's parameters are resolved before anything runs, by the notebook's own cells of
parameters and of resolving; only a run that succeeded reaches its output path; and two runs that compute the same give
the same bytes.

All work happens under ``build/`` of the current directory: in ``build/work``, and after a failure ``build/failed``.
"""

from __future__ import annotations

import argparse
import ast
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import chdir
from hashlib import sha256
from pathlib import Path
from pprint import pformat
from typing import Any

from mnemonics_lib.config import ConfigError, load_config, override
from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition.kernels import KERNEL, environment_for_kernels
from mnemonics_lib.edition.parameters import IN_THE_NAME, INJECTED, ParameterError, named_file
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import PROJECT, ROOT

# jsonschema, which nbformat imports, else compiles the grammar of international addresses, which no notebook has: a
# second of each call.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is what stops an import

try:
    import nbformat
    from nbformat import NotebookNode

    from mnemonics_lib.edition.pairs import differences, read_notebook
except ModuleNotFoundError as missing:
    if __name__ == "__main__":
        sys.exit(str(missing))
    raise

WIDTH = 76
"""Characters of a line of code in the book."""

EXECUTED_WITH = "executed_with"
"""Where the metadata of an executed notebook have :func:`executed_with`."""

BAR = re.compile(r"[^\r\n]*?\[\d+:\d\d[^\]\r\n]*\]")
"""A tqdm bar, up to and with its ``[elapsed<remaining, rate]``."""

WAITING = re.compile(r"^waiting for [^\n]*\n", re.MULTILINE)
"""What a lock says to a user who waits: it differs from build to build, and names a folder of the machine."""

MADE_AGAIN = re.compile(
    r"^[^\n]*: RunWarning: [^\n]*; the run is made again from its first phase\n(?: [^\n]*\n)?", re.M
)
"""What a run says that finds an older one of its name without the files for figures: it is of this machine's past, and
changes no number. The line of code below it goes with it."""

KERNEL_FILE = re.compile(r"\S*/ipykernel_\d+/\d+\.py")
"""The temporary file ipykernel names in warnings and tracebacks: it holds a process id, so no two runs agree on it."""


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


def execute(
    source: Path,
    params: Path | None,
    output: Path,
    overrides: Sequence[str] = (),
    study: str = "",
    shown: Callable[[NotebookNode], NotebookNode] = lambda notebook: notebook,
) -> Path | None:
    """Run a notebook in its own folder, as JupyterLab does.

    Args:
        source: The notebook, in py:percent format.
        params: A parameter file, or None for a notebook that has no parameters.
        output: Where the executed notebook goes.
        overrides: Overrides, each ``key=value``.
        study: A study whose finished work the notebook takes; "" for none.
        shown: What of the notebook is run.

    Returns:
        None after a success, when ``output`` holds the executed notebook. Otherwise the path of the partial copy, with
        the traceback in it; then there is no ``output``.

    Raises:
        ParameterError: before anything runs.
    """
    from papermill import execute_notebook  # here, because checking alone must stay quick

    values = check_parameters(source, params, overrides, study)
    made_with = executed_with(params, overrides, study)  # before the run, while which the library may be committed
    work, failed = _under("work", output), _under("failed", output)
    for path in (work, failed, output):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # whatever happens next, no earlier run may be taken for this one
    nbformat.write(shown(read_notebook(source)), work)
    environment_for_kernels()
    try:
        notebook = execute_notebook(
            _literal(work.absolute()),
            _literal(work.absolute()),
            parameters=values,
            kernel_name=KERNEL["name"],
            language=KERNEL["language"],
            cwd=str(source.parent),
            progress_bar=False,
            log_output=True,
            autosave_cell_every=30,
            coalesce_streams=True,  # how a kernel cuts its streams in pieces is a matter of timing
            record_timing=False,
        )
    except Exception as error:  # from a cell, or a kernel that died: the same to whoever reads the copy
        logging.exception("%s stopped", source)
        os.replace(work, failed)
        print(_failure(source, error, failed), flush=True)
        return failed
    clean(notebook, _slug(output))
    notebook.metadata[EXECUTED_WITH] = made_with
    # Whole or not at all, also where the output is on another file system than build/.
    write_atomically(output, lambda file: file.write(f"{nbformat.writes(notebook)}\n".encode()))
    work.unlink()
    return None


def executed_with(params: Path | None, overrides: Sequence[str], study: str = "") -> dict[str, Any]:
    """What an executed notebook says of itself, for the book: its parameters, its study, the library's commit.

    A parameter file outside of the project is not named: a path of one machine means nothing on another.
    """
    inside = params and params.resolve().is_relative_to(ROOT.resolve())
    return {
        "params": params.resolve().relative_to(ROOT.resolve()).as_posix() if params and inside else None,
        "overrides": list(overrides),
        "study": study,
        "code": short_commit(**code_version()),
    }


def execute_again(source: Path, study: str, output: Path) -> Path | None:
    """Run a chapter's notebook with the parameters of a study, of which it takes finished work, as a page of its own.

    Args:
        source: The notebook.
        study: The study's name, such as ``shown/cifar100``.
        output: Where the executed notebook goes.

    Returns:
        As :func:`execute`.

    Raises:
        ParameterError: before anything runs, also for a study that keeps nothing for figures.
    """
    from mnemonics_lib.edition.again import again
    from mnemonics_lib.edition.deck.book import chapters
    from mnemonics_lib.edition.studies.plan import plan, words
    from mnemonics_lib.edition.studies.study import study_file

    try:
        leading = plan(study_file(study)).leading
    except ConfigError as error:
        raise ParameterError(str(error)) from None
    overrides, chapter = words(leading.settings), chapters()[source.stem]
    return execute(source, leading.params, output, overrides, study, lambda it: again(it, leading.config, chapter))


def clean(notebook: NotebookNode, slug: str) -> None:
    """Keep in an executed notebook only what its source and its results determine; in place.

    Drops versions, progress bars and papermill's own times, and numbers the cells ``slug-0``, ``slug-1``, ... The
    default parameters are tagged ``remove-input``: the page shows the injected ones.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": notebook.metadata.language_info})
    notebook.metadata.language_info.pop("version", None)
    shows_injected = any("injected-parameters" in cell.metadata.tags for cell in notebook.cells)
    for index, cell in enumerate(notebook.cells):
        cell.id = f"{slug}-{index}"
        cell.metadata.pop("papermill")
        tags = cell.metadata.pop("tags")
        if "parameters" in tags and shows_injected:
            tags.append("remove-input")
        if tags:
            cell.metadata["tags"] = tags
        if "injected-parameters" in tags:
            cell.source = "\n".join(map(_folded, cell.source.split("\n")))
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = _without_bars(KERNEL_FILE.sub("<cell>", output.text))
                if output.name == "stderr":
                    output.text = MADE_AGAIN.sub("", WAITING.sub("", output.text))
                if PROJECT:  # paths as a reader knows them
                    output.text = output.text.replace(f"{PROJECT}/", "")
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]


def _folded(line: str) -> str:
    """A line ``name = value``, over several lines where it is longer than the book is wide."""
    name, _, value = line.partition(" = ")
    if len(line) <= WIDTH:
        return line
    return f"{name} = {pformat(ast.literal_eval(value), width=WIDTH - len(name) - 3, sort_dicts=False)}"


def _without_bars(text: str) -> str:
    """``text`` without tqdm's bars; a warning printed between two of them stays."""
    if not BAR.search(text) and "\r" not in text:
        return text
    rest = BAR.sub("", text).replace("\x1b[A", "").replace("\r", "")
    return "".join(line + "\n" for line in rest.split("\n") if line.strip())


def _literal(path: Path) -> str:
    """A path for papermill, which puts parameters in where it finds braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _under(folder: str, output: Path) -> Path:
    """``build/<folder>/<path of the output>``; of an output elsewhere its name, and a digest of where it is."""
    relative = Path(os.path.relpath(output))
    if ".." in relative.parts:
        relative = Path(sha256(str(output.absolute()).encode()).hexdigest()[:8], output.name)
    return Path("build", folder, relative)


def _slug(output: Path) -> str:
    """The run's name (profile, parameters, notebook) as a cell id can carry it: 64 characters, none of them special."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(output.with_suffix("").parts[-3:]))[-56:].strip("-")


def _failure(source: Path, error: Exception, failed: Path) -> str:
    """What went wrong, in a few lines."""
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        lines = [f"FAILED {source}: {error.ename}: {error.evalue}", f"  in cell [{error.exec_count}]:"]
        lines += [f"    {line}" for line in error.source.splitlines()[:6]]
    else:
        lines = [f"FAILED {source}: {type(error).__name__}: {error}"]
    return "\n".join([*lines, f"  its partial copy, with the traceback: {failed}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 for a run that failed, 2 for parameters that are refused."""
    parser = argparse.ArgumentParser(
        prog="python -m mnemonics_lib.edition.notebooks", description=(__doc__ or "").split("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check parameter files against notebooks; run nothing")
    checking.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    checking.add_argument("--params", nargs="+", type=Path, required=True, metavar="FILE")
    running = commands.add_parser("execute", help="run one notebook")
    running.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    given = running.add_mutually_exclusive_group()
    given.add_argument("--params", type=Path, metavar="FILE", help="leave out for a notebook without parameters")
    given.add_argument("--study", metavar="STUDY", help="take parameters, and finished work, from this study")
    running.add_argument("--output", type=Path, required=True, metavar="OUT")
    running.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="change parameters of the file"
    )
    options = parser.parse_args(arguments)
    if options.command == "execute" and options.study and options.set:
        parser.error("--set: has no place beside --study, which says all parameters")

    # Everything but the few lines above goes to standard error, which a batch run sends to a file.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if options.command == "check":
            check_all(options.notebooks, options.params)
            return 0
        start = time.monotonic()
        if options.study:
            failed = execute_again(options.notebook, options.study, options.output)
        else:
            failed = execute(options.notebook, options.params, options.output, options.set)
        if failed:
            return 1
        logging.info("%s in %.1f s", options.output, time.monotonic() - start)
        return 0
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
