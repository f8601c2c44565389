"""The two halves of a notebook, ``.py`` and ``.ipynb``: whether they agree, and the form in which they are committed.

``python -m mnemonics_lib.edition.notebooks.pairs NOTEBOOK.ipynb ...`` brings each to that form; ``make sync`` calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

try:
    import jupytext
    import nbformat
    from nbformat import NotebookNode
except ModuleNotFoundError as missing:  # they are not among what the library alone needs
    needs = f"{missing.name} is not installed: notebooks need the packages of the project's extra [book]"
    if __name__ == "__main__":
        sys.exit(needs)
    raise ModuleNotFoundError(needs, name=missing.name) from None

from mnemonics_lib.edition.notebooks.kernels import KERNEL
from mnemonics_lib.edition.parameters import ParameterError

KEPT = ("tags", "mystnb", "sources", "lines_to_next_cell")
"""Of a cell's metadata: what notebooks/jupytext.toml keeps, and the blank lines after it in the ``.py``."""


def read_notebook(path: Path) -> NotebookNode:
    """A notebook, in any form that jupytext knows.

    Raises:
        ParameterError: for a file that is not there, or is no notebook, such as one with the marks of a merge in it.
    """
    try:
        return jupytext.read(path)
    except FileNotFoundError:
        raise ParameterError(f"{path}: no such notebook, seen from {Path.cwd()}") from None
    except Exception as error:  # of many kinds, by form
        reason = str(error).partition("\n")[0]
        raise ParameterError(f"{path}: cannot be read as a notebook: {type(error).__name__}: {reason}") from None


def as_text_has_it(notebook: NotebookNode) -> NotebookNode:
    """A notebook after one way through the ``.py`` form.

    That form has no blank lines at the end of the last cell, and a cell of the ``.ipynb`` with a line ``# %%`` in it
    is two there. JupyterLab saves both halves from one notebook, so neither is a difference between them.
    """
    return jupytext.reads(jupytext.writes(notebook, fmt="py:percent"), fmt="py:percent")


def differences(source: Path) -> str | None:
    """Where a notebook's code differs from that of the ``.ipynb`` paired with it; None where it does not.

    A batch runs the ``.py``. Whoever edited the ``.ipynb`` alone would otherwise read results of other code.

    Raises:
        ParameterError: for a half that cannot be read.
    """
    paired = source.with_suffix(".ipynb")
    if not paired.exists():
        return None
    ours, theirs = (
        [cell.source for cell in as_text_has_it(read_notebook(path)).cells if cell.cell_type == "code"]
        for path in (source, paired)
    )
    if ours == theirs:
        return None
    cell = next((k for k, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    newer, older = sorted((source, paired), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    to = "ipynb --update" if older == source else "py:percent"
    return (
        f"{paired} and {source.name} differ from code cell {cell + 1} on, and a batch runs the .py: `make sync` gives "
        f"both the code of {newer.name}, the newer (for that of {older.name}: jupytext --to {to} {older})"
    )


def tidied(notebook: NotebookNode) -> NotebookNode:
    """A copy in the form that is committed: what its author wrote, and nothing of one reading of it.

    JupyterLab saves outputs and counts, the version of the kernel, which cells were folded, and the empty cell that it
    adds when the last one is run.
    """
    cells = [nbformat.from_dict(cell) for cell in notebook.cells]
    while cells and cells[-1].cell_type == "code" and not cells[-1].source.strip():
        cells.pop()
    for cell in cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT if cell.metadata.get(key)})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    paired = {key: notebook.metadata[key] for key in ("jupytext",) if key in notebook.metadata}
    return nbformat.from_dict({**notebook, "cells": cells, "metadata": {**paired, "kernelspec": KERNEL}})


def main(arguments: Sequence[str] | None = None) -> int:
    """Tidy each ``.ipynb`` in place; one that is tidy is not written, and keeps its date."""
    try:
        for path in map(Path, sys.argv[1:] if arguments is None else arguments):
            notebook = read_notebook(path)
            if tidied(notebook) != notebook:
                nbformat.write(tidied(notebook), path)
    except ParameterError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
