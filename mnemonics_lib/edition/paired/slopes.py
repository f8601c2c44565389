"""Whether differences between two arms grow: a straight line through those of each seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, linear_regression

import numpy as np
from scipy import stats

from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval, interval

GROWS = {
    "higher": "is shown to grow with",
    "lower": "is shown to shrink with",
    "no difference shown": "is not shown to change with",
    "too few seeds": "has too few seeds to be followed over",
}
"""The verdict on a mean slope -> its words."""

SEEMS = {"higher": "seems to grow with", "lower": "seems to shrink with"}
"""The same where another way to take the interval has another verdict."""


@dataclass(frozen=True)
class Trend:
    """How values change with x, over its doublings, and whether the verdict hangs on how that is asked.

    A slope that was not asked for in advance counts as shown where all these ways show it; else it is a hint.

    Attributes:
        found: the mean of the seeds' slopes, and its interval by how far they differ.
        by_scatter: the same with an interval by how far all values scatter about the lines of their seeds.
        by_means: the same with one by how far the means over seeds scatter about their line.
        without: x -> as found, without the values at that x.
    """

    found: Interval
    by_scatter: Interval
    by_means: Interval
    without: dict[int, Interval]

    @property
    def hangs_on(self) -> list[int]:
        """The x without which the verdict is another one."""
        return [x for x, each in self.without.items() if each.verdict != self.found.verdict]

    @property
    def a_hint(self) -> bool:
        """Whether a change that the seeds' slopes show is not shown in one of the other ways."""
        others = [self.by_scatter, self.by_means, *self.without.values()]
        return self.found.verdict in SEEMS and any(each.verdict != self.found.verdict for each in others)

    @property
    def grows(self) -> str:
        """What may be said of the change: ``is shown to grow with``, ``seems to grow with``."""
        return (SEEMS if self.a_hint else GROWS)[self.found.verdict]

    def but(self, of: str, digits: int = 2) -> str:
        """What the verdict hangs on, as it stands behind its interval; "" for nothing.

        Args:
            of: what x counts, such as ``epochs``.
            digits: of the ends of intervals, after the point.
        """
        said = []
        if self.hangs_on:
            *some, last = map(str, self.hangs_on)
            named = f"{', '.join(some)} or {last}" if some else last
            said.append(f"without {named} {of} it is another verdict")
        if self.found.verdict in SEEMS:
            ways = {
                "by the scatter of all values about the lines of their seeds": self.by_scatter,
                "by the scatter of the means about their line": self.by_means,
            }
            said += [
                f"{way} the interval is {ends(each, digits)}"
                for way, each in ways.items()
                if each.verdict != self.found.verdict
            ]
        return f"; {'a hint, since ' * self.a_hint}{together(said)}" if said else ""

    def row(self, twice: str, of: str) -> dict[str, str]:
        """Cells of a table.

        Args:
            twice: the head of the slopes' column.
            of: what x counts.
        """
        shown = "a hint" if self.a_hint else "shown" if self.found.verdict in SEEMS else "not shown"
        return {
            twice: str(self.found),
            "by all values' scatter": ends(self.by_scatter),
            "by the means' scatter": ends(self.by_means),
            f"another verdict without ({of})": ", ".join(map(str, self.hangs_on)) or "none",
            "a change": shown,
        }


def trend(differences: Mapping[int, Mapping[int, float]]) -> Trend:
    """How values change over the doublings of x, in all the ways of :class:`Trend`, at 95 %.

    Args:
        differences: x, above 0 -> seed -> value, for at least three x.

    Raises:
        ValueError: as :func:`over_doublings`, and for fewer x.
    """
    doubled = by_doublings(differences)
    return Trend(
        found=slope(doubled),
        by_scatter=slope_by_scatter(doubled),
        by_means=slope_by_means(doubled),
        without={
            x: over_doublings({other: of for other, of in differences.items() if other != x}) for x in differences
        },
    )


def ends(found: Interval, digits: int = 2) -> str:
    """``[-0.39, -0.08]``; ``no interval`` for fewer than three values."""
    return f"[{found.low:+.{digits}f}, {found.high:+.{digits}f}]" if found.n > 2 else "no interval"


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


def slope_by_means(differences: Mapping[float, Mapping[int, float]], level: float = 0.95) -> Interval:
    """Mean of the slopes as :func:`slope`, and an interval by how far the means over seeds scatter about their line.

    Where all seeds bend alike, as where one x is apart from the others, neither the seeds' slopes nor the scatter of
    single values tell how little a straight line fits: this does, with a point for each x.

    Args:
        differences: as of :func:`slopes`, for at least three x.
        level: of confidence, between 0 and 1.

    Raises:
        ValueError: as :func:`slope_by_scatter`.
    """
    if len(differences) < 3:
        raise ValueError(f"x = {[*differences]}: must be at least three")
    of_seeds = slopes(differences)
    found = interval([*of_seeds.values()], level)
    if found.n < 3:
        return found
    means = {x: fmean(of[seed] for seed in of_seeds) for x, of in differences.items()}
    line = stats.linregress([*means], [*means.values()])
    half = float(stats.t.ppf((1 + level) / 2, len(means) - 2)) * float(line.stderr)
    return Interval(found.mean, found.mean - half, found.mean + half, found.n)
