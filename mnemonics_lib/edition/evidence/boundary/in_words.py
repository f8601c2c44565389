"""Whether exemplars lie on, near or beyond the boundary, and nearer than others: sentences over arms and phases."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.evidence.boundary.margins import COMPARED, NEAR, Places, levels, over
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import tally


def mostly_near(places: Places) -> str:
    """The claim as it is worded, *on* the boundary, by a bound of ours: where most of them are within ``NEAR``.

    Args:
        places: at least one.
    """
    near = {name: levels(tables)["near"] for name, tables in places.items()}
    most = max(near, key=lambda name: float(near[name]["trained"]))
    others = together([f"{near[most][kind]:.1f} % of {name}" for kind, name in COMPARED.items()])
    over_half = sum(float(of["trained"]) > 50 for of in near.values())
    return (
        f"**On the boundary?** More than half of the trained exemplars lie within {NEAR} of it (both bounds are ours) "
        f"in {over_half or 'none'} of {several(len(near), 'place')}. The most are {near[most]['trained']:.1f} %, in "
        f"{most}; there it is {others}."
    )


AGAINST_EACH = {
    "size": ("**Nearer to it** by the size of the margin?", "nearer", "farther"),
    "near": (f"**More of them** within {NEAR} of it?", "fewer", "more"),
    "other": ("**Nearer to an image of another class** by features?", "nearer", "farther"),
}
"""Columns that are compared with each of ``COMPARED``: the question, and what a lower and a higher number is."""

AGAINST_START = ("margin", "wrong", "percentile")
"""Columns that :func:`crossed` compares with what exemplars were before training."""


def compared(places: Places, column: str) -> str:
    """A number of trained exemplars against each of ``COMPARED``, a sentence for all three.

    A difference to herding's or to random images may have been there before training, so that the start is compared
    with them, too. *Near* is of the size of the margin, which is the same on both sides of a boundary.

    Args:
        places: as in :func:`over`.
        column: one of ``AGAINST_EACH``.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.paired.tally.tally`.
    """
    question, lower, higher = AGAINST_EACH[column]
    parts = []
    for minus, name in COMPARED.items():
        if found := over(places, minus, column):
            began = over(places, minus, column, "start") if minus != "start" else {}
            before = f", before training: {_sides(began, lower, higher)}" if began else ""
            against = "what they were" if minus == "start" else name
            parts.append(f"against {against}, {several(len(found), 'place')}: {_sides(found, lower, higher)}{before}")
    said = "; ".join(parts)
    return f"{question} {said[:1].upper()}{said[1:]}."


def _sides(found: Mapping[str, Interval], lower: str = "nearer", higher: str = "farther") -> str:
    """The tally without a side that has none, which is shorter; of neither, that no difference is shown."""
    said = tally(found, lower, higher).removeprefix(f"{lower} in none, ").removesuffix(f", {higher} in none")
    return "no difference shown" if said == f"{higher} in none" else said


def strict(places: Places) -> str:
    """What of *nearer than they were* remains when its intervals hold together at 95 % (Bonferroni): a sentence."""
    together_ = over(places, "start", "size", level=1 - 0.05 / len(places))
    return (
        "By the size of the margin against what they were, with intervals that hold together at 95 % over "
        f"{several(len(places), 'place')}: {_sides(together_)}."
    )


def crossed(places: Places) -> list[str]:
    """What training did to the margin with its sign, and to the distance to the mean: two sentences.

    Beside the size of the margin, which does not see who crosses a boundary. Noise on the pixels may do the same.

    Args:
        places: as in :func:`over`.
    """
    margin, wrong, far = (over(places, "start", column) for column in AGAINST_START)
    return [
        "**Over to the other side?** Against what they were, the margin with its sign: "
        f"{_sides(margin, 'lower', 'higher')}; the share on the wrong side: {_sides(wrong, 'lower', 'higher')}.",
        f"**Away from the mean of their class?** Against what they were: {_sides(far)}.",
    ]


def in_words(places: Places) -> list[str]:
    """All of these, the claim as it is worded first; nothing where no place is there."""
    if not places:
        return []
    return [mostly_near(places), *(compared(places, column) for column in AGAINST_EACH), *crossed(places)]


ASKED = [(minus, kind) for minus in COMPARED for kind in ("trained", *(["start"] if minus != "start" else []))]
"""Whose numbers :func:`compared` compares."""


def intervals(places: Places) -> int:
    """How many intervals of 95 % the sentences of :func:`in_words` count."""
    each = [over(places, minus, column, kind) for column in AGAINST_EACH for minus, kind in ASKED]
    start = [over(places, "start", column) for column in AGAINST_START]
    return sum(map(len, [*each, *start]))
