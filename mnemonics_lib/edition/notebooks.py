"""Check and run one notebook through papermill: ``python -m mnemonics_lib.edition.notebooks check | execute``.

papermill alone only warns about an unknown parameter, ignores types, leaves a failed notebook where the book would pick
it up, and writes wall times and random cell ids into its output. Added here: parameters are checked against
:class:`~mnemonics_lib.config.RunConfig` and the notebook's own ``parameters`` cell before anything runs, only a run
that succeeded reaches its output path, and two runs that compute the same give the same bytes.

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
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from mnemonics_lib.config import ConfigError, load_config
from mnemonics_lib.paths import ROOT

BAR = re.compile(r"[^\r\n]*?\[\d+:\d\d[^\]\r\n]*\]")
"""A tqdm bar, up to and with its ``[elapsed<remaining, rate]``."""

KERNEL_FILE = re.compile(r"\S*/ipykernel_\d+/\d+\.py")
"""The temporary file ipykernel names in warnings and tracebacks: it holds a process id, so no two runs agree on it."""


KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
"""The kernel every notebook runs in: the interpreter that runs papermill."""


class ParameterError(ValueError):
    """Parameters that a notebook cannot be run with. One line for each: file, field, value, what is allowed."""


def declared_parameters(source: Path) -> list[str]:
    """Names assigned in the cell tagged ``parameters`` of a notebook; none if there is no such cell."""
    for cell in jupytext.read(source).cells:
        if "parameters" in cell.metadata.get("tags", []):
            body = ast.parse(cell.source).body
            annotated = [s.target for s in body if isinstance(s, ast.AnnAssign)]
            plain = [target for s in body if isinstance(s, ast.Assign) for target in s.targets]
            return [target.id for target in (*annotated, *plain) if isinstance(target, ast.Name)]
    return []


def check(source: Path, params: Path | None, settings: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters a run of ``source`` is given: the configuration in ``params`` with every field resolved.

    Args:
        source: The notebook, in py:percent format.
        params: A parameter file, or None for a notebook that has no parameters.
        settings: Overrides, each ``key=value``.

    Raises:
        ParameterError: for whatever the configuration refuses, and for a field that the notebook does not declare.
    """
    if params is None:
        if settings:
            raise ParameterError(f"{source}: settings need a parameter file to change")
        return {}
    try:
        values = load_config(params, settings).model_dump()
    except ConfigError as error:
        raise ParameterError(str(error)) from None
    declared = declared_parameters(source)
    missing = [f"{key} = {value!r}" for key, value in values.items() if key not in declared]
    if missing:
        raise ParameterError(
            f"{params}: not in the parameters cell of {source}: {'; '.join(missing)}; "
            f"it declares {', '.join(declared) or 'nothing'}"
        )
    return values


def check_all(sources: Iterable[Path], params: Iterable[Path]) -> None:
    """Check every notebook against every parameter file.

    Raises:
        ParameterError: with one line for each problem, so that all of them can be mended at once.
    """
    sources = list(sources)
    problems: dict[str, None] = {}  # a dict keeps the order and drops what two notebooks would both say
    for file in params:
        for source in sources:
            try:
                check(source, file)
            except ParameterError as error:
                problems.update(dict.fromkeys(str(error).splitlines()))
    if problems:
        raise ParameterError("\n".join(problems))


def execute(source: Path, params: Path | None, output: Path, settings: Sequence[str] = ()) -> Path | None:
    """Run a notebook in its own folder, as JupyterLab does.

    Returns:
        None after a success, when ``output`` holds the executed notebook. Otherwise the path of the partial copy, with
        the traceback in it; then there is no ``output``.

    Raises:
        ParameterError: before anything runs.
    """
    from papermill import execute_notebook  # here, because checking alone must stay quick

    values = check(source, params, settings)
    work, failed = _under("work", output), _under("failed", output)
    for path in (work, failed, output):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # whatever happens next, no earlier run may be taken for this one
    notebook = jupytext.read(source)
    notebook.metadata.kernelspec = KERNEL
    nbformat.write(notebook, work)
    # The kernel starts in another folder: it must find this very library, installed or not.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    # Python warns of a line of `higher` when it compiles it, once per environment: nothing for a reader of the book.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::SyntaxWarning")
    try:
        notebook = execute_notebook(
            str(work.absolute()),
            str(work.absolute()),
            parameters=values,
            cwd=str(source.parent),
            progress_bar=False,
            log_output=True,
            autosave_cell_every=30,
        )
    except Exception as error:  # from a cell, or a kernel that died: the same to whoever reads the copy
        logging.exception("%s stopped", source)
        os.replace(work, failed)
        print(_failure(source, error, failed), flush=True)
        return failed
    clean(notebook, _slug(output))
    nbformat.write(notebook, work)
    os.replace(work, output)
    return None


def clean(notebook: NotebookNode, slug: str) -> None:
    """Keep in an executed notebook only what its source and its results determine; in place.

    Drops timings, versions and progress bars, joins what one cell printed, and numbers the cells ``slug-0``,
    ``slug-1``, ... The default parameters are tagged ``remove-input``: the page shows the injected ones.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": notebook.metadata.language_info})
    notebook.metadata.language_info.pop("version", None)
    for index, cell in enumerate(notebook.cells):
        cell.id = f"{slug}-{index}"
        tags = list(cell.metadata.get("tags", []))
        if "parameters" in tags and any("injected-parameters" in c.metadata.get("tags", []) for c in notebook.cells):
            tags.append("remove-input")
        for key in ("papermill", "execution", "tags"):
            cell.metadata.pop(key, None)
        if tags:
            cell.metadata["tags"] = tags
        if cell.cell_type == "code":
            cell.outputs = _join_streams(cell.outputs)


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One stdout and one stderr between two displays: how a kernel cuts its streams in pieces is a matter of timing."""
    joined: list[NotebookNode] = []
    for is_stream, group in groupby(outputs, key=lambda output: output.output_type == "stream"):
        pieces = list(group)
        if not is_stream:
            joined.extend(pieces)
            continue
        for name in ("stdout", "stderr"):
            text = KERNEL_FILE.sub("<cell>", "".join(piece.text for piece in pieces if piece.name == name))
            if name == "stderr":
                text = _without_bars(text)
            if text:
                joined.append(nbformat.v4.new_output("stream", name=name, text=text))
    return joined


def _without_bars(text: str) -> str:
    """``text`` without tqdm's bars; a warning printed between two of them stays."""
    if not BAR.search(text) and "\r" not in text:
        return text
    rest = BAR.sub("", text).replace("\x1b[A", "").replace("\r", "")
    return "".join(line + "\n" for line in rest.split("\n") if line.strip())


def _under(folder: str, output: Path) -> Path:
    """``build/<folder>/<path of the output>``."""
    relative = Path(os.path.relpath(output))
    return Path("build", folder, output.name if ".." in relative.parts else relative)


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
    running.add_argument("--params", type=Path, metavar="FILE", help="leave out for a notebook without parameters")
    running.add_argument("--output", type=Path, required=True, metavar="OUT")
    running.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="change parameters of the file")
    options = parser.parse_args(arguments)

    # Everything but the few lines above goes to standard error, which a batch run sends to a file.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if options.command == "check":
            check_all(options.notebooks, options.params)
            return 0
        start = time.monotonic()
        if execute(options.notebook, options.params, options.output, options.set):
            return 1
        logging.info("%s in %.1f s", options.output, time.monotonic() - start)
        return 0
    except ParameterError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
