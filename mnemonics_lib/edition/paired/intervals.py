"""Intervals from paired seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval (Student's t), of 95 % where no other level was asked for.

    Attributes:
        mean: of the n values.
        low: lower end; NaN below 3 values, which are too few for a claim.
        high: upper end; likewise.
        n: number of values.
    """

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        """``+1.23 [+0.45, +2.01], n = 10``; below 3 values the mean alone, called what it is."""
        return f"{self:.2f}"

    def __format__(self, spec: str) -> str:
        """The same with each number in a format of its own, such as ``.3f``."""
        spec = f"+{spec or '.2f'}"
        if self.n < 3:
            return f"{self.mean:{spec}}, n = {self.n} (no interval)"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}], n = {self.n}"

    @property
    def without_n(self) -> str:
        """``+1.23 [+0.45, +2.01]``, for a table that gives the number of values once."""
        return self.bare()

    def bare(self, digits: int = 2) -> str:
        """The same with so many digits after the point."""
        return f"{self:.{digits}f}".rpartition(", n = ")[0]

    @property
    def verdict(self) -> str:
        """What the interval allows to be said: ``higher``, ``lower``, ``no difference shown`` or ``too few seeds``."""
        if self.n < 3:
            return "too few seeds"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "no difference shown"

    @property
    def in_words(self) -> str:
        """The verdict, as what stands between two arms in a sentence."""
        return IN_WORDS[self.verdict]


IN_WORDS = {
    "higher": "is shown to be higher than",
    "lower": "is shown to be lower than",
    "no difference shown": "is not shown to differ from",
    "too few seeds": "has too few seeds to be compared with",
}
"""Verdict -> its words."""


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean and t interval of independent values.

    Args:
        values: at least one.
        level: of confidence, between 0 and 1.

    Raises:
        ValueError: when there are no values, or one is no finite number: its interval would show nothing in silence.
    """
    x = np.asarray(values, dtype=float)
    if not len(x) or not np.isfinite(x).all():
        raise ValueError(f"values = {x.tolist()}: must be numbers, at least one, all of them finite")
    mean = float(x.mean())
    if len(x) < 3:
        return Interval(mean, float("nan"), float("nan"), len(x))
    half = float(stats.t.ppf((1 + level) / 2, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
    return Interval(mean, mean - half, mean + half, len(x))


def paired(first: dict[int, float], second: dict[int, float], level: float = 0.95) -> Interval:
    """Interval of ``first - second`` over the seeds that both have (seed -> value).

    Args:
        first: seed -> value.
        second: likewise.
        level: of confidence, between 0 and 1.

    Raises:
        ValueError: when no seed is in both.
    """
    seeds = sorted(first.keys() & second.keys())
    if not seeds:
        raise ValueError(f"no seed in both: {sorted(first)} and {sorted(second)}")
    return interval([first[seed] - second[seed] for seed in seeds], level)


def detectable(values: Sequence[float], level: float = 0.95, power: float = 0.8) -> float:
    """The smallest true mean that a study like this one shows to be above zero in ``power`` of its repetitions.

    For as many values of the same standard deviation, by the noncentral t distribution. What an interval does not show
    may be there all the same; this says how large it would have to be.

    Args:
        values: independent ones, at least one.
        level: of the interval that is to be above zero, between 0 and 1.
        power: the share of repetitions, between (1 - level) / 2, which chance gives, and 1.

    Returns:
        In the unit of the values; NaN below 3 values.

    Raises:
        ValueError: for another power.
    """
    n = len(values)
    if not (1 - level) / 2 < power < 1:
        raise ValueError(f"power = {power}: must be between {(1 - level) / 2:.4g} and 1")
    if n < 3:
        return float("nan")
    bound = stats.t.ppf((1 + level) / 2, n - 1)
    # In standard errors; ten times the bound is above all that can be asked for.
    needed = optimize.brentq(lambda shift: stats.nct.sf(bound, n - 1, shift) - power, 0.0, 10.0 * bound)
    return float(needed * np.std(values, ddof=1) / np.sqrt(n))


def unpaired(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Interval:
    """Mean of ``first`` minus mean of ``second``, and Welch's t interval: two samples that share no seed.

    Args:
        first: independent values.
        second: likewise, of another spread if need be.
        level: of confidence, between 0 and 1.

    Returns:
        The difference; its n is the size of the smaller sample, and below 3 there is no interval.

    Raises:
        ValueError: when one of the two is empty, or one of the values is no finite number.
    """
    for name, values in (("first", first), ("second", second)):
        if not len(values) or not np.isfinite(values).all():
            raise ValueError(f"{name} = {list(values)}: must be numbers, at least one, all of them finite")
    mean, n = float(np.mean(first) - np.mean(second)), min(len(first), len(second))
    if n < 3:
        return Interval(mean, float("nan"), float("nan"), n)
    ends = stats.ttest_ind(first, second, equal_var=False).confidence_interval(level)
    return Interval(mean, float(ends.low), float(ends.high), n)
