"""The two questions that were asked in advance put together: the same methods and number of exemplars, other seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.evidence.regimes.class_groups import later_classes
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import marked, tally
from mnemonics_lib.edition.studies.paired_runs import Number, PairedRuns, difference_of_all

NUMBERS: dict[str, Number] = {
    "average accuracy": lambda record: record.average_accuracy,
    "forgetting": lambda record: record.forgetting,
}
"""Of a run, by a reader's words."""

LATER = "accuracy on later classes"
"""What a reader calls that on all classes that came after phase 0, which forgetting does not count."""


@dataclass(frozen=True)
class Both:
    """What training changes with one method, by the runs of both studies.

    Attributes:
        method: its name.
        differences: of ``NUMBERS`` and ``LATER``, in points; the intervals of all methods hold together at 95 %.
    """

    method: str
    differences: dict[str, Interval]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        cells = {f"{words} (points)": marked(found) for words, found in self.differences.items()}
        return {"method": self.method, "seeds": f"{next(iter(self.differences.values())).n}", **cells}


def both_questions(first: Sequence[PairedRuns], second: Sequence[PairedRuns]) -> list[Both]:
    """The differences of both studies as if they were of one; none before all of these runs are there.

    Args:
        first: of the one study, as of :func:`put_together`.
        second: of the other one.

    Raises:
        ValueError: as :func:`put_together`.
    """
    pairs = put_together(first, second)
    numbers = {**NUMBERS, LATER: later_classes}
    return [
        Both(
            method,
            {words: difference_of_all(of, number, 1 - 0.05 / len(pairs)) for words, number in numbers.items()},
        )
        for method, of in pairs.items()
    ]


def put_together(first: Sequence[PairedRuns], second: Sequence[PairedRuns]) -> dict[str, tuple[PairedRuns, PairedRuns]]:
    """Method -> its runs of both studies; none before all of these runs are there.

    Args:
        first: of the one study, named as in ``LUCIR, 5 a class``, all of one number of exemplars.
        second: of the other one, of the same methods and named after them alone.

    Raises:
        ValueError: where the methods are others, or a seed is in both: its two runs would have their classes, and may
            have their first network, in common.
    """
    others = {pair.name: pair for pair in second}
    pairs = {pair.name.partition(",")[0]: pair for pair in first}
    if pairs.keys() != others.keys():
        raise ValueError(f"methods = {[*pairs]} and {[*others]}: must be the same")
    if not all(pair.finished for pair in (*first, *second)):
        return {}
    for method, pair in pairs.items():
        if seeds := sorted(pair.first.keys() & others[method].first):
            raise ValueError(f"{method}: seeds {seeds} are in both studies: must be in one")
    return {method: (pair, others[method]) for method, pair in pairs.items()}


def in_words(found: Sequence[Both]) -> str:
    """For which methods a difference is shown when the two questions are put together; "" for none.

    Of those it says, too, what became of later classes.
    """
    if not found:
        return ""
    tallies = {
        words: tally({each.method: each.differences[words] for each in found}, "lower", "higher") for words in NUMBERS
    }
    clauses = [
        f"average accuracy is shown to be {tallies['average accuracy']}",
        f"forgetting, which is of phase 0's classes alone, is shown to be {tallies['forgetting']}",
    ]
    shown = (each for each in found for words in NUMBERS if each.differences[words].verdict != "no difference shown")
    if named := list(dict.fromkeys(each.method for each in shown)):
        of = {each.method: each.differences[LATER].without_n for each in found}
        later = together([f"{of[method]} ({method})" for method in named])
        clauses.append(f"on the classes that came later, trained minus herding's accuracy is {later}")
    return (
        "**The first two questions together**, 5 a class, the runs of both studies as if of one: "
        f"{'; '.join(clauses)}. They were put together after both had been seen, which makes this exploratory; the "
        f"{len(found)} intervals of each number hold together at 95 %."
    )
