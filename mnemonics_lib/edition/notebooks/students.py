"""Student copies of the notebooks: ``python -m mnemonics_lib.edition.notebooks.students --out FOLDER``.

An exercise is a cell of text tagged ``exercise`` and ``minutes-15``, for how long it is thought to take, a cell of
functions tagged ``solution`` and one tagged ``check`` that fails until they are right. A copy has the same cells, but
of each function in a solution only its name, its arguments and what it is to return. Of a page of the book a copy has
the exercises alone. Copies are made, and never kept.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.edition.notebooks.kernels import KERNEL
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.paths import ROOT

YOUR_TURN = "raise NotImplementedError  # your turn"
"""What a copy has in the place of a function's lines."""

KINDS = ("exercise", "solution", "check")
"""The tags of the cells of an exercise, which follow one another."""

MINUTES = "minutes-"
"""How the tag begins that says how long an exercise may take."""


class Exercise(NamedTuple):
    """One exercise of a notebook: its text, its solution and its check, as source, and the minutes that it may take."""

    text: str
    solution: str
    check: str
    minutes: int

    @property
    def title(self) -> str:
        """Its heading, without the marks."""
        return self.text.partition("\n")[0].lstrip("# ")


def kind(cell: NotebookNode) -> str | None:
    """Which part of an exercise a cell is; None for all other cells."""
    found = [tag for tag in cell.metadata.get("tags", []) if tag in KINDS]
    return found[0] if found else None


def exercises(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a notebook, in order.

    Raises:
        ParameterError: where a cell of an exercise stands alone or has no minutes, naming it.
    """
    parts = [cell for cell in notebook.cells if kind(cell)]
    found = []
    for start in range(0, len(parts), len(KINDS)):
        cells = parts[start : start + len(KINDS)]
        names, first = [kind(cell) for cell in cells], cells[0].source.partition("\n")[0]
        if names != list(KINDS):
            raise ParameterError(
                f"exercise at {first!r}: has cells {', '.join(map(str, names))}: must be {', '.join(KINDS)}"
            )
        minutes = [tag.removeprefix(MINUTES) for tag in cells[0].metadata.tags if tag.startswith(MINUTES)]
        if len(minutes) != 1 or not minutes[0].isdecimal():
            raise ParameterError(f"exercise at {first!r}: must have one tag such as {MINUTES}15")
        text, solution, check = (cell.source for cell in cells)
        found.append(Exercise(text, solution, check, int(minutes[0])))
    return found


def sources(root: Path = ROOT) -> list[Path]:
    """The notebooks, and after them the pages of the book that have exercises.

    Args:
        root: the project's folder.
    """
    pages = [page for page in sorted((root / "book").glob("*.py")) if exercises(read_notebook(page))]
    return [*sorted((root / "notebooks").glob("0*.py")), *pages]


def exercises_alone(page: NotebookNode) -> NotebookNode:
    """The title of a page and the cells of its exercises."""
    made = nbformat.v4.new_notebook()
    title = next((cell.source.partition("\n")[0] for cell in page.cells if cell.source.startswith("# ")), "# Exercises")
    made.cells = [nbformat.v4.new_markdown_cell(title), *(cell for cell in page.cells if kind(cell))]
    return made


def blank(solution: str) -> str:
    """A solution without its answer: functions keep their first lines and docstrings, and raise.

    Args:
        solution: source, whose functions stand at its top level.

    Raises:
        ParameterError: for a solution without a function, which would be given away, and for one that is no Python.
    """
    lines = solution.splitlines()
    first_line = lines[0] if lines else ""
    try:
        functions = [node for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError as error:
        raise ParameterError(f"solution {first_line!r}: is no Python: line {error.lineno}: {error.msg}") from None
    if not functions:
        raise ParameterError(f"solution {first_line!r}: must hold a function whose lines can be left out")
    for node in reversed(functions):  # from the end, so that the lines before keep their numbers
        documented = ast.get_docstring(node) is not None
        first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
        indent = " " * node.body[0].col_offset
        start = node.body[0].end_lineno if documented else first.lineno - 1
        lines[start : node.end_lineno] = [indent + YOUR_TURN]
    return "\n".join(lines)


BOOK = "](../book/"
"""How a link of a chapter to a page of the book begins."""


def student_copy(notebook: NotebookNode, book: str) -> NotebookNode:
    """A copy of a notebook in which the exercises are to be solved; without outputs, for JupyterLab.

    Args:
        notebook: the chapter.
        book: the folder of the book's pages, as seen from the copy.

    Raises:
        ParameterError: as :func:`exercises` and :func:`blank`.
    """
    exercises(notebook)
    made = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    for cell in notebook.cells:
        tags = [tag for tag in cell.metadata.get("tags", []) if tag != "hide-input" or kind(cell) != "solution"]
        source = blank(cell.source) if kind(cell) == "solution" else cell.source.replace(BOOK, f"]({book}/")
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        made.cells.append(new(source, id=f"cell-{len(made.cells)}", metadata={"tags": tags} if tags else {}))
    return made


def copies(sources: Sequence[Path], folder: Path, book: str | None = None) -> Iterator[Path]:
    """Write the student copies of some notebooks; yields each file that it wrote.

    Args:
        sources: the notebooks, and pages of the book.
        folder: where the copies go; it is made.
        book: the folder of the book's pages, as seen from there; None for the project's.

    Raises:
        ParameterError: as :func:`student_copy`, and for what is no notebook.
    """
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"out = {folder}: is a file: must be a folder, or not there yet")
    folder.mkdir(parents=True, exist_ok=True)
    leads = book or Path(os.path.relpath(ROOT / "book", folder)).as_posix()
    for source in sources:
        path, notebook = folder / f"{source.stem}.ipynb", read_notebook(source)
        if source.parent.name == "book":
            notebook = exercises_alone(notebook)
        nbformat.write(student_copy(notebook, leads), path)
        yield path


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, or 2 for a notebook of which there can be no copy."""
    parser = argparse.ArgumentParser(
        prog="python -m mnemonics_lib.edition.notebooks.students", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: the notebooks and pages with exercises"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        for path in copies(options.notebooks or sources(), options.out):
            print(path)
    except ParameterError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
