"""Two arms after each phase: where their accuracies differ, and how the difference changes from phase to phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.slopes import slope
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.paired_runs import Number, PairedRuns, difference_of_all, final_accuracy


def accuracies_after(pair: PairedRuns) -> dict[float, dict[int, float]]:
    """Phase from 1 on -> seed -> accuracy after it, the first arm's minus the second's (points)."""
    phases = min(record.phases for record in pair.first.values())
    return {
        phase: pair.differences(lambda record, at=phase: record.accuracy[at])  # type: ignore[misc]
        for phase in range(1, phases + 1)
    }


def row_by_phase(pair: PairedRuns) -> dict[str, str]:
    """Cells of a table: the difference after each phase, and the slope of a straight line through them."""
    found = accuracies_after(pair)
    after = {f"phase {phase}": marked(interval(list(each.values()))) for phase, each in found.items()}
    return {**after, "points a phase": marked(slope(found))}


@dataclass(frozen=True)
class Again:
    """A comparison of one method in one study of several.

    Attributes:
        method: its name.
        study: what a reader calls the study.
        seeds: how many pairs of runs.
        differences: of ``ENDS``, in points.
    """

    method: str
    study: str
    seeds: int
    differences: dict[str, Interval]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        cells = {words: marked(found) for words, found in self.differences.items()}
        return {"method": self.method, "study": self.study, "seeds": f"{self.seeds}", **cells}


HERE, TOGETHER = "the primary study", "the first two together"
"""What the first study is called, and it and the next one put together."""


def again_in_others(pairs: Sequence[PairedRuns], others: Mapping[str, Sequence[PairedRuns]]) -> list[Again]:
    """The difference after phase 1, after the last phase and in the average, of a method in several studies.

    Args:
        pairs: of the first study, each named after its method and more, as in ``LUCIR, 5 a class``.
        others: name of a study -> its pairs, named after their methods alone; the first of them has runs that the
            first study has not, and is put together with it.

    Returns:
        Of the methods that all studies have.
    """
    rows = []
    for pair in pairs:
        method = pair.name.partition(",")[0]
        again = {name: [other for other in of if other.name == method] for name, of in others.items()}
        if not all(again.values()):
            continue
        (other, *_), *_ = again.values()
        for study, of in {HERE: [pair], **again, TOGETHER: [pair, other]}.items():
            found = {words: difference_of_all(of, number) for words, number in ENDS.items()}
            rows.append(Again(method, study, sum(len(each.first) for each in of), found))
    return rows


FIRST, LAST, AVERAGE = "after phase 1", "after the last phase", "average accuracy"
ENDS: dict[str, Number] = {
    FIRST: lambda record: record.accuracy[1],
    LAST: final_accuracy,
    AVERAGE: lambda record: record.average_accuracy,
}
"""Numbers of a run by a reader's words."""
