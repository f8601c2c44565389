"""Intervals that are clear of 0 by chance: against every flip of a few seeds, one after the other."""

from __future__ import annotations

from itertools import product
from statistics import fmean

import numpy as np
import pytest

from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.joint_flips import clear_by_chance


def cells(seeds: int, count: int, shift: float = 0.0, common: float = 0.0, seed: int = 0) -> list[dict[int, float]]:
    generator = np.random.default_rng(seed)
    of_seed = common * generator.normal(size=seeds)
    return [dict(enumerate(shift + of_seed + generator.normal(size=seeds))) for _ in range(count)]


def counted(study: list[dict[int, float]], signs: tuple[int, ...]) -> int:
    return sum(
        interval([sign * cell[each] for each, sign in enumerate(signs)]).verdict != "no difference shown"
        for cell in study
    )


@pytest.mark.parametrize("common", [0.0, 3.0])
def test_two_studies_are_those_of_every_flip(common: float):
    one, other = cells(5, 4, 1.5, common), cells(4, 3, 1.0, common, seed=1)
    found = clear_by_chance([one, other])
    assert found.of == 7
    assert found.clear == counted(one, (1,) * 5) + counted(other, (1,) * 4)
    counts = [
        counted(one, first) + counted(other, second)
        for first in product((-1, 1), repeat=5)
        for second in product((-1, 1), repeat=4)
    ]
    assert found.expected == pytest.approx(fmean(counts), abs=0.03)
    assert found.p == pytest.approx(fmean(count >= found.clear for count in counts), abs=0.015)


def test_cells_that_are_one_cell_are_clear_together():
    """Counted as independent, five copies of what one of twenty misses would hardly ever all be clear."""
    (cell,) = cells(8, 1, 2.0)
    alone, copied = clear_by_chance([[cell]]), clear_by_chance([[cell] * 5])
    assert (copied.clear, copied.of) == (5, 5)
    assert copied.p == alone.p > 0
    assert copied.expected == pytest.approx(5 * alone.expected)


def test_the_order_of_seeds_in_a_cell_does_not_count():
    study = cells(6, 3, 1.0)
    turned = [dict(reversed(cell.items())) for cell in study]
    assert clear_by_chance([turned]) == clear_by_chance([study])


def test_a_wider_level_is_clear_of_less():
    study = cells(6, 20, 0.8)
    assert clear_by_chance([study], level=0.99).clear < clear_by_chance([study], level=0.8).clear


def test_equal_differences_have_no_width_and_are_clear():
    assert clear_by_chance([[{0: 1.0, 1: 1.0, 2: 1.0}]]).clear == 1


@pytest.mark.parametrize("study", [[{0: 1.0, 1: 2.0}], [{0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.0, 1: 2.0, 3: 3.0}]])
def test_cells_of_other_seeds_and_too_few_are_refused(study: list[dict[int, float]]):
    with pytest.raises(ValueError, match="must be the same of each cell, at least 3"):
        clear_by_chance([study])
