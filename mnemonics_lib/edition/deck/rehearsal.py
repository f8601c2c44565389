"""The lecture run from top to bottom, and what each slide's cells took: ``book/records/lecture.json``.

``python -m mnemonics_lib.edition.deck.rehearsal build/deck/lecture.ipynb`` writes it; ``make rehearse`` calls that.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition.deck.plan import LectureError
from mnemonics_lib.edition.notebooks.kernels import environment_for_kernels
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import RECORDS, RUNS

RECORD = RECORDS / "lecture.json"


def run(notebook: NotebookNode, folder: Path) -> dict[str, float]:
    """Run a lecture's notebook in place, cell by cell, in a kernel of its own.

    Args:
        notebook: made by :func:`~mnemonics_lib.edition.deck.lecture.to_run`.
        folder: in which it runs.

    Returns:
        Wall seconds by slide, in order: of the cells that it shows and of those that are run before them.

    Raises:
        LectureError: for the first cell that fails, with its last line, and for a notebook that is no lecture's.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    slides = _slides(notebook)
    seconds: dict[str, float] = {}
    client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            began = time.perf_counter()
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                first, why = cell.source.partition("\n")[0], f"{error.ename}: {error.evalue}"
                raise LectureError(f"slide {slides[index]}: {first!r}: {why}") from None
            seconds[slides[index]] = seconds.get(slides[index], 0.0) + time.perf_counter() - began
    return seconds


def _slides(notebook: NotebookNode) -> list[str]:
    """The slide to which each cell counts: cells that are not shown count to the slide that comes next."""
    found: list[str] = []
    name = ""
    for cell in reversed(notebook.cells):
        if "slideshow" not in cell.metadata:
            raise LectureError("a cell belongs to no slide: must be the notebook that `make deck` writes")
        if cell.metadata["slideshow"]["slide_type"] == "notes":  # the last cell of a slide
            name = str(cell.metadata["lecture"]["slide"])
        found.append(name)
    return found[::-1]


def rehearse(lecture: Path, record: Path = RECORD) -> Path:
    """Run a lecture's file, and write the record of what its slides took. Returns the record's path.

    Beside the seconds stand the machine's ``cores`` and ``processor``, and ``runs_made``: how many runs the lecture had
    to make, because they were not in ``RUNS`` to be read.

    Raises:
        LectureError: as :func:`run`; the record is left as it was.
        ParameterError: for what is no notebook.
    """
    from mnemonics_lib.device.processor import processor_name

    environment_for_kernels()
    before = _finished_runs()
    seconds = run(read_notebook(lecture), lecture.parent)
    found = {
        "cores": os.cpu_count(),
        "processor": processor_name(),
        "runs_made": len(_finished_runs() - before),
        "seconds": {slide: round(value, 1) for slide, value in seconds.items()},
    }
    text = json.dumps(found, indent=1) + "\n"
    write_atomically(record, lambda file: file.write(text.encode()))
    return record


def _finished_runs() -> set[Path]:
    """The records of runs that were made on this machine."""
    return set(RUNS.rglob("record.json"))


def measured(record: Path = RECORD) -> dict[str, Any]:
    """The record, as :func:`rehearse` writes it; no ``seconds`` where nothing was measured yet.

    One from before the two were recorded has neither ``processor`` nor ``runs_made``.
    """
    found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {"seconds": {}}
    return found


def told(found: Mapping[str, Any]) -> str:
    """Where a rehearsal was measured, as the end of a sentence, and no more than its record says.

    Args:
        found: a record with seconds, as :func:`measured` reads it.
    """
    where = f"on a machine with {found['cores']} cores"
    if "processor" in found:
        where += f" ({found['processor']})"
    made = found.get("runs_made")
    if made is None:
        return where
    if not made:
        return f"{where}, where the chapters' runs were there before"
    return f"{where}, with {made} {'run' if made == 1 else 'runs'} that had to be made on the way"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: one path. Returns the exit status: 0, or 2 where a cell failed."""
    parser = argparse.ArgumentParser(
        prog="python -m mnemonics_lib.edition.deck.rehearsal", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("lecture", type=Path, metavar="LECTURE.ipynb", help="what make deck writes")
    lecture = parser.parse_args(arguments).lecture
    try:
        print(rehearse(lecture))
    except ReportedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
