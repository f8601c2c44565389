"""Whether exemplars lie on, near or beyond the boundary, and nearer than others: sentences over arms and phases."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.evidence.boundary.margins import COMPARED, NEAR, Places, levels, over
from mnemonics_lib.edition.names import together
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
        f"**On the boundary?** More than half of the trained exemplars lie within {NEAR} of it, bounds of our own, in "
        f"{over_half or 'none'} of {len(near)} places. The most are {near[most]['trained']:.1f} %, in {most}; "
        f"there it is {others}."
    )


def nearer(places: Places) -> list[str]:
    """Whether trained exemplars lie nearer to the boundary between classes: a sentence for each of ``COMPARED``.

    *Near* is of the size of the margin, which is the same on both sides of a boundary. A difference to herding's
    or to random images may have been there before training, so that the start is compared with them, too.

    Args:
        places: as in :func:`over`.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.paired.tally.tally`.
    """
    lines = []
    for minus, name in COMPARED.items():
        if found := over(places, minus, "size"):
            began = over(places, minus, "size", "start") if minus != "start" else {}
            before = f". Before training they were {_sides(began)}" if began else ""
            lines.append(f"**Nearer to the boundary than {name}?** In {len(found)} places: {_sides(found)}{before}.")
    return lines


def _sides(found: Mapping[str, Interval]) -> str:
    return tally(found, "nearer", "farther")


def strict(places: Places) -> str:
    """What of *nearer than they were* remains when its intervals hold together at 95 % (Bonferroni): a sentence."""
    together_ = over(places, "start", "size", level=1 - 0.05 / len(places))
    return (
        "Against the images that they were trained from, with intervals that hold together at 95 % over the "
        f"{len(places)} places: {_sides(together_)}."
    )


def crossed(places: Places) -> list[str]:
    """What training did to the margin with its sign, and to the distance to the mean: two sentences.

    Beside the size of the margin, which does not see who crosses a boundary. Noise on the pixels may do the same.

    Args:
        places: as in :func:`over`.
    """
    margin, wrong, far = (over(places, "start", column) for column in ("margin", "wrong", "percentile"))
    return [
        "**Over to the other side?** With its sign, their margin is, against what it was before training, "
        f"{tally(margin, 'lower', 'higher')}; their share on the wrong side, {tally(wrong, 'lower', 'higher')}.",
        f"**Away from the mean of their class?** Against what they were: {tally(far, 'nearer', 'farther')}.",
    ]


def in_words(places: Places) -> list[str]:
    """All of these, the claim as it is worded first; nothing where no place is there."""
    return [mostly_near(places), *nearer(places), *crossed(places)] if places else []


ASKED = [(minus, kind) for minus in COMPARED for kind in ("trained", *(["start"] if minus != "start" else []))]
"""Whose sizes of the margin :func:`nearer` compares."""


def intervals(places: Places) -> int:
    """How many intervals the sentences of :func:`in_words` count."""
    sizes = [over(places, minus, "size", kind) for minus, kind in ASKED]
    return sum(map(len, sizes)) + 3 * len(places)
