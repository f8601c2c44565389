"""Intervals from paired seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


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
    def verdict(self) -> str:
        """What the interval allows to be said: ``higher``, ``lower``, ``no difference shown`` or ``too few seeds``."""
        if self.n < 3:
            return "too few seeds"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "no difference shown"


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean and t interval of independent values.

    Args:
        values: at least one.
        level: of confidence, between 0 and 1.

    Raises:
        ValueError: when there are no values.
    """
    x = np.asarray(values, dtype=float)
    if not len(x):
        raise ValueError("values = []: must hold at least one number")
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
