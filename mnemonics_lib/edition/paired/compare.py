"""Two arms compared seed by seed, and whether the comparison has one cause."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mnemonics_lib.durable.commit import SHORT, short_commit
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.partners import PairError, refuse_strangers
from mnemonics_lib.edition.records.arms import FREE, Arm, RecordFile
from mnemonics_lib.edition.records.columns import typed
from mnemonics_lib.edition.records.measures import MeasureError, measure
from mnemonics_lib.edition.records.settings import Differences, Settings, differing, one_sided, settings
from mnemonics_lib.edition.records.source import same_source, source_of


@dataclass(frozen=True)
class Comparison:
    """A number of two arms, seed by seed.

    Attributes:
        field: the number's name, as :func:`mnemonics_lib.edition.records.measures.measure` takes it.
        arm: seed -> value, of the seeds that both have.
        baseline: likewise.
        level: of confidence.
        difference: mean and interval of ``arm`` minus ``baseline``.
        alone: the seeds that only the arm has, and those that only the baseline has.
        settings: the fields of the configuration in which the arms differ, and their values. One field is one cause.
        one_sided: the fields and sections that are known of one arm alone: not in effect in the other, or not yet there
            when its records were made.
        sources: for each pair of sources that differ, a sentence.
        apart: the seeds whose two runs train the first network in the same way and came to different ones.
    """

    field: str
    arm: dict[int, float]
    baseline: dict[int, float]
    level: float
    difference: Interval
    alone: tuple[list[int], list[int]]
    settings: Differences
    one_sided: list[str]
    sources: list[str]
    apart: list[int]

    @property
    def differences(self) -> dict[int, float]:
        """Seed -> ``arm`` minus ``baseline``."""
        return {seed: value - self.baseline[seed] for seed, value in self.arm.items()}

    @property
    def alike(self) -> Interval | None:
        """Mean and interval of the pairs that share their first network; None where there is no such pair."""
        shared = [value for seed, value in self.differences.items() if seed not in self.apart]
        return interval(shared, self.level) if shared else None

    @property
    def rows(self) -> pd.DataFrame:
        """One row per pair: field, seed, the two values and their difference."""
        return typed(
            [
                {
                    "field": self.field,
                    "seed": seed,
                    "arm": self.arm[seed],
                    "baseline": self.baseline[seed],
                    "difference": difference,
                }
                for seed, difference in self.differences.items()
            ]
        )


def compare(arm: Arm, baseline: Arm, field: str = "average_accuracy", level: float = 0.95) -> Comparison:
    """Compare two arms by the seeds that both have.

    Args:
        arm: of :func:`mnemonics_lib.edition.records.arms.arm_of`.
        baseline: what is subtracted.
        field: the number, as :func:`mnemonics_lib.edition.records.measures.measure` takes it.
        level: of confidence, between 0 and 1.

    Raises:
        PairError: where no seed is in both, and for two records of one seed that are no partners
            (:mod:`mnemonics_lib.edition.paired.partners`).
        MeasureError: for a number that a record does not have.
    """
    seeds = sorted(arm.keys() & baseline.keys())
    if not seeds:
        raise PairError(f"no seed in both arms: {sorted(arm)} and {sorted(baseline)}")
    sources: dict[str, None] = {}
    for seed in seeds:
        refuse_strangers(arm[seed].record, baseline[seed].record, (arm[seed].path, baseline[seed].path))
        sources[_other_source(arm[seed].record, baseline[seed].record)] = None
    ours, theirs = ({seed: _value(of[seed], field) for seed in seeds} for of in (arm, baseline))
    both = _settings(arm), _settings(baseline)
    return Comparison(
        field=field,
        arm=ours,
        baseline=theirs,
        level=level,
        difference=paired(ours, theirs, level),
        alone=(sorted(arm.keys() - baseline.keys()), sorted(baseline.keys() - arm.keys())),
        settings=differing(*both),
        one_sided=one_sided(*both),
        sources=[sentence for sentence in sources if sentence],
        apart=[seed for seed in seeds if apart(arm[seed].record, baseline[seed].record)],
    )


def _value(file: RecordFile, field: str) -> float:
    try:
        return measure(file.record, field)
    except MeasureError as error:
        raise MeasureError(f"{file.path}: {error}") from None


def _settings(arm: Arm) -> Settings:
    """What the records of an arm say together: each field as the first record that has it says, but the free one."""
    found: Settings = {}
    for file in arm.values():
        found |= {name: value for name, value in settings(file.record.config).items() if name not in {*found, FREE}}
    return found


def _other_source(one: Record, other: Record) -> str:
    """What is to be said of the source that two records were made by; nothing where it is the same."""
    if same_source(one, other):
        return ""
    first, second = (record.code for record in (one, other))
    digests = " and ".join((source_of(record) or "unknown")[:SHORT] for record in (one, other))
    one_s, other_s = (short_commit(code.commit, code.dirty) or "unknown" for code in (first, second))
    if first.commit and first == second and not first.dirty:
        return f"made by different source, {digests}: both of commit {one_s}, of which they use other modules"
    commits = f"{one_s} and {other_s}"
    return f"made by different source, {digests}, of commits {commits}: what changed between them is a cause, too"
