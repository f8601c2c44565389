"""Where exemplars lie between the classes, over seeds: the claim of the paper's Figures 1 and 5 in numbers.

The margin of an exemplar is the probability of its own class minus that of the best other one, at the network after
the phase (:mod:`mnemonics_lib.exemplars.margins`): 0 on the boundary, below it on the wrong side.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mnemonics_lib.edition.intervals import Interval, interval
from mnemonics_lib.edition.studies.plan import Plan
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


def difference(by_seed: Mapping[int, Kept], phase: int, minus: str, column: str) -> Interval:
    """Trained exemplars minus another kind, over seeds.

    Args:
        by_seed: seed -> what its run kept.
        phase: one of those that were kept.
        minus: the other kind.
        column: one of ``NUMBERS``.
    """
    tables = [by_kind(kept, phase)[column] for kept in by_seed.values()]
    return interval([float(of["trained"] - of[minus]) for of in tables])


SAID = {
    "lower": "nearer to the boundary than",
    "higher": "farther from the boundary than",
    "no difference shown": "not shown to be nearer to the boundary or farther from it than",
    "too few seeds": "of too few seeds to be compared with",
}
"""What the interval of a difference of the margin's size says of trained exemplars."""


COMPARED = {"start": "the images that they were trained from", "herding": "herding's", "random": "random images"}
"""What trained exemplars are compared with, and what a sentence calls it."""


def against(by_seed: Mapping[int, Kept], phase: int) -> list[str]:
    """Whether trained exemplars are shown to be nearer to the boundary than each other kind: parts of a sentence.

    Where they were trained from herding's at this very network, those are what they were: one part for both.
    """
    found, parts = levels(by_seed, phase), []
    same = list(found.loc["start"]) == list(found.loc["herding"])
    for minus, name in COMPARED.items():
        if not (same and minus == "start"):
            size = difference(by_seed, phase, minus, "size")
            were = ", which they were" if same and minus == "herding" else ""
            parts.append(f"{SAID[size.verdict]} {name}{were} ({size:.3f})")
    return parts


CHANGED = {
    "lower": "is shown to be lower",
    "higher": "is shown to be higher",
    "no difference shown": "is not shown to be other",
    "too few seeds": "is of too few seeds to be shown other",
}
"""What an interval says of a number of trained exemplars, beside that of what they were."""


def signed(by_seed: Mapping[int, Kept], phase: int) -> str:
    """What training did to the margin with its sign, and to the share on the wrong side: a sentence.

    Beside the size of the margin, which is the same on both sides of a boundary, and does not see who crosses it.
    """
    margin, wrong = (difference(by_seed, phase, "start", column) for column in ("margin", "wrong"))
    return (
        f"with its sign, their margin {CHANGED[margin.verdict]} than before training ({margin:.3f}), and in per cent "
        f"their share on the wrong side {CHANGED[wrong.verdict]} ({wrong:.1f})"
    )


def answer(by_seed: Mapping[int, Kept], phase: int) -> str:
    """Whether trained exemplars lie on the boundary, and nearer to it than others: a sentence without its subject."""
    found, parts = levels(by_seed, phase), against(by_seed, phase)
    near = ", ".join(f"{float(found['near'][kind]):.1f} % of {words}" for kind, words in KINDS.items())
    return f"{'; '.join(parts)}; {signed(by_seed, phase)}. Within {NEAR} of the boundary are {near}"


KINDS = {"trained": "trained ones", "herding": "herding's", "random": "random images"}
"""A kind, and what a sentence calls it."""
