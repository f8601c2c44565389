"""Tables for the book, made from run records and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from statistics import median

import pandas as pd

from mnemonics_lib.durable.records import Record, RecordError
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.partners import refuse_strangers
from mnemonics_lib.edition.records.arms import arm_of, read_files
from mnemonics_lib.edition.records.first_time import MADE_TWICE, first_time, of_both
from mnemonics_lib.edition.shown import displacement
from mnemonics_lib.paths import RECORDS

JOINT = "joint"
"""The arm of the upper bound: trained on all data seen so far."""

VARIANTS = {
    "": "without mnemonics",
    "-transfer": "herding, transfer and fine-tuning",
    "-with-mnemonics": "with mnemonics",
}
"""What follows a method in the name of an arm of Table 1, and what it stands for."""

Evidence = dict[str, dict[int, Record]]
"""Arm -> seed -> record. An arm is one way of doing things, the same for all of its seeds."""


def evidence(profile: str, name: str, records: Path = RECORDS) -> Evidence:
    """The committed records of a parameter file: ``records/<profile>/<name>/<arm>/seed-<k>.json``.

    Args:
        profile: for example ``quick``.
        name: of the parameter file, for example ``digits-n5``.
        records: directory of all committed records.

    Returns:
        Arms in alphabetical order, seeds in increasing order; empty when there are no records of this file.

    Raises:
        RecordError: for a file that is no record, and where there is no folder of records at all, as beside a library
            that is installed without the project.
        ArmError: for an arm whose records differ in another setting than seed and classes, or claim the same seed, and
            for a file that is named after another seed than its record's.
    """
    if not records.is_dir():
        raise RecordError(f"{records}: no such folder, seen from {Path.cwd()}; the project has the committed records")
    paths = sorted((records / profile / name).glob("*/seed-*.json"))
    arms = {folder.name: arm_of(read_files(files)) for folder, files in groupby(paths, lambda path: path.parent)}
    return {name: {seed: file.record for seed, file in arm.items()} for name, arm in arms.items()}


def values(by_seed: Mapping[int, Record], field: str) -> dict[int, float]:
    """One number of each record of an arm, by seed."""
    return {seed: float(getattr(record, field)) for seed, record in by_seed.items()}


def over_seeds(by_seed: Mapping[int, Record], field: str) -> Interval:
    """Mean and interval of one number over an arm's seeds."""
    return interval(list(values(by_seed, field).values()))


def mean_pm(result: Interval) -> str:
    """``78.1 ± 0.9``: mean and half-width of the 95 % interval; the mean alone below 3 seeds."""
    return f"{result.mean:.1f}" if result.n < 3 else f"{result.mean:.1f} ± {result.mean - result.low:.1f}"


def summary(found: Evidence, study: str = "") -> pd.DataFrame:
    """One row per arm: accuracy, difference to herding on the same seeds, forgetting, displacement and cost.

    Args:
        found: the records; a dash stands for the difference of herding to itself, and for all without its runs.
        study: as :func:`differences` takes it.
    """
    baseline = "herding"
    rows = []
    for arm, by_seed in found.items():
        seconds = median(record.seconds for record in by_seed.values())
        compared = arm != baseline and comparable(found, arm, baseline)
        minus = f"{difference(found, arm, baseline, 'average_accuracy', study)}{_once(study, arm)}" if compared else "–"
        rows.append(
            {
                "exemplars": arm,
                "seeds": len(by_seed),
                "average accuracy (%)": mean_pm(over_seeds(by_seed, "average_accuracy")),
                f"minus {baseline}": minus,
                "forgetting (%)": mean_pm(over_seeds(by_seed, "forgetting")),
                "displacement (std)": displacement(over_seeds(by_seed, "displacement").mean),
                "median cost (s)": f"{seconds:.0f}",
            }
        )
    return pd.DataFrame(rows).set_index("exemplars") if rows else pd.DataFrame()


def _once(study: str, arm: str) -> str:
    """What is said of an arm that was made once in a study whose other runs were made twice: it has another basis."""
    return " (made once)" if study in MADE_TWICE and arm not in first_time(study) else ""


def comparable(found: Evidence, first: str, second: str) -> bool:
    """Whether both arms are there and have a seed in common."""
    return bool(found.get(first, {}).keys() & found.get(second, {}).keys())


def differences(found: Evidence, first: str, second: str, field: str, study: str = "") -> dict[int, float]:
    """One number of an arm minus that of another, for each seed that both have.

    Args:
        found: the records.
        first: an arm.
        second: the arm that is subtracted.
        field: a number of the record.
        study: whose records these are, ``profile/name``. Where all its runs were made twice
            (``edition.records.first_time.MADE_TWICE``), the average accuracy of a run is the mean of both
            times, for two arms that both were.

    Raises:
        PairError: for two runs that are no partners (:mod:`mnemonics_lib.edition.paired.partners`).
    """
    seeds = sorted(found[first].keys() & found[second].keys())
    for seed in seeds:
        refuse_strangers(found[first][seed], found[second][seed], (f"{first}, seed {seed}", f"{second}, seed {seed}"))
    ours, theirs = values(found[first], field), values(found[second], field)
    now = {seed: ours[seed] - theirs[seed] for seed in seeds}
    then = first_time(study) if study in MADE_TWICE and field == "average_accuracy" else {}
    if not {first, second} <= then.keys():
        return now
    both = then[first].keys() & then[second].keys()
    return of_both({seed: then[first][seed] - then[second][seed] for seed in both}, now)


def difference(found: Evidence, first: str, second: str, field: str, study: str = "") -> Interval:
    """Mean and interval of :func:`differences`: ``first`` minus ``second``.

    Raises:
        PairError: likewise.
        ValueError: where no seed is in both.
    """
    return interval(list(differences(found, first, second, field, study).values()))


def every_run(found: Evidence) -> list[dict[str, str | int]]:
    """A row per record: its numbers, and what it took."""
    return [
        {
            "arm": f"`{arm}`",
            "seed": seed,
            "average accuracy (%)": f"{record.average_accuracy:.2f}",
            "last phase (%)": f"{record.accuracy[-1]:.2f}",
            "forgetting (%)": f"{record.forgetting:.2f}",
            "displacement (std)": displacement(record.displacement),
            "seconds": f"{record.seconds:.0f}",
        }
        for arm, by_seed in found.items()
        for seed, record in by_seed.items()
    ]


def table_1(found: Evidence, field: str = "average_accuracy") -> pd.DataFrame:
    """Table 1 from records: a row per method, a column per variant, mean (and interval, from 3 seeds) of ``field``.

    Args:
        found: arms named as in :data:`VARIANTS`; a cell without records is a dash.
        field: a number of the record.
    """

    def cell(arm: str) -> str:
        return mean_pm(over_seeds(found[arm], field)) if arm in found else "–"

    rows = {
        name: {title: cell(method + suffix) for suffix, title in VARIANTS.items()} for method, name in NAMES.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def shared(found: Evidence) -> Evidence:
    """The records of those seeds that every arm has, so that means of arms are over the same classes and orders."""
    seeds = set.intersection(*({*by_seed} for by_seed in found.values())) if found else set()
    return {arm: {seed: record for seed, record in of.items() if seed in seeds} for arm, of in found.items()}


def curves(found: Evidence, suffix: str, field: str = "accuracy") -> dict[str, list[Interval]]:
    """Mean and interval over seeds of a per-phase list, by method, for one of :data:`VARIANTS`.

    Where the upper bound was run, it is there as ``joint``, whatever the variant: it keeps all data, and has none.

    Args:
        found: arms named as in :data:`VARIANTS`, and ``joint``.
        suffix: one of :data:`VARIANTS`.
        field: a per-phase list of the record, in per cent.
    """
    arms = {method: method + suffix for method in NAMES} | {JOINT: JOINT}
    return {
        method: [interval(phase) for phase in zip(*(getattr(r, field) for r in found[arm].values()), strict=True)]
        for method, arm in arms.items()
        if found.get(arm)
    }
