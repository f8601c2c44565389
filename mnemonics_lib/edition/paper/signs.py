"""The paper's differences beside ours on other data: too far apart for their size, so that signs are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mnemonics_lib.edition import report
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paper.numbers import claimed_of_kind

Kind = tuple[Literal["random", "herding", "mnemonics"], bool]
"""A row of the paper's Table 2: the exemplars, and whether old ones are adjusted."""

NOTHING = "–"
OPPOSITE = "**opposite sign**"
"""What :func:`verdict` says where the whole interval lies on the other side of zero than the paper's number."""


@dataclass(frozen=True)
class Difference:
    """A difference of two arms, and of the two cells of the paper's Table 2 that are nearest to them.

    Attributes:
        name: for a reader.
        arm: ours.
        minus: the arm that is subtracted.
        paper: the two rows of the paper's Table 2; None where it has nothing like them.
    """

    name: str
    arm: str
    minus: str
    paper: tuple[Kind, Kind] | None = None

    def in_paper(self, field: str) -> float | None:
        """The paper's, on CIFAR-100 with N = 5, in points; None where it has none.

        Args:
            field: ``avg_acc`` or ``forgetting``.
        """
        if self.paper is None:
            return None
        first, second = (claimed_of_kind(exemplars, adjusted)[field] for exemplars, adjusted in self.paper)
        return float(first - second)


RANDOM: Kind = ("random", False)
HERDING: Kind = ("herding", False)
TRAINED: Kind = ("mnemonics", False)

ON_DIGITS = [
    Difference("trained minus herding", "mnemonics", "herding", (TRAINED, HERDING)),
    Difference("trained minus random", "mnemonics", "random", (TRAINED, RANDOM)),
    Difference("herding minus random", "herding", "random", (HERDING, RANDOM)),
    Difference("trained from herding minus herding", "mnemonics-from-herding", "herding"),
    Difference("trained by Eq. 4b minus by Eq. 7", "mnemonics-eq4b", "mnemonics"),
    Difference("the paper's numbers minus random", "mnemonics-paper", "random", (TRAINED, RANDOM)),
    Difference("adjusted minus not, trained", "mnemonics-adjust", "mnemonics", (("mnemonics", True), TRAINED)),
    Difference("adjusted minus not, herding", "herding-adjust", "herding", (("herding", True), HERDING)),
]
"""Those of the studies on digits, by the names of their arms."""

FIELDS = {"average_accuracy": "avg_acc", "forgetting": "forgetting"}
"""A number of a record -> the column of the paper's tables."""


def verdict(paper: float | None, ours: Interval) -> str:
    """Whether our interval lies on the side of zero that the paper's number is on; else what the interval says alone.

    Args:
        paper: None where the paper has no such difference; one of 0 has no side.
        ours: an interval that holds zero, or is of too few seeds, has no side.
    """
    if not paper or ours.verdict in ("too few seeds", "no difference shown"):
        return ours.verdict
    return "same sign" if (ours.mean > 0) == (paper > 0) else OPPOSITE


def signs_table(
    digits: Mapping[int, report.Evidence], field: str, studies: Mapping[int, str] | None = None
) -> list[dict[str, str]]:
    """A row for each of :data:`ON_DIGITS`: the paper's difference; for each N ours, and the verdict.

    Args:
        digits: N -> the records on digits.
        field: one of :data:`FIELDS`.
        studies: N -> the study of these records, as :func:`mnemonics_lib.edition.report.differences` takes it.
    """
    rows = []
    for difference in ON_DIGITS:
        paper = difference.in_paper(FIELDS[field])
        row = {"difference": difference.name, "paper says": NOTHING if paper is None else f"{paper:+.2f}"}
        for n, found in digits.items():
            ours, said = "not run", NOTHING
            if report.comparable(found, difference.arm, difference.minus):
                study = (studies or {}).get(n, "")
                here = report.difference(found, difference.arm, difference.minus, field, study)
                ours, said = str(here), verdict(paper, here)
            row |= {f"we got, N = {n}": ours, f"verdict, N = {n}": said}
        rows.append(row)
    return rows
