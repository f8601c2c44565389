"""What a person sees of a run as it goes: a line of numbers for each phase."""

from __future__ import annotations

import sys
from typing import NamedTuple

from tqdm import tqdm

from mnemonics_lib.durable.phase_rows import Row


class Column(NamedTuple):
    """One number of a line: its title, its name in a row, and how it is written."""

    title: str
    field: str
    form: str


COLUMNS = (
    Column("phase", "phase", "d"),
    Column("classes", "classes_seen", "d"),
    Column("A_i (%)", "accuracy", ".2f"),
    Column("A_i^Z (%)", "first_classes_accuracy", ".2f"),
    Column("train (%)", "train_accuracy", ".2f"),
    Column("before fine-tuning (%)", "accuracy_before_finetuning", ".2f"),
    Column("displacement (std)", "displacement_new", ".3g"),
    Column("seconds", "seconds", ".1f"),
)
"""A_i is the accuracy on all classes seen, A_i^Z that on the classes of phase 0; the displacement is that of the new
exemplars."""


class PhaseLines:
    """Prints the row of each phase it is called with to standard output, under one header, and beside progress bars."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, row: Row) -> None:
        """Print a row; a dash stands for what was not measured."""
        if not self._begun:
            self._say([column.title for column in COLUMNS])
            self._begun = True
        values = [(row.get(column.field), column.form) for column in COLUMNS]
        self._say(["-" if value is None else format(value, form) for value, form in values])

    @staticmethod
    def _say(cells: list[str]) -> None:
        tqdm.write("  ".join(cell.rjust(len(column.title)) for cell, column in zip(cells, COLUMNS, strict=True)))
        sys.stdout.flush()  # also where it is no terminal: whoever waits for hours reads a log
