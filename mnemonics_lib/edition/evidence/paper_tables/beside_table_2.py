"""The paper's Table 2 beside the study that has its rows at small size: LUCIR with six kinds of exemplars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.names import several
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paper.numbers import claimed_of_kind
from mnemonics_lib.edition.paper.signs import OPPOSITE, Kind, verdict
from mnemonics_lib.edition.studies.studied import Studied

ROWS: dict[str, Kind] = {
    "random-no-adjust": ("random", False),
    "random": ("random", True),
    "herding-no-adjust": ("herding", False),
    "herding": ("herding", True),
    "mnemonics-no-adjust": ("mnemonics", False),
    "mnemonics": ("mnemonics", True),
}
"""Arm of the study -> row of the paper's Table 2."""


@dataclass(frozen=True)
class Beside:
    """A difference in average accuracy of two arms, and of the two rows of the paper's table that they stand for.

    Attributes:
        arm: of the study.
        minus: its control.
        ours: the study's own comparison, in points.
        paper: on CIFAR-100 with N = 5, in points.
    """

    arm: str
    minus: str
    ours: Interval
    paper: float

    @property
    def sign(self) -> str:
        """Whether the signs are the same, as far as ours is shown to have one."""
        return verdict(self.paper, self.ours)

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "arm": self.arm,
            "minus": self.minus,
            "here (points)": str(self.ours),
            "in the paper": f"{self.paper:+.2f}",
            "sign": self.sign,
        }


def beside(study: Studied) -> list[Beside]:
    """Each comparison of average accuracy of the study, in its order, beside the paper's.

    Args:
        study: whose arms are those of ``ROWS``.

    Raises:
        KeyError: for an arm that the paper's table does not have.
    """
    return [
        Beside(arm, minus, each.difference, _in_paper(arm) - _in_paper(minus))
        for arm, minus, each in study.compared
        if each.field == "average_accuracy"
    ]


def _in_paper(arm: str) -> float:
    """Average accuracy of an arm's row, on CIFAR-100 with N = 5 (%)."""
    return float(claimed_of_kind(*ROWS[arm]).avg_acc)


def in_words(found: Sequence[Beside]) -> str:
    """In how many differences the paper's sign is shown, and in how many and which the opposite one: a sentence.

    Args:
        found: of a finished study, at least one.
    """
    shown = [each for each in found if each.ours.verdict in ("higher", "lower")]
    opposite = [f"{each.arm} − {each.minus}" for each in shown if each.sign == OPPOSITE]
    named = f" ({' · '.join(opposite)})" if opposite else ""
    others = "; in the others no difference is shown" if len(shown) < len(found) else ""
    return (
        f"Of {several(len(found), 'difference')} the paper's sign is shown in {len(shown) - len(opposite) or 'none'}, "
        f"the opposite one in {len(opposite) or 'none'}{named}{others}."
    )
