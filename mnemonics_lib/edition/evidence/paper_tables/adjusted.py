"""What the adjustment of old exemplars, Eq. 10, does: to its own loss, to the accuracy, and by whom it is judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.paths import RECORDS

FILE = RECORDS / "adjustment.json"
"""Half of the old exemplars of finished runs, adjusted by several judges: what networks trained on it have learned."""

JUDGES = {
    "half": "the other half (Eq. 10)",
    "as_many_real": "as many real images",
    "real": "400 real images a class",
}
"""Who judges -> a reader's words."""

FIELDS = ("loss_on_half", "loss_on_test", "accuracy_on_test")
"""Fields of a row, each a pair, before and after; :class:`Judged` has their differences."""


@dataclass(frozen=True)
class Judged:
    """What one judge's adjustment changed in networks that are trained on the adjusted half.

    Attributes:
        method: its name.
        judge: one of ``JUDGES``.
        loss_on_half: after minus before, on the other half (nat).
        loss_on_test: likewise, on the test images of the old classes.
        accuracy_on_test: likewise (points).
    """

    method: str
    judge: str
    loss_on_half: Interval
    loss_on_test: Interval
    accuracy_on_test: Interval

    @property
    def row(self) -> dict[str, str]:
        """A row of a table."""
        return {
            "method": self.method,
            "judge": JUDGES[self.judge],
            "loss on the other half": f"{self.loss_on_half:.3f}",
            "loss on test images": f"{self.loss_on_test:.3f}",
            "accuracy on them (points)": str(self.accuracy_on_test),
        }


def judged(file: Path = FILE) -> list[Judged]:
    """A row for each method and judge, in the order of ``NAMES`` and ``JUDGES``."""
    there = {(row["method"], row["judge"]) for row in _rows(file)}
    return [
        Judged(
            name,
            judge,
            *(interval([*_changes(method, judge, field, file).values()]) for field in FIELDS),
        )
        for method, name in NAMES.items()
        for judge in JUDGES
        if (method, judge) in there
    ]


def by_judge(method: str, judge: str, other: str, field: str = "loss_on_test", file: Path = FILE) -> Interval:
    """What one judge's adjustment changes, minus what another's does, of the same runs.

    Args:
        method: one of ``NAMES``.
        judge: one of ``JUDGES``.
        other: another one.
        field: of a row.
        file: the measurement.
    """
    return paired(_changes(method, judge, field, file), _changes(method, other, field, file))


CHANGES = {
    "lower": "is shown to fall",
    "higher": "is shown to rise",
    "no difference shown": "is not shown to change",
}
"""The verdict on a change -> its words."""


def in_words(file: Path = FILE) -> list[str]:
    """Sentences for each method: what an adjustment gains on its judge, on test images, and with a larger judge.

    Methods with fewer than three runs are left out.
    """
    found = {(each.method, each.judge): each for each in judged(file)}
    said = []
    for method, name in NAMES.items():
        ours = found.get((name, "half"))
        if ours and ours.loss_on_half.n >= 3 and (name, "real") in found:
            theirs, larger = found[name, "real"], by_judge(method, "real", "half", file=file)
            said.append(
                f"{name}: judged by the other half, the loss on that half {CHANGES[ours.loss_on_half.verdict]} "
                f"({ours.loss_on_half.mean:+.3f}); that on test images {CHANGES[ours.loss_on_test.verdict]} "
                f"({ours.loss_on_test.mean:+.3f}). With 400 real images a class for a judge, which the method has not, "
                f"the change on test images is {theirs.loss_on_test.mean:+.3f}, and differs from that by {larger:.3f}."
            )
    return said


def panel_of_adjustment(records: Sequence[Record]) -> tuple[float, float]:
    """The loss on the other half before and after an adjustment, mean over phases and runs (nat)."""
    panels = [
        row.adjustment.panel for record in records for row in record.results if row.adjustment and row.adjustment.panel
    ]
    return fmean(panel.before for panel in panels), fmean(panel.after for panel in panels)


def _changes(method: str, judge: str, field: str, file: Path) -> dict[int, float]:
    """Seed -> after minus before."""
    rows = [row for row in _rows(file) if (row["method"], row["judge"]) == (method, judge)]
    return {row["seed"]: row[field][1] - row[field][0] for row in rows}


@cache
def _rows(file: Path) -> list[dict]:
    return json.loads(file.read_text(encoding="utf-8"))["rows"]
