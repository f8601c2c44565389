"""Trained minus herding's on classes by when they arrived: in phase 0, in a phase between, or in the phase itself.

Forgetting counts the classes of phase 0 alone. What later classes gain or lose is no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.by_class import arrivals, class_accuracies
from mnemonics_lib.edition.names import span, together
from mnemonics_lib.edition.paired.intervals import Interval, unpaired
from mnemonics_lib.edition.paired.tally import marked, tally
from mnemonics_lib.edition.studies.paired_runs import Number, PairedRuns, difference_of_all, new_classes, of_classes


def first_classes(record: Record) -> float:
    """Accuracy on the classes of phase 0 after a phase, mean over the phases from 1 on (%)."""
    return of_classes(record, lambda came, _: came == 0)


def between_classes(record: Record) -> float:
    """The same on those that came after phase 0 and before the phase; phase 1 has none (%)."""
    return of_classes(record, lambda came, phase: (came > 0) & (came < phase))


def later_classes(record: Record) -> float:
    """The same on all that came after phase 0, those of the phase among them (%)."""
    return of_classes(record, lambda came, phase: (came > 0) & (came <= phase))


FIRST, BETWEEN, NEWEST = "classes of phase 0", "classes of the phases between", "classes of the phase"
"""What a reader calls the groups."""

LATER = "all later classes"
"""What a reader calls the second and the third group together."""

FIRST_MINUS_LATER = "phase 0's − all later ones'"
"""What is called the difference on the first group minus that on all later classes."""

NUMBERS: dict[str, Number] = {
    FIRST: first_classes,
    BETWEEN: between_classes,
    NEWEST: new_classes,
    LATER: later_classes,
    FIRST_MINUS_LATER: lambda record: first_classes(record) - later_classes(record),
}
"""Of a run, by a reader's words."""


@dataclass(frozen=True)
class ByGroup:
    """What training changes on each group of classes.

    Attributes:
        of: the setting or the method.
        differences: of ``NUMBERS``, in points.
    """

    of: str
    differences: dict[str, Interval]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        cells = {words: marked(found) for words, found in self.differences.items()}
        return {"setting": self.of, "seeds": f"{self.differences[FIRST].n}", **cells}


def by_group(of: str, pairs: Sequence[PairedRuns]) -> ByGroup:
    """Trained minus herding's on each group, over the runs of one or several studies as if of one; 95 % each.

    Args:
        of: what a reader calls them.
        pairs: which share no seed.
    """
    return ByGroup(of, {words: difference_of_all(pairs, number) for words, number in NUMBERS.items()})


def apart(of: str, first: PairedRuns, second: PairedRuns) -> ByGroup:
    """The difference on each group in one study minus that in another one, whose seeds are others: Welch's, 95 % each.

    Args:
        of: what a reader calls them.
        first: trained and herding's runs of the one study.
        second: of the other one.
    """
    return ByGroup(
        of,
        {
            words: unpaired([*first.differences(number).values()], [*second.differences(number).values()])
            for words, number in NUMBERS.items()
        },
    )


def in_short(with_5: Sequence[ByGroup], with_20: Sequence[ByGroup]) -> str:
    """On which classes a difference is shown: with 5 a class over both studies, and with 20 in the primary one.

    Args:
        with_5: of all methods, over both studies.
        with_20: likewise, of the primary study alone.
    """
    said = [_in_words(with_5, "With 5 a class, over both objectives"), _in_words(with_20, "With 20 a class, by Eq. 7")]
    return (
        "**Classes of phase 0 and later ones**, means over the phases from 1 on. Forgetting is of phase 0's alone. "
        f"{' '.join(said)}"
    )


def _in_words(found: Sequence[ByGroup], heading: str) -> str:
    """On which classes a difference is shown, and for whom it differs between phase 0's and later ones.

    Args:
        found: of several settings or methods, at least one.
        heading: what they have in common.
    """
    groups = [
        f"on {words}, {tally({each.of: each.differences[words] for each in found}, 'lower', 'higher')}"
        for words in (FIRST, BETWEEN, NEWEST)
    ]
    differ = [
        f"{each.of} ({each.differences[FIRST_MINUS_LATER].without_n})"
        for each in found
        if each.differences[FIRST_MINUS_LATER].verdict in ("higher", "lower")
    ]
    seeds = span([each.differences[FIRST].n for each in found], "{}")
    return (
        f"{heading}, n = {seeds}, trained minus herding's is, {'; '.join(groups)}; that it differs between "
        f"classes of phase 0 and all later ones is shown for {together(differ) or 'none'}."
    )


def first_classes_after(pairs: Sequence[PairedRuns]) -> dict[int, Interval]:
    """Trained minus herding's on the classes of phase 0 after each phase from 1 on, 95 % each.

    Args:
        pairs: which share no seed.
    """
    phases = min(record.phases for pair in pairs for record in pair.first.values())
    return {
        phase: difference_of_all(
            pairs,
            lambda record, at=phase: float(class_accuracies(record)[at, arrivals(record) == 0].mean()),  # type: ignore[misc]
        )
        for phase in range(1, phases + 1)
    }


def lasting(after: Mapping[str, Mapping[int, Interval]]) -> str:
    """For whom a gain of phase 0's classes is shown after every phase.

    Args:
        after: method -> what :func:`first_classes_after` returns for it.
    """
    throughout = [of for of, found in after.items() if all(each.verdict == "higher" for each in found.values())]
    return f"That classes of phase 0 gain is shown after every phase for {together(throughout) or 'none of them'}."


def towards_new(found: Sequence[ByGroup]) -> str:
    """Where one study's difference is another one than a second study's, on the classes of the phase and on phase 0's.

    Args:
        found: as :func:`apart` returns it, of several methods.
    """
    groups = (NEWEST, FIRST)
    tallies = [
        f"on {words}, {tally({each.of: each.differences[words] for each in found}, 'lower', 'higher')}"
        for words in groups
    ]
    each_method = [f"{each.of} {' and '.join(each.differences[words].without_n for words in groups)}" for each in found]
    return f"{'; '.join(tallies)} ({'; '.join(each_method)})"
