"""Records of a study that were made again: what its comparisons would be with the first ones in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.records.first_time import first_time
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.studied import Studied


@dataclass(frozen=True)
class AsFirstMade:
    """A comparison with the first records in the place of those that were made again.

    Attributes:
        name: of the pair of arms.
        once: the difference in average accuracy as it was (points), at the level of the study.
        now: the verdict of the present records.
    """

    name: str
    once: Interval
    now: str

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one now."""
        return self.once.verdict != self.now


def as_first_made(study: Studied, first: Mapping[str, Mapping[int, float]]) -> list[AsFirstMade]:
    """Its comparisons of average accuracy in which a record was replaced.

    Args:
        study: whose pairs of runs are to share their first networks.
        first: arm -> seed -> average accuracy of the records that were replaced.

    Raises:
        ValueError: where two arms that are compared have no seed in common.
    """
    found = []
    for arm, minus, each in study.compared:
        if each.field == "average_accuracy" and {arm, minus} & first.keys():
            of_arm, of_control = (
                {seed: record.average_accuracy for seed, record in study.records[which].items()}
                | dict(first.get(which, {}))
                for which in (arm, minus)
            )
            found.append(AsFirstMade(cell(arm), paired(of_arm, of_control, each.level), each.difference.verdict))
    return found


def in_words(study: Studied, first: Mapping[str, Mapping[int, float]] | None = None) -> str:
    """How many records were made again and why, and whether a verdict hangs on it; "" where none were.

    Args:
        study: as in :func:`as_first_made`.
        first: likewise; None for what is known of the study.
    """
    replaced = first_time(study.plan.name) if first is None else first
    if not replaced:
        return ""
    found = as_first_made(study, replaced)
    changed = [each.name for each in found if each.changed]
    seeds = sorted(set[int]().union(*replaced.values()))
    return (
        f"{several(sum(map(len, replaced.values())), 'record')} of the seeds {', '.join(map(str, seeds))} were made "
        "again, so that the two runs of each pair share their first network: the first ones had been made on "
        "processors that round otherwise, and are in the history of the repository. With the first ones in their "
        f"place, average accuracies would differ by {'; '.join(f'{each.name} {each.once.without_n}' for each in found)}"
        + (f". The verdict would be another for {', '.join(changed)}." if changed else ", and the verdicts the same.")
    )


def what_hangs_on_it(study: Studied, first: Mapping[str, Mapping[int, float]] | None = None) -> str:
    """The comparisons whose verdict was another with the first records, in a sentence; "" for none.

    Args:
        study: as in :func:`as_first_made`.
        first: likewise; None for what is known of the study.
    """
    changed = _changed(study, first)
    if not changed:
        return ""
    return (
        "A verdict depends on which records are used. Some were made a second time, in order that the two runs of each "
        f"pair share their first network; with those of the first time it was {together(changed)}. That was decided "
        "when the first ones had been seen."
    )


def shortly(study: Studied, first: Mapping[str, Mapping[int, float]] | None = None) -> str:
    """The same for a reader who finds it in full elsewhere, to be put behind a verdict; "" for none.

    Args:
        study: as in :func:`as_first_made`.
        first: likewise; None for what is known of the study.
    """
    changed = _changed(study, first)
    return f"; with the runs as first made it is another verdict, {together(changed)}" if changed else ""


def _changed(study: Studied, first: Mapping[str, Mapping[int, float]] | None) -> list[str]:
    """The comparisons whose verdict was another with the first records, each with its interval then."""
    found = as_first_made(study, first_time(study.plan.name) if first is None else first)
    return [f"{each.name} {each.once.without_n}" for each in found if each.changed]
