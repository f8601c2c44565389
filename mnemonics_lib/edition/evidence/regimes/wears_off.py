"""Whether a gain wears off faster, over the phases of a run, the longer networks are trained, and what hangs on what.

A reader of the records found it, and not a study that asked for it: so a verdict is tried in several ways, and where
one of them has another one, it is a hint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mnemonics_lib.durable.records import same_outcome
from mnemonics_lib.edition.evidence.regimes.over_epochs import epochs_of
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.slopes import SEEMS, Trend, ends, over_doublings, slopes, trend
from mnemonics_lib.edition.studies.by_phase import accuracies_after
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied

WEARS_OFF = {
    "lower": "to wear off faster",
    "higher": "to wear off more slowly",
    "no difference shown": "is not shown to wear off faster or more slowly",
    "too few seeds": "has too few seeds to be followed",
}
"""The verdict on how the slope over phases changes -> its words; of a change, what is shown, or seems so."""


@dataclass(frozen=True)
class WearsOff(Trend):
    """How the slope of a gain over the phases of a run changes for twice the epochs, in several ways.

    Attributes:
        looked_at: how many slopes over the epochs are looked at beside each other, this one among them.
        held_together: as found, with an interval that holds together with those of the others at 95 %.
        last_phase: the last phase, and how the gain after it changes for twice the epochs.
    """

    looked_at: int
    held_together: Interval
    last_phase: tuple[int, Interval]

    @property
    def a_hint(self) -> bool:
        """Whether a verdict there is becomes another one in one of these ways, or held together with the others."""
        alone = self.found.verdict in SEEMS and self.held_together.verdict != self.found.verdict
        return super().a_hint or alone


def by_epochs(pairs: Iterable[PairedRuns]) -> dict[int, dict[float, dict[int, float]]]:
    """Epochs -> phase from 1 on -> seed -> what is gained after it, of pairs that are named as in ``30 epochs``."""
    return {int(pair.name.split()[0]): accuracies_after(pair) for pair in pairs}


def wears_off(pairs: Iterable[PairedRuns]) -> WearsOff:
    """How the slope over phases changes with the epochs.

    Args:
        pairs: named after their epochs, of at least three numbers of them, all of as many phases.
    """
    after = by_epochs(pairs)
    changes = {epochs: slopes(of_phases) for epochs, of_phases in after.items()}
    (phases,) = {tuple(of_phases) for of_phases in after.values()}
    looked_at = len(phases) + 2  # after each phase, of the average, and this
    return WearsOff(
        **vars(trend(changes)),
        looked_at=looked_at,
        held_together=over_doublings(changes, 1 - 0.05 / looked_at),
        last_phase=(
            int(phases[-1]),
            over_doublings({epochs: of_phases[phases[-1]] for epochs, of_phases in after.items()}),
        ),
    )


def in_words(found: WearsOff) -> str:
    """The slope's change with its interval, and what speaks against making much of it.

    Args:
        found: of a finished study.
    """
    (last, of_last), shown = found.last_phase, found.found.verdict in SEEMS
    is_so = ("seems " if found.a_hint else "is shown ") if shown else ""
    said = (
        f"The gain {is_so}{WEARS_OFF[found.found.verdict]} over the phases of a run the longer networks are trained: "
        f"*points a phase* changes by {found.found:.3f}, for twice the epochs, and what is gained after phase {last} "
        f"by {of_last.without_n} points. This was chosen after the fact, of {found.looked_at} slopes over the epochs "
        "that were looked at (of the average, after each phase, and this)"
    )
    if not shown:
        return f"{said}."
    said += f"; with all of them held together at 95 % its interval is {ends(found.held_together, 3)}."
    if found.hangs_on:
        without = [f"{found.without[epochs].bare(3)} without {epochs} epochs" for epochs in found.hangs_on]
        said += f" It hangs on single numbers of epochs: {together(without)}."
    said += (
        f" The slopes of {found.found.n} seeds can lie close together by luck: by the scatter about their lines the "
        f"interval is {ends(found.by_scatter, 3)}, and by that of the means about theirs {ends(found.by_means, 3)}."
    )
    return f"{said} So it is a hint, and no finding." if found.a_hint else said


def asked_in_advance(found: WearsOff) -> str:
    """What other runs say to the question that :func:`in_words` could only ask, having chosen it after the fact.

    The question and what counts as an answer were committed before any of those runs was made: the slope over phases
    falls with the epochs, where neither its interval by the seeds nor the one by the scatter about their lines holds 0.

    Args:
        found: of a finished study that has none of the runs in which the question was found.
    """
    both = (found.found, found.by_scatter)
    lower = all(each.verdict == "lower" for each in both)
    return (
        "Whether the gain wears off faster over the phases of a run the longer networks are trained was asked before "
        "any of these runs was made, with what was to count: that an interval by the seeds and one by the scatter "
        f"about their lines both lie below 0. It {'does' if lower else 'is not shown to'}: *points a phase* changes "
        f"by {found.found:.3f}, for twice the epochs, and by the scatter the interval is {ends(found.by_scatter, 3)}."
    )


def whose_runs(study: Studied, other: Studied) -> str:
    """Which numbers of epochs have runs of another study, and whether they are known to be of the others' processor.

    Args:
        study: with an arm for each number of epochs.
        other: which may have some of its runs.

    Returns:
        "" where all records name the same processors.
    """
    named = processors(study)
    usual = Counter(named.values()).most_common(1)[0][0]
    odd = [epochs for epochs, of in named.items() if of != usual]
    if not odd:
        return ""
    theirs = [record for of in other.records.values() for record in of.values()]
    taken = all(
        any(same_outcome(record, each) for each in theirs)
        for arm, of in study.records.items()
        for record in of.values()
        if epochs_of(arm) in odd
    )
    unnamed = all(named[epochs] == {None} for epochs in odd)
    apart = any(each.apart for _, _, each in study.compared)
    return (
        f"The runs of {together([*map(str, odd)])} epochs"
        + (f" are those of `{other.plan.name}`; their records name" if taken else " have records that name")
        + (" no processor" if unnamed else " other processors")
        + ", unlike the rest. "
        + (
            "Not all pairs share their first network."
            if apart
            else "The two runs of each pair share their first network."
        )
    )


def processors(study: Studied) -> dict[int, frozenset[str | None]]:
    """Epochs -> the processors that their records name; None where one names none."""
    found: dict[int, frozenset[str | None]] = {}
    for arm, of in study.records.items():
        names = {each.processor for record in of.values() for each in record.environments}
        found[epochs_of(arm)] = found.get(epochs_of(arm), frozenset()) | names
    return found
