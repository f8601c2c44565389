"""What training did to the exemplars of phase 0, and whether the accuracy after phase 1 goes with it.

Phase 1 has mostly exemplars of phase 0. There the objectives of Eq. 7 and Eq. 4b are one, so that runs of two studies
can be put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import correlation

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.meta_loss.fall_and_gain import (
    Slices,
    in_brackets,
    mean_correlation,
    shown_beyond,
    slices_of,
    within,
)
from mnemonics_lib.edition.evidence.meta_loss.first_exemplars import first_training
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import IN_A_HEADING, JUDGES, fall_of_phase_0
from mnemonics_lib.edition.evidence.pairs.trained_once import once
from mnemonics_lib.edition.names import span, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked, tally
from mnemonics_lib.edition.studies.by_phase import ENDS, FIRST
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def _rise(record: Record) -> float:
    before, after = first_training(record).own
    return after - before


RISES = "own loss rises"
CHANGES: dict[str, Callable[[Record], float]] = {
    **{judge: partial(fall_of_phase_0, judge=judge) for judge in JUDGES},
    RISES: _rise,
}
"""What training did to the exemplars of phase 0 (nat): how far their meta loss fell, by judge, and their own rose."""

MINIMISED, DEPLOYED = JUDGES
"""The judge of the loss that is minimised, and that with running statistics."""


@dataclass(frozen=True)
class FirstFall:
    """The trainings of phase 0 with one method and one number of exemplars.

    Attributes:
        method: its name.
        budget: such as ``5 a class``.
        changes: of ``CHANGES``, seed -> number.
        gains: seed -> accuracy after phase 1, trained minus herding's (points).
        slices: seed -> the slice of classes that its runs have.
    """

    method: str
    budget: str
    changes: dict[str, dict[int, float]]
    gains: dict[int, float]
    slices: Slices

    def points(self, change: str) -> dict[int, tuple[float, float]]:
        """Seed -> the change and the gain."""
        return {seed: (self.changes[change][seed], gain) for seed, gain in self.gains.items()}

    def fall(self, judge: str) -> Interval:
        """How far the meta loss fell by one of ``JUDGES``, mean over seeds (nat)."""
        return interval([*self.changes[judge].values()])

    @property
    def gain(self) -> Interval:
        """Mean over seeds."""
        return interval([*self.gains.values()])

    def correlation(self, change: str) -> float:
        """Of the change and the gain, over seeds."""
        return correlation(*zip(*self.points(change).values(), strict=True))

    def within_slices(self, change: str) -> float:
        """The same of what is left of both when their means over the seeds of a slice are taken away."""
        return correlation(*zip(*within(self.points(change), self.slices).values(), strict=True))

    @property
    def free(self) -> int:
        """As many seeds without slices would leave a correlation as free as these do within theirs."""
        return len(self.gains) - len({self.slices[seed] for seed in self.gains}) + 1

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "exemplars (seeds)": f"{self.budget} ({len(self.gains)})",
            "method": self.method,
            **{f"loss falls, {short}": marked(self.fall(judge), 3) for judge, short in IN_A_HEADING.items()},
            "gain, phase 1 (points)": marked(self.gain),
            **{
                f"r, {IN_A_HEADING.get(what, what)}": f"{self.correlation(what):+.2f}; {self.within_slices(what):+.2f}"
                for what in CHANGES
            },
        }


def first_falls(*studies: Sequence[PairedRuns]) -> list[FirstFall]:
    """The trainings of phase 0 by method, over the runs of some studies.

    Args:
        studies: pairs of each; the first ones are named as in ``LUCIR, 5 a class``, and others of the same number of
            exemplars, after their method or likewise, are put to those of their method.

    Raises:
        ValueError: where a method has a seed in two studies, or a record does not say what became of its exemplars.
    """
    found = []
    for first in studies[0]:
        method, _, budget = first.name.partition(", ")
        pairs = [first, *(pair for study in studies[1:] for pair in study if pair.name.partition(", ")[0] == method)]
        runs = [(seed, record) for pair in pairs for seed, record in pair.first.items()]
        if len(dict(runs)) < len(runs):
            raise ValueError(f"{method}: its studies must have no seed in common")
        gains = {seed: gain for pair in pairs for seed, gain in pair.differences(ENDS[FIRST]).items()}
        changes = {what: {seed: number(record) for seed, record in runs} for what, number in CHANGES.items()}
        found.append(FirstFall(method, budget, changes, gains, slices_of(runs)))
    return found


def as_deployed_in_words(found: Sequence[FirstFall]) -> str:
    """Whether the loss falls by running statistics, too, and what there is after phase 1, by number of exemplars.

    Args:
        found: of :func:`first_falls`, of one or more numbers of exemplars.
    """
    parts = []
    for budget, of in _by_budget(found).items():
        falls = {each.method: each.fall(DEPLOYED) for each in _trained_once(of)}
        gains = {each.method: each.gain for each in of}
        shown = [method for method, fall in falls.items() if fall.verdict == "higher"]
        parts.append(
            f"with {budget}, n = {min(gain.n for gain in gains.values())}, by "
            f"{span([fall.mean for fall in falls.values()], '{:+.3f}')} nat, which is shown for "
            f"{' · '.join(shown) or 'none'}, and the accuracy after phase 1 is {tally(gains, 'worse', 'better')}"
        )
    return (
        "**By the running statistics of batch normalisation**, with which a network is used, the loss of phase 0 fell "
        f"{'; '.join(parts)} (95 % each, exploratory)."
    )


def correlations(
    found: Sequence[FirstFall], change: str, within_slices: bool = False
) -> dict[str, tuple[float, float, float]]:
    """Number of exemplars -> the correlation of a change and the gain over seeds, mean over methods, and its interval.

    Without iCaRL's where LwF's are there, as their trainings are the same.

    Args:
        found: of :func:`first_falls`.
        change: of ``CHANGES``.
        within_slices: whether the correlations are those within slices of classes.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.evidence.meta_loss.fall_and_gain.mean_correlation`.
    """
    return {
        budget: mean_correlation(
            [each.points(change) for each in _trained_once(of)],
            {seed: part for each in of for seed, part in each.slices.items()} if within_slices else None,
        )
        for budget, of in _by_budget(found).items()
    }


def correlations_in_words(found: Sequence[FirstFall]) -> str:
    """Those of all ``CHANGES``, and which single ones of the table are shown."""
    said = [
        f"for {words} {mean_in_words(found, change)}"
        for change, words in {
            MINIMISED: "the fall of the loss that is minimised",
            DEPLOYED: "its fall with running statistics",
            RISES: "the rise of the exemplars' own loss",
        }.items()
    ]
    single = {f"{each.method}, {each.budget}, {change}": (each, change) for each in found for change in CHANGES}
    shown, shown_within = [], []
    for name, (of, change) in single.items():
        if abs(of.correlation(change)) > shown_beyond(len(of.gains), len(single)):
            shown.append(name)
        if abs(of.within_slices(change)) > shown_beyond(of.free, len(single)):
            shown_within.append(name)
    return (
        "Seed by seed, the correlation with the gain after phase 1 is, on average over methods, "
        f"{'; '.join(said)} (95 % each, each seed counted once). Of the {len(single)} single ones, judged together, "
        f"those that are shown: {'; '.join(shown) or 'none'}; within slices: {'; '.join(shown_within) or 'none'}."
    )


def mean_in_words(found: Sequence[FirstFall], change: str) -> str:
    """The mean correlations of one of ``CHANGES``, by number of exemplars, with their intervals, also within slices."""
    raw, left = correlations(found, change), correlations(found, change, within_slices=True)
    return together(
        [f"{in_brackets(raw[budget])}, within slices {in_brackets(left[budget])}, with {budget}" for budget in raw]
    )


def by_method_in_words(found: Sequence[FirstFall], change: str) -> str:
    """The methods' own correlations within slices, by number of exemplars, and whether they have one sign.

    Args:
        found: of :func:`first_falls`.
        change: of ``CHANGES``.
    """
    said, split = [], []
    for budget, of in _by_budget(found).items():
        r = {each.method: each.within_slices(change) for each in _trained_once(of)}
        said.append(f"{', '.join(f'{method} {value:+.2f}' for method, value in r.items())} with {budget}")
        if min(r.values()) < 0 < max(r.values()):
            split.append(budget)
    disagree = "Methods disagree in sign, so that nothing general can be read from their mean"
    if split and len(split) < len(said):
        disagree += f" with {together(split)}"
    return f"By method, within slices: {together(said)}." + (f" {disagree}." if split else "")


def _by_budget(found: Sequence[FirstFall]) -> dict[str, list[FirstFall]]:
    return {
        budget: [each for each in found if each.budget == budget]
        for budget in dict.fromkeys(each.budget for each in found)
    }


def _trained_once(found: Sequence[FirstFall]) -> list[FirstFall]:
    return once(found, lambda each: (each.method, each.budget))
