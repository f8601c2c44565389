"""Run one notebook through papermill.

papermill alone leaves a failed notebook where the book would pick it up, and writes wall times and random cell ids into
its output. Here only a run that succeeded reaches its output path, and two runs that compute the same give the same
bytes.

All work happens under ``build/`` of the current directory: in ``build/work``, and after a failure ``build/failed``.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition.notebooks.check import check_parameters
from mnemonics_lib.edition.notebooks.clean import clean
from mnemonics_lib.edition.notebooks.kernels import KERNEL, environment_for_kernels
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.paths import ROOT

EXECUTED_WITH = "executed_with"
"""Where the metadata of an executed notebook have :func:`executed_with`."""


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
        ParameterError: before anything runs, also for an output that is the source, or a folder.
    """
    from papermill import execute_notebook  # here, because checking alone must stay quick

    if output.resolve() == source.resolve() or output.is_dir():
        what = "a folder" if output.is_dir() else "the notebook itself"
        raise ParameterError(f"output = {output}: is {what}: must be another file than {source}")
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


def _slug(output: Path) -> str:
    """The run's name (profile, parameters, notebook) as a cell id can carry it: 64 characters, none of them special."""
    return re.sub(r"[^A-Za-z0-9]+", "-", "-".join(output.with_suffix("").parts[-3:]))[-56:].strip("-")


def _literal(path: Path) -> str:
    """A path for papermill, which puts parameters in where it finds braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _under(folder: str, output: Path) -> Path:
    """``build/<folder>/<path of the output>``; of an output elsewhere its name, and a digest of where it is."""
    relative = Path(os.path.relpath(output))
    if ".." in relative.parts:
        relative = Path(sha256(str(output.absolute()).encode()).hexdigest()[:8], output.name)
    return Path("build", folder, relative)


def _failure(source: Path, error: Exception, failed: Path) -> str:
    """What went wrong, in a few lines."""
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        lines = [f"FAILED {source}: {error.ename}: {error.evalue}", f"  in cell [{error.exec_count}]:"]
        lines += [f"    {line}" for line in error.source.splitlines()[:6]]
    else:
        lines = [f"FAILED {source}: {type(error).__name__}: {error}"]
    return "\n".join([*lines, f"  its partial copy, with the traceback: {failed}"])
