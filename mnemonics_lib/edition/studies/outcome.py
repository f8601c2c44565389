"""What came out of a study: which records are there, and its comparisons, each in every cell of the grid."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from mnemonics_lib.edition.paired.compare import Comparison, compare
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.records.arms import Arm, arm_of, read_files
from mnemonics_lib.edition.records.first_time import told_of
from mnemonics_lib.edition.report import differences, evidence
from mnemonics_lib.edition.studies import study as of_study
from mnemonics_lib.edition.studies.plan import Plan


def progress(plan: Plan) -> pd.DataFrame:
    """A row per arm: its records that are there, by how many different sources they were made, and what is missing."""
    rows = []
    for name, _, _ in plan.study.members():
        runs = [run for run in plan.runs if run.arm == name]
        missing = [str(run.seed) for run in runs if not run.made]
        sources = {file.record.identity and file.record.identity.source for file in _arm(plan, name).values()}
        row = {"arm": name, "records": len(runs) - len(missing), "of": len(runs), "sources": len(sources)}
        rows.append({**row, "missing seeds": " ".join(missing)})
    return pd.DataFrame(rows)


Compared = list[tuple[str, str, Comparison]]
"""Arm, control and their difference, as :func:`comparisons` reads them from the records of a study."""


def by_method(compared: Compared, arm: str, minus: str, field: str = "average_accuracy") -> dict[str, Comparison]:
    """Of a study over methods, two arms of each: method -> ``METHOD-arm`` minus ``METHOD-minus``, in its order.

    Args:
        compared: of the study.
        arm: its name after that of the method.
        minus: likewise.
        field: which of the numbers that are compared.
    """
    found = {}
    for mine, control, each in compared:
        method = mine.partition("-")[0]
        if (mine, control, each.field) == (f"{method}-{arm}", f"{method}-{minus}", field):
            found[method] = each
    return found


def comparisons(plan: Plan) -> Compared:
    """Arm, control and their difference: each comparison of the study in each cell where both have a seed in common.

    Intervals that hold ``together`` have the level 1 - (1 - level) / m each (Bonferroni), with m their number: the
    grid's cells times the comparisons that say so, whether or not all have records.

    Raises:
        PairError, MeasureError: as :func:`mnemonics_lib.edition.paired.compare.compare`.
        ArmError, RecordError: for records that are none of one arm, or none at all.
    """
    cells = list(plan.study.cells())
    arms = {name: _arm(plan, name) for name, _, _ in plan.study.members()}
    together = len(cells) * sum(asked.together for asked in plan.study.compare)
    found = []
    for asked in plan.study.compare:
        level = 1 - (1 - asked.level) / (together if asked.together else 1)
        for cell in cells:
            names = of_study.full_name(cell, asked.arm), of_study.full_name(cell, asked.minus)
            arm, control = (arms[name] for name in names)
            if arm.keys() & control.keys():
                found.append((*names, compare(arm, control, asked.field, level)))
    return found


def between(plan: Plan, arm: str, minus: str) -> Comparison | None:
    """The average accuracy of two arms that a study does not compare itself, at 95 %; None without a common seed.

    Raises:
        PairError, MeasureError, ArmError, RecordError: as :func:`comparisons`.
    """
    first, second = _arm(plan, arm), _arm(plan, minus)
    return compare(first, second) if first.keys() & second.keys() else None


SAID = {
    "higher": "shown to be higher",
    "lower": "shown to be lower",
    "no difference shown": "no difference shown",
    "too few seeds": "too few seeds for a verdict",
}
"""A verdict of an interval, as it is said of an arm."""

UNFINISHED = "not finished"
"""In place of a verdict, while a seed is missing that the study asks for."""


def in_short(
    plan: Plan,
    compared: Compared,
    field: str = "average_accuracy",
    named: Callable[[str, str], str] = "{} − {}".format,
) -> list[str]:
    """For each verdict, how many of a study's comparisons of one number have it, and which.

    Args:
        plan: of the study.
        compared: its comparisons.
        field: the number.
        named: what a comparison of two arms is called.

    A comparison has a verdict when all of its seeds are there: looked at again and again while records come, one of
    them would sooner or later be clear of zero. Those that are not finished are counted.
    """
    of_all = sum(each.field == field for each in plan.study.compare) * len(list(plan.study.cells()))
    said = [
        (verdict(plan, arm, minus, each), f"{named(arm, minus)} {each.difference}")
        for arm, minus, each in compared
        if each.field == field
    ]
    lines = []
    for which, words in SAID.items():
        cells = [cell for found, cell in said if found == which]
        if cells:
            lines.append(f"{words}, {len(cells)} of {of_all}: {'; '.join(cells)}")
    finished = sum(found != UNFINISHED for found, _ in said)
    if finished < of_all:
        lines.append(f"{UNFINISHED}, {of_all - finished} of {of_all}")
    return lines


def verdict(plan: Plan, arm: str, minus: str, found: Comparison) -> str:
    """The verdict of a comparison of the study; ``UNFINISHED`` while a run of either arm is missing."""
    return found.difference.verdict if plan.finished(arm, minus) else UNFINISHED


def first_networks(compared: Compared) -> str:
    """A sentence on compared pairs whose first networks differ, though they are trained alike; "" for none.

    And one on the intervals that are clear of 0 with them and not without, or the other way round.
    """
    found = {(arm, minus): each for arm, minus, each in compared}
    pairs = sum(len(each.differences) for each in found.values())
    apart = [
        f"{arm} − {minus}, {'seed' if len(each.apart) == 1 else 'seeds'} {', '.join(map(str, each.apart))}"
        for (arm, minus), each in found.items()
        if each.apart
    ]
    if not apart:
        return ""
    count = sum(len(each.apart) for each in found.values())
    return (
        f"In {count} of {pairs} pairs the first network is not the same, though it is trained in the same way (runs on "
        f"processors that round otherwise): {'; '.join(apart)}.{without_them(compared)}"
    )


def without_them(compared: Compared) -> str:
    """Which intervals hang on pairs whose first networks differ, in a sentence that begins with a space; "" for none.

    An interval of fewer pairs is longer, so that it may hold 0 for that alone.
    """
    without = [
        (f"{arm} − {minus}" + (f" ({each.field})" if each.field != "average_accuracy" else ""), each.alike, each)
        for arm, minus, each in compared
        if each.apart and each.difference.n >= 3
    ]
    changed = [
        f"{name} {alike}"
        for name, alike, each in without
        if alike and alike.n >= 3 and alike.verdict != each.difference.verdict
    ]
    few = [f"{name} {alike or '(none)'}" for name, alike, _ in without if alike is None or alike.n < 3]
    said = {"it is another answer whether 0 lies inside for": changed, "too few are left for an interval of": few}
    return "".join(f" Without them {words} {'; '.join(of)}." for words, of in said.items() if of)


def _arm(plan: Plan, name: str) -> Arm:
    return arm_of(read_files(run.record for run in plan.runs if run.arm == name and run.record.exists()))


def table(plan: Plan, compared: Compared) -> pd.DataFrame:
    """A row per comparison: what, minus what, which number, the mean difference, its interval, its verdict."""
    rows = [
        {
            "arm": arm,
            "minus": minus,
            "field": found.field,
            "level": f"{found.level:.4g}",
            "difference": f"{found.difference}",
            "verdict": verdict(plan, arm, minus, found),
        }
        for arm, minus, found in compared
    ]
    return pd.DataFrame(rows)


def by_both_makings(plan: Plan, compared: Compared) -> str:
    """What is told of a study whose runs were made twice, where the records alone have another verdict; "" for none.

    Raises:
        PairError, RecordError, ArmError: as :func:`mnemonics_lib.edition.report.differences`.
    """
    if not (said := told_of(plan.name)):
        return ""
    profile, name = plan.name.split("/")
    records = evidence(profile, name)
    lines = []
    for arm, minus, each in compared:
        if each.field == "average_accuracy":
            both = interval([*differences(records, arm, minus, each.field, plan.name).values()], each.level)
            lines.append(f"  {arm} − {minus} {both}, {both.verdict}")
    return "\n".join([f"{said.replace('*', '')} In average accuracy:", *lines])


def text(plan: Plan) -> str:
    """Title, records and comparisons as text."""
    compared = comparisons(plan)
    found = table(plan, compared)
    lines = [f"{plan.name}: {plan.study.title}", "", progress(plan).to_string(index=False)]
    if len(found):
        lines += ["", found.to_string(index=False)]
        lines += [f"\n{said}" for said in (first_networks(compared), by_both_makings(plan, compared)) if said]
    if plan.missing:
        lines += ["", f"What is missing: make study STUDY={of_study.given_name(plan.path)}"]
    return "\n".join(lines)
