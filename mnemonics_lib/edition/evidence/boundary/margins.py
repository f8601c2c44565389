"""Margins of exemplars, a table for each arm after a phase and seed, and trained ones minus other kinds over the seeds.

The margin of an exemplar is the probability of its own class minus that of the best other one, at the network after
the phase (:mod:`mnemonics_lib.exemplars.margins`): 0 on the boundary, below it on the wrong side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.plan import Plan
from mnemonics_lib.kept import Kept, KeptError, read_kept

NEAR = 0.2
"""An exemplar is called near a boundary where its margin is smaller, on either side."""

NUMBERS = {
    "margin": "margin",
    "size": "size of the margin",
    "near": f"within {NEAR} of 0 (%)",
    "wrong": "on the wrong side (%)",
    "percentile": "rank in its class (%)",
    "other": "to another class",
}
"""Column of :func:`by_kind` -> how a table is headed."""


def read(plan: Plan) -> dict[str, dict[int, Kept]]:
    """What the runs of a study have kept: arm -> seed -> Kept, of those that are there.

    Raises:
        KeptError: as :func:`mnemonics_lib.kept.read_kept`.
    """
    found: dict[str, dict[int, Kept]] = {}
    for run in plan.runs:
        if run.keep and run.made:
            found.setdefault(run.arm, {})[run.seed] = read_kept(run.files[1])
    return found


def by_kind(kept: Kept, phase: int) -> pd.DataFrame:
    """Means over the exemplars of a phase's new classes: a row a kind, the columns of ``NUMBERS``.

    Args:
        kept: of one run.
        phase: one of those that it kept.

    Raises:
        KeptError: for a phase without margins.
    """
    of_phase = kept.phases.get(phase)
    table = None if of_phase is None else of_phase.margins
    if table is None:
        raise KeptError(f"phase {phase}: its run has kept no margins")
    size = table["margin"].abs()
    each = table.assign(size=size, near=100.0 * (size < NEAR), wrong=100.0 * (table["margin"] < 0))
    return each.groupby("kind")[list(NUMBERS)].mean()


Tables = Mapping[int, pd.DataFrame]
"""Seed -> what :func:`by_kind` makes of its run after a phase."""


def levels(tables: Tables) -> pd.DataFrame:
    """The same, mean over seeds."""
    return pd.concat(tables.values()).groupby(level=0).mean()


def is_herdings(tables: Tables) -> bool:
    """Whether trained exemplars were herding's of this very network before: then *start* and *herding* are the same."""
    return all(list(table.loc["start"]) == list(table.loc["herding"]) for table in tables.values())


def differences(tables: Tables, minus: str, column: str, kind: str = "trained") -> dict[int, float]:
    """Trained exemplars minus another kind: seed -> difference of the means over exemplars.

    Args:
        tables: of a place.
        minus: the other kind.
        column: one of ``NUMBERS``.
        kind: in place of the trained ones.
    """
    return {seed: float(of[column][kind] - of[column][minus]) for seed, of in tables.items()}


COMPARED = {
    "start": "the images that they were trained from",
    "herding": "herding's",
    "random": "random images",
}
"""What trained exemplars are compared with, and what a sentence calls it."""

Places = Mapping[str, Tables]
"""What a place, an arm after a phase, is called -> the tables of its runs."""

PHASE = ", phase "
"""Between what an arm is called and the number of the phase, in the name of a place."""


def places(plan: Plan, kept: Mapping[str, Mapping[int, Kept]], phases: Iterable[int]) -> Places:
    """Each arm of a study after each of some phases, where all of its seeds are there.

    Args:
        plan: of the study.
        kept: of its runs, as :func:`read` returns it.
        phases: that the runs have kept.

    Raises:
        KeptError: as :func:`by_kind`.
    """
    asked = Counter(run.arm for run in plan.runs)
    return {
        f"{cell(arm)}{PHASE}{phase}": {seed: by_kind(of, phase) for seed, of in by_seed.items()}
        for arm, by_seed in kept.items()
        if len(by_seed) == asked[arm]
        for phase in phases
    }


def over(places: Places, minus: str, column: str, kind: str = "trained", level: float = 0.95) -> dict[str, Interval]:
    """The interval over seeds of :func:`differences`, by place; none of herding's where those are *start*.

    Args:
        places: of which each arm has all its seeds.
        minus: as in :func:`differences`.
        column: likewise.
        kind: likewise.
        level: of each interval.
    """
    return {
        name: interval(list(differences(tables, minus, column, kind).values()), level)
        for name, tables in places.items()
        if not (minus == "herding" and is_herdings(tables))
    }
