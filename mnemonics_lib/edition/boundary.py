"""Where exemplars lie between the classes, over seeds: the claim of the paper's Figures 1 and 5 in numbers.

The margin of an exemplar is the probability of its own class minus that of the best other one, at the network after
the phase (:mod:`mnemonics_lib.exemplars.margins`): 0 on the boundary, below it on the wrong side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from mnemonics_lib.edition.intervals import Interval, interval
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired_runs import cell
from mnemonics_lib.edition.studies.plan import Plan
from mnemonics_lib.edition.tally import tally
from mnemonics_lib.kept import Kept, KeptError, read_kept

NEAR = 0.2
"""An exemplar is called near a boundary where its margin is smaller, on either side."""

NUMBERS = {
    "margin": "margin",
    "size": "size of the margin",
    "near": f"within {NEAR} of 0 (%)",
    "wrong": "on the wrong side (%)",
    "percentile": "nearer to the mean (%)",
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
    table = kept.phases[phase].margins
    if table is None:
        raise KeptError(f"phase {phase}: its run has kept no margins")
    size = table["margin"].abs()
    each = table.assign(size=size, near=100.0 * (size < NEAR), wrong=100.0 * (table["margin"] < 0))
    return each.groupby("kind")[list(NUMBERS)].mean()


def levels(by_seed: Mapping[int, Kept], phase: int) -> pd.DataFrame:
    """The same, mean over seeds."""
    return pd.concat([by_kind(kept, phase) for kept in by_seed.values()]).groupby(level=0).mean()


def is_herdings(by_seed: Mapping[int, Kept], phase: int) -> bool:
    """Whether trained exemplars were herding's of this very network before: then *start* and *herding* are the same."""
    found = levels(by_seed, phase)
    return list(found.loc["start"]) == list(found.loc["herding"])


def differences(by_seed: Mapping[int, Kept], phase: int, minus: str, column: str) -> dict[int, float]:
    """Trained exemplars minus another kind: seed -> difference of the means over exemplars.

    Args:
        by_seed: seed -> what its run kept.
        phase: one of those that were kept.
        minus: the other kind.
        column: one of ``NUMBERS``.
    """
    tables = {seed: by_kind(kept, phase)[column] for seed, kept in by_seed.items()}
    return {seed: float(of["trained"] - of[minus]) for seed, of in tables.items()}


COMPARED = {
    "start": "the images that they were trained from",
    "herding": "herding's",
    "random": "random images",
}
"""What trained exemplars are compared with, and what a sentence calls it."""

Places = Mapping[str, tuple[Mapping[int, Kept], int]]
"""What a place is called -> what the runs of an arm have kept, by seed, and a phase."""


def places(plan: Plan, kept: Mapping[str, Mapping[int, Kept]], phases: Iterable[int]) -> Places:
    """Each arm of a study after each of some phases, where all of its seeds are there.

    Args:
        plan: of the study.
        kept: of its runs, as :func:`read` returns it.
        phases: that the runs have kept.
    """
    asked = Counter(run.arm for run in plan.runs)
    return {
        f"{cell(arm)}, phase {phase}": (by_seed, phase)
        for arm, by_seed in kept.items()
        if len(by_seed) == asked[arm]
        for phase in phases
    }


def over(places: Places, minus: str, column: str) -> dict[str, Interval]:
    """The interval over seeds of :func:`differences`, by place; none of herding's where those are *start*.

    Args:
        places: of which each arm has all its seeds.
        minus: as in :func:`differences`.
        column: likewise.
    """
    return {
        name: interval(list(differences(by_seed, phase, minus, column).values()))
        for name, (by_seed, phase) in places.items()
        if not (minus == "herding" and is_herdings(by_seed, phase))
    }


def in_words(places: Places) -> list[str]:
    """The claim that trained exemplars lie on the boundaries between classes: a sentence for each way to read it.

    *Near* is of the size of the margin, which is the same on both sides of a boundary; who crosses it is told by the
    sign, and by the share on the wrong side.

    Args:
        places: as in :func:`over`.

    Returns:
        One for each of ``COMPARED``, then the sign, the mean of the class, and the claim as it is worded; nothing
        where no place is there.
    """
    if not places:
        return []
    size = {minus: over(places, minus, "size") for minus in COMPARED}
    lines = [
        f"**Nearer than {name}?** In {len(found)} places: {tally(found, 'nearer', 'farther')}."
        for minus, name in COMPARED.items()
        if (found := size[minus])
    ]
    margin, wrong, far = (over(places, "start", column) for column in ("margin", "wrong", "percentile"))
    lines += [
        "**Over to the other side?** With its sign, their margin is, against what it was before training, "
        f"{tally(margin, 'lower', 'higher')}; their share on the wrong side, {tally(wrong, 'lower', 'higher')}.",
        f"**Away from the mean of their class?** Against what they were: {tally(far, 'nearer', 'farther')}.",
    ]
    near = {name: levels(by_seed, phase)["near"] for name, (by_seed, phase) in places.items()}
    most = max(near, key=lambda name: float(near[name]["trained"]))
    others = together([f"{near[most][kind]:.1f} % of {COMPARED[kind]}" for kind in ("herding", "random")])
    over_half = sum(float(of["trained"]) > 50 for of in near.values())
    lines.append(
        f"**On the boundary, as the claim is worded?** More than half of the trained exemplars have a margin within "
        f"{NEAR} of 0 in {over_half or 'none'} of {len(near)} places; the most, {near[most]['trained']:.1f} %, in "
        f"{most}, where it is {others}."
    )
    return lines
