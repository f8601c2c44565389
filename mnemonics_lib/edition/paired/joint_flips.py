"""How many of several intervals are clear of 0 by chance, where they have their runs in common.

Phases of a run, and settings with the same seeds, are not independent: a seed that does well does so in many cells.
Where training does nothing, the sign of a seed's differences is chance; so whole seeds are turned round, all their
cells at once, and the intervals that are then clear of 0 are counted (a sign-flip test, Monte Carlo).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

DRAWS = 20_000


@dataclass(frozen=True)
class ByChance:
    """What is there, and what chance gives.

    Attributes:
        clear: how many intervals are clear of 0.
        expected: how many are, on average, with seeds turned round at random.
        p: the share of such draws in which at least as many are.
        of: how many intervals there are.
    """

    clear: int
    expected: float
    p: float
    of: int


def clear_by_chance(studies: Sequence[Sequence[Mapping[int, float]]], level: float = 0.95, seed: int = 0) -> ByChance:
    """Intervals of several studies that are clear of 0, and how many would be where the signs of seeds were chance.

    Args:
        studies: of each its cells, seed -> difference, all of the same seeds, at least three. A seed is turned round
            in all cells of its study at once; the same number in two studies is two seeds.
        level: of each interval.
        seed: of the draws.

    Raises:
        ValueError: where the cells of a study have other seeds than its first, or fewer than three.
    """
    generator = np.random.default_rng(seed)
    counts, clear, cells = np.zeros(DRAWS, dtype=int), 0, 0
    for study in studies:
        seeds = sorted(study[0])
        if len(seeds) < 3 or any(sorted(cell) != seeds for cell in study):
            raise ValueError(f"seeds = {[sorted(cell) for cell in study]}: must be the same of each cell, at least 3")
        values = np.array([[cell[each] for each in seeds] for cell in study])
        clear += int(_clear(np.ones((1, len(seeds))), values, level)[0])
        counts += _clear(generator.choice([-1.0, 1.0], size=(DRAWS, len(seeds))), values, level)
        cells += len(study)
    return ByChance(clear, float(counts.mean()), float((counts >= clear).mean()), cells)


def _clear(signs: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """For each row of signs [draws, seeds], how many rows of values [cells, seeds] have an interval clear of 0."""
    n = values.shape[1]
    mean = signs @ values.T / n
    squares = (np.square(values).sum(axis=1) - n * np.square(mean)) / (n - 1)  # signs have the square 1
    half = stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(np.maximum(squares, 0.0) / n)
    return (np.abs(mean) > half).sum(axis=1)
