"""What came out of a study: which records are there, and its comparisons, each in every cell of the grid."""

from __future__ import annotations

import pandas as pd

from mnemonics_lib.edition.arms import Arm, arm_of, read_files
from mnemonics_lib.edition.compare import Comparison, compare
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


def comparisons(plan: Plan) -> list[tuple[str, str, Comparison]]:
    """Arm, control and their difference: each comparison of the study in each cell where both have a seed in common.

    Intervals that hold ``together`` have the level 1 - (1 - level) / m each (Bonferroni), with m their number: the
    grid's cells times the comparisons that say so, whether or not all have records.

    Raises:
        PairError, MeasureError: as :func:`mnemonics_lib.edition.compare.compare`.
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


SAID = {
    "higher": "is shown to be higher",
    "lower": "is shown to be lower",
    "no difference shown": "shows no difference",
    "too few seeds": "has too few seeds yet",
}
"""A verdict of an interval, as it is said of an arm."""


def in_short(plan: Plan) -> list[str]:
    """One sentence for each verdict: of how many comparisons of the study it is true, and of which.

    It counts the comparisons that have no records yet, so that a study which is not finished says so.
    """
    found, of_all = comparisons(plan), len(plan.study.compare) * len(list(plan.study.cells()))
    lines = []
    for verdict, words in SAID.items():
        cells = [f"{arm} − {minus}: {c.difference}" for arm, minus, c in found if c.difference.verdict == verdict]
        if cells:
            lines.append(f"{len(cells)} of {of_all} {words}: {'; '.join(cells)}.")
    if len(found) < of_all:
        lines.append(f"{of_all - len(found)} of {of_all} have no pair of records yet.")
    return lines


def _arm(plan: Plan, name: str) -> Arm:
    return arm_of(read_files(run.record for run in plan.runs if run.arm == name and run.record.exists()))


def table(plan: Plan) -> pd.DataFrame:
    """A row per comparison: what, minus what, which number, the mean difference with its interval, and the verdict."""
    rows = [
        {
            "arm": arm,
            "minus": minus,
            "field": found.field,
            "level": f"{found.level:.4g}",
            "difference": f"{found.difference}",
            "verdict": found.difference.verdict,
        }
        for arm, minus, found in comparisons(plan)
    ]
    return pd.DataFrame(rows)


def text(plan: Plan) -> str:
    """Title, records and comparisons as text."""
    found = table(plan)
    lines = [f"{plan.name}: {plan.study.title}", "", progress(plan).to_string(index=False)]
    if len(found):
        lines += ["", found.to_string(index=False)]
    if plan.missing:
        lines += ["", f"What is missing: make study STUDY={of_study.given_name(plan.path)}"]
    return "\n".join(lines)
