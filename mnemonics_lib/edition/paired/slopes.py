"""Whether differences between two arms grow: a straight line through those of each seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import linear_regression

import numpy as np
from scipy import stats

from mnemonics_lib.edition.paired.intervals import Interval, interval

GROWS = {
    "higher": "is shown to grow with",
    "lower": "is shown to shrink with",
    "no difference shown": "is not shown to change with",
    "too few seeds": "has too few seeds to be followed over",
}
"""The verdict on a mean slope -> its words."""


def slopes(differences: Mapping[float, Mapping[int, float]]) -> dict[int, float]:
    """Seed -> slope, least squares, of the line through its values.

    Args:
        differences: x -> seed -> value, for at least two x. Seeds that an x lacks are left out, so that every line has
            the same x.

    Returns:
        In the unit of the values, for one more of x.

    Raises:
        ValueError: where x has one value.
    """
    seeds = sorted(set.intersection(*({*of} for of in differences.values())))
    return {seed: linear_regression([*differences], [of[seed] for of in differences.values()]).slope for seed in seeds}


def slope(differences: Mapping[float, Mapping[int, float]], level: float = 0.95) -> Interval:
    """Mean and interval of the slopes of all seeds.

    Args:
        differences: as of :func:`slopes`.
        level: of confidence, between 0 and 1.

    Returns:
        In the unit of the values, for one more of x.

    Raises:
        ValueError: where no seed has every x, or x has one value.
    """
    return interval([*slopes(differences).values()], level)


def over_doublings(differences: Mapping[int, Mapping[int, float]], level: float = 0.95) -> Interval:
    """The same for one more doubling of x.

    Args:
        differences: x, above 0 -> seed -> value, as of :func:`slope`.
        level: likewise.

    Raises:
        ValueError: as :func:`slope`, and for an x of 0 or below.
    """
    return slope(by_doublings(differences), level)


def by_doublings(differences: Mapping[int, Mapping[int, float]]) -> dict[float, Mapping[int, float]]:
    """Values by their doublings, log2 of x, which must be above 0."""
    return {math.log2(x): of for x, of in differences.items()}


def slope_by_scatter(differences: Mapping[float, Mapping[int, float]], level: float = 0.95) -> Interval:
    """Mean of the slopes as :func:`slope`, and an interval by how far the values scatter about their lines.

    That of :func:`slope` goes by how far the slopes of seeds differ. Of few seeds they may be close together by luck,
    which all values together, each about the line of its seed, hardly are. This takes the scatter to be the same at
    every x, and leaves out that seeds may have other slopes in truth: where they do, it is too short.

    Args:
        differences: as of :func:`slopes`, for at least three x: through two a line goes without scatter.
        level: of confidence, between 0 and 1.

    Raises:
        ValueError: where no seed has every x, or x has fewer than three values.
    """
    if len(differences) < 3:
        raise ValueError(f"x = {[*differences]}: must be at least three")
    of_seeds = slopes(differences)
    found, x = interval([*of_seeds.values()], level), np.array([*differences])
    if found.n < 3:
        return found
    values = np.array([[of[seed] for seed in of_seeds] for of in differences.values()])
    x = x - x.mean()
    about = values - values.mean(axis=0) - np.outer(x, [*of_seeds.values()])
    freedom = found.n * (len(x) - 2)
    error = math.sqrt((about**2).sum() / freedom / (found.n * (x @ x)))
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Interval(found.mean, found.mean - half, found.mean + half, found.n)
