"""How many of several things that were tried apart are below all that chance does, and how many would be of none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from mnemonics_lib.edition.names import span

Differences = Mapping[int, float]
"""Seed -> difference from herding's run of that seed (points)."""

DRAWS = 100_000

A_QUARTER = 0.25
"""How often the mean of a row is below two runs of chance, of seeds that the row has, where nothing is the matter.

With independent runs of one spread, the two differences from chance are then uncorrelated, whatever the row's seeds.
"""


def below(rows: Sequence[Differences], chance: Differences) -> int:
    """How many rows have a mean below every run of chance."""
    return sum(fmean(row.values()) < min(chance.values()) for row in rows)


def by_luck(rows: Sequence[Differences], chance: Differences) -> np.ndarray:
    """How many rows are below all that chance does where nothing is the matter with any, in each of many draws.

    Every run is then an independent normal number of one spread, and all rows, and chance, are differences from the
    same runs of herding's, so that rows are not independent.

    Args:
        rows: of which only the seeds count.
        chance: likewise.

    Returns:
        A count for each of ``DRAWS`` draws, with a generator of a fixed seed.
    """
    generator = np.random.default_rng(0)
    seeds = {seed for of in (*rows, chance) for seed in of}
    herding = {seed: generator.normal(size=DRAWS) for seed in sorted(seeds)}

    def drawn(of: Differences) -> np.ndarray:
        return np.stack([generator.normal(size=DRAWS) - herding[seed] for seed in of])

    least = drawn(chance).min(axis=0)
    return np.sum([drawn(row).mean(axis=0) < least for row in rows], axis=0)


def in_words(rows: Sequence[Differences], chance: Differences) -> str:
    """How many are below chance, how many would be by luck, and how often as many would be.

    Args:
        rows: what was tried.
        chance: what two runs come to with which nothing is the matter, of seeds that all rows have.

    Raises:
        ValueError: for another chance, which is below a row more or less often.
    """
    if len(chance) != 2 or not all(chance.keys() <= row.keys() for row in rows):
        raise ValueError(f"chance = {dict(chance)}: must be of two seeds that each row has")
    found, luck = below(rows, chance), by_luck(rows, chance)
    return (
        f"Of {len(rows)} rows the mean of {found} is below both runs of chance; where nothing is the matter with any, "
        f"{A_QUARTER * len(rows):g} are expected to be. Rows share herding's runs and those of chance, so that {found} "
        f"or more are below in {100 * np.mean(luck >= found):.0f} % of such tables (of normal numbers). The harm "
        f"itself is one of {span(map(len, rows), '{:.0f}')} seeds."
    )
