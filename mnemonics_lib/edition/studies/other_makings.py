"""Runs that two studies have and that came out twice: what a study's comparisons would be with the other's records.

A run is made once and its record copied wherever it is asked for, as long as that gives pairs that share their first
network. Where the rest of a study is made on a processor that rounds otherwise, the runs that it has in common with
another are made again there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record, same_outcome
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.studies.studied import Studied


@dataclass(frozen=True)
class WithOthers:
    """A finished comparison with another study's records of the same runs in the place of the study's own.

    Attributes:
        name: arm minus control.
        own: the difference of the study's own records.
        other: that with the other study's records in their place.
    """

    name: str
    own: Interval
    other: Interval

    @property
    def moved(self) -> float:
        """By how much the mean differs, without its sign."""
        return abs(self.own.mean - self.other.mean)

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one."""
        return self.own.verdict != self.other.verdict


def other_makings(study: Studied, others: Iterable[Studied]) -> dict[str, dict[int, Record]]:
    """Arm -> seed -> the first record in the other studies that is of the same run and came out otherwise."""
    of_run: dict[str, list[Record]] = {}
    for study_of_other in others:
        for of_seeds in study_of_other.records.values():
            for record in of_seeds.values():
                if record.identity:
                    of_run.setdefault(record.identity.config, []).append(record)
    found: dict[str, dict[int, Record]] = {}
    for arm, of_seeds in study.records.items():
        for seed, record in of_seeds.items():
            same = of_run.get(record.identity.config, []) if record.identity else []
            for other in same:
                if record.identity == other.identity and not same_outcome(record, other):
                    found.setdefault(arm, {}).setdefault(seed, other)
    return found


def with_others(study: Studied, others: Iterable[Studied]) -> list[WithOthers]:
    """The study's finished comparisons of average accuracy in which a run was made twice."""
    other = other_makings(study, others)

    def values(arm: str) -> dict[int, float]:
        return {seed: record.average_accuracy for seed, record in {**study.records[arm], **other.get(arm, {})}.items()}

    return [
        WithOthers(f"{arm} − {minus}", own.difference, paired(values(arm), values(minus), own.level))
        for arm, minus, own in study.compared
        if own.field == "average_accuracy" and {arm, minus} & other.keys() and study.plan.finished(arm, minus)
    ]


def in_words(study: Studied, others: Iterable[Studied]) -> str:
    """How many runs were made twice, and what hangs on which records are taken; "" where none were."""
    having = [other for other in others if other_makings(study, [other])]
    if not having:
        return ""
    again = sum(map(len, other_makings(study, having).values()))
    whose = together([f"`{other.plan.name}`" for other in having])
    said = (
        f"{several(again, 'run')} of this study {'is one' if again == 1 else 'are runs'} of {whose}, too, and "
        f"{'was' if again == 1 else 'were'} made again here, on the processor of the other runs, so that the two runs "
        "of each pair share their first network."
    )
    found = with_others(study, having)
    if not found:
        return said
    furthest = max(found, key=lambda each: each.moved)
    means = "the mean would differ by" if len(found) == 1 else f"{len(found)} means would differ by at most"
    changed = [f"{each.name} ({each.other.without_n})" for each in found if each.changed]
    return (
        f"{said} With the records of {whose} in their place, {means} {furthest.moved:.2f} points ({furthest.name}), "
        + (
            f"and the verdict would be another for {'; '.join(changed)}."
            if changed
            else "and the verdicts would be the same."
        )
    )
