"""Whether differences between two arms grow: a straight line through those of each seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import linear_regression

from mnemonics_lib.edition.paired.intervals import Interval, interval

GROWS = {
    "higher": "is shown to grow with",
    "lower": "is shown to shrink with",
    "no difference shown": "is not shown to change with",
    "too few seeds": "has too few seeds to be followed over",
}
"""The verdict on a mean slope -> its words."""


def slope(differences: Mapping[float, Mapping[int, float]]) -> Interval:
    """Mean and 95 % interval of the slopes, least squares, of the lines of all seeds.

    Args:
        differences: x -> seed -> value, for at least two x. Seeds that an x lacks are left out, so that every line has
            the same x.

    Returns:
        In the unit of the values, for one more of x.

    Raises:
        ValueError: where no seed has every x, or x has one value.
    """
    seeds = sorted(set.intersection(*({*of} for of in differences.values())))
    return interval(
        [linear_regression([*differences], [of[seed] for of in differences.values()]).slope for seed in seeds]
    )


def over_doublings(differences: Mapping[int, Mapping[int, float]]) -> Interval:
    """The same for one more doubling of x.

    Args:
        differences: x, above 0 -> seed -> value, as of :func:`slope`.

    Raises:
        ValueError: as :func:`slope`, and for an x of 0 or below.
    """
    return slope({math.log2(x): of for x, of in differences.items()})
