"""The difference after phase 1, whose exemplars are mostly those of phase 0: before fine-tuning, and what that adds.

In phase 0 the objectives of Eq. 7 and Eq. 4b are one, so that the runs of two studies can be put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.by_phase import ENDS, FIRST
from mnemonics_lib.edition.studies.paired_runs import Number, PairedRuns, before_in_phase_1

NUMBERS: dict[str, Number] = {
    "before fine-tuning": before_in_phase_1,
    "fine-tuning adds": lambda record: record.accuracy[1] - before_in_phase_1(record),
    FIRST: ENDS[FIRST],
}
"""Of a run, by a reader's words (%, and points)."""

READINGS = f"{NAMES['icarl']} − {NAMES['lwf']}"
"""What a difference of two methods' differences is called: the two have networks and exemplars in common."""


@dataclass(frozen=True)
class AfterPhase1:
    """What training changes in phase 1 with one method, or in one method minus another.

    Attributes:
        method: its name, or ``READINGS``.
        differences: of ``NUMBERS``, trained minus herding's (points).
    """

    method: str
    differences: dict[str, Interval]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        cells = {words: marked(found) for words, found in self.differences.items()}
        return {"method": self.method, "seeds": f"{self.differences[FIRST].n}", **cells}


def after_phase_1(studies: Sequence[Sequence[PairedRuns]]) -> list[AfterPhase1]:
    """The differences of each method over the runs of some studies, and those of iCaRL minus LwF's.

    Args:
        studies: pairs of each, named after their method or as in ``LUCIR, 5 a class``; of the same methods, and
            without a seed in common.

    Raises:
        ValueError: where a method is not in each study, or a phase 1 has no fine-tuning.
    """
    of = [{pair.name.partition(",")[0]: pair for pair in study} for study in studies]
    if any(study.keys() != of[0].keys() for study in of):
        raise ValueError(f"methods = {[list(study) for study in of]}: must be the same in each study")
    differences = {
        words: {
            method: [study[method].differences(number) for study in of]  # seed -> points, study by study
            for method in of[0]
        }
        for words, number in NUMBERS.items()
    }
    found = [
        AfterPhase1(method, {words: interval(_values(each[method])) for words, each in differences.items()})
        for method in of[0]
    ]
    if {NAMES["lwf"], NAMES["icarl"]} <= of[0].keys():
        readings = {
            words: interval(
                [
                    value - lwf[seed]
                    for icarl, lwf in zip(each[NAMES["icarl"]], each[NAMES["lwf"]], strict=True)
                    for seed, value in icarl.items()
                    if seed in lwf
                ]
            )
            for words, each in differences.items()
        }
        found.append(AfterPhase1(READINGS, readings))
    return found


def _values(by_study: Sequence[dict[int, float]]) -> list[float]:
    return [value for of_study in by_study for value in of_study.values()]


def in_words(both: Sequence[AfterPhase1], second: Sequence[AfterPhase1]) -> str:
    """What there is after phase 1, by method, and what fine-tuning adds to it.

    Args:
        both: over the primary study and that of Eq. 4b.
        second: of the latter alone, whose seeds none of it had been seen on.
    """
    methods = [each for each in both if each.method != READINGS]
    readings = [each for each in both if each.method == READINGS]
    seen = [each.method for each in methods if each.differences[FIRST].verdict == "higher"]
    adds = [
        f"{each.method} ({each.differences['fine-tuning adds'].without_n})"
        for each in methods
        if each.differences["fine-tuning adds"].verdict == "higher"
    ]
    return (
        "**After phase 1, with 5 a class**, whose exemplars are mostly those of phase 0, which both objectives train "
        f"alike: over the primary study and that of Eq. 4b, n = {methods[0].differences[FIRST].n}, trained minus "
        f"herding's is {_each(methods)}. "
        + "".join(
            "LwF and iCaRL have networks and exemplars in common, and differ in how they classify; iCaRL's difference "
            f"minus LwF's is {each.differences[FIRST].without_n}. "
            for each in readings
        )
        + f"That fine-tuning on trained exemplars adds more is shown for {together(adds) or 'none'}. "
        + (
            "What is shown for "
            f"{together(seen)} may be too large, since it was seen in the primary study first; in that of Eq. 4b alone "
            f"it is {_each([each for each in second if each.method in seen])}."
            if seen
            else ""
        )
    ).strip()


def _each(found: Sequence[AfterPhase1]) -> str:
    return together([f"{each.differences[FIRST].without_n} ({each.method})" for each in found])
