"""Signs turned round in all ways: by hand, one after the other, and as scipy has it."""

from __future__ import annotations

from itertools import product
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnemonics_lib.edition.paired.sign_flips import MOST, sign_flips


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([2.0], 1.0),  # both flips are as far
        ([1.0, 2.0, 4.0], 2 / 8),  # 7 and -7
        ([-1.0, 2.0, 4.0], 4 / 8),  # 5, and 7 beyond it, each with both signs
        ([-4.0, -2.0, 1.0], 4 / 8),  # likewise below 0
        ([1.0, 1.0, 1.0, -1.0], 10 / 16),  # 2 with four flips, 4 with one, each with both signs
        ([1.0, -1.0], 1.0),
        ([0.0, 0.0], 1.0),
        ([0.0, 3.0], 1.0),
        ([0.1] * 5, 2 / 32),  # the least that five have
    ],
)
def test_by_hand(values: list[float], p: float):
    assert sign_flips(values) == p


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=8))
def test_it_is_each_flip_counted(values):
    """Whole numbers have ties, and no rounding; tenths of them are rounded, and have the same ties."""
    far = abs(sum(values))
    expected = fmean(
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True))) >= far
        for signs in product((-1, 1), repeat=len(values))
    )
    assert sign_flips(values) == expected
    assert sign_flips([value / 10 for value in values]) == expected


@pytest.mark.parametrize("shift", [0.0, 0.4, -0.9])
@pytest.mark.parametrize("n", [4, 9, 12])
def test_it_is_scipys(n: int, shift: float):
    values = np.random.default_rng(n).normal(shift, 1.0, size=n)
    theirs = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flips(values.tolist()) == pytest.approx(theirs.pvalue)


def test_as_many_as_are_gone_through():
    assert sign_flips([1.0] * MOST) == 2 / 2**MOST
    with pytest.raises(ValueError, match="must be 1 to 15 numbers"):
        sign_flips([1.0] * (MOST + 1))


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_what_is_no_number_is_refused(values: list[float]):
    with pytest.raises(ValueError, match="all of them finite"):
        sign_flips(values)
