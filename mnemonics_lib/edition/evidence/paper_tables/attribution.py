"""What each of several changes adds, made one after the other: the parts of one difference, in their order."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.names import NAMES, span
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.paired_runs import Number
from mnemonics_lib.edition.studies.studied import Studied

STEPS = {
    ("transfer", "without"): "weight transfer",
    ("herding", "transfer"): "fine-tuning",
    ("trained", "herding"): "trained exemplars",
    ("adjusted", "trained"): "the adjustment of old ones",
}
"""Arm and the arm before it, of the study ``split`` -> what has been changed between them."""

WHOLE = ("adjusted", "without")
"""The last arm and the first."""


def attribution(method: str, found: Mapping[tuple[str, str], Interval]) -> str:
    """A sentence: the whole difference, and how much of it came with each change.

    Another order would share it out otherwise, where changes depend on one another.

    Args:
        method: one of ``NAMES``.
        found: arm and control, as in ``STEPS`` and ``WHOLE`` -> difference in average accuracy (points).

    Raises:
        KeyError: where one of them is missing.
        ValueError: where one is of fewer than three values.
    """
    parts = [f"{name} {_of(found[pair])}" for pair, name in STEPS.items()]
    return f"{NAMES[method]}, all four: {_of(found[WHOLE])}. One after the other: {'; '.join(parts)}."


def rows(study: Studied, number: Number) -> list[dict[str, str]]:
    """Cells of a table: what each change adds to a number of the runs, and what all of them do, 95 % each.

    Bold is a verdict, which waits for all runs of both arms.

    Args:
        study: whose arms are named after a method and one of ``STEPS``, such as ``lwf-transfer``.
        number: of a run.
    """
    methods = dict.fromkeys(run.config.method for run in study.plan.runs)
    found = []
    for method in methods:
        cells, seeds = {}, set()
        for (arm, minus), name in {**STEPS, WHOLE: "all four"}.items():
            for pair in study.pairs(f"^{method}-{arm}$", f"^{method}-{minus}$"):
                cell = marked(pair.difference(number))
                cells[name] = cell if pair.finished else cell.strip("*")
                seeds.add(len(pair.first))
        if cells:
            found.append({"method": NAMES[method], "seeds": span(seeds, "{}"), **cells})
    return found


def _of(found: Interval) -> str:
    """An interval, and whether it is clear of zero."""
    if found.n < 3:
        raise ValueError(f"{found}: must be of three values or more")
    shown = found.verdict in ("higher", "lower")
    return f"{found.without_n}{'' if shown else ' (not shown to differ from 0)'}"
