"""Lines through differences: against the closed form, over the seeds that every point has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.edition.paired.intervals import IN_WORDS, interval
from mnemonics_lib.edition.paired.slopes import GROWS, over_doublings, slope

NUMBERS = st.floats(-50, 50, allow_nan=False)


@given(st.lists(st.lists(NUMBERS, min_size=5, max_size=5), min_size=2, max_size=6))
def test_it_is_least_squares_of_each_seed(values) -> None:
    x = np.array([1.0, 2.3, 3.6, 4.9, 5.0])
    centred = x - x.mean()
    each = [float(centred @ np.array(of) / (centred @ centred)) for of in values]
    found = slope({at: {seed: of[k] for seed, of in enumerate(values)} for k, at in enumerate(x)})
    assert found.n == len(values)
    assert found.mean == pytest.approx(interval(each).mean, abs=1e-9)
    assert found.low == pytest.approx(interval(each).low, abs=1e-9, nan_ok=True)


def test_a_straight_line_has_its_slope_and_a_seed_that_a_point_lacks_is_left_out() -> None:
    found = slope({1: {0: 1.0, 1: 5.0, 2: 9.0}, 2: {0: 3.0, 1: 7.0}, 4: {0: 7.0, 1: 11.0, 2: 0.0}})
    assert (found.n, found.mean) == (2, 2.0)


@pytest.mark.parametrize("differences", [{1: {0: 1.0}, 2: {1: 1.0}}, {1: {0: 1.0}}])
def test_no_line_is_refused(differences) -> None:
    with pytest.raises(ValueError, match=r"must be numbers, at least one|at least two data points"):
        slope(differences)


def test_each_verdict_has_its_words() -> None:
    assert GROWS.keys() == IN_WORDS.keys()


def test_over_doublings_a_slope_is_for_twice_as_much():
    found = over_doublings({1: {0: 0.0, 1: 1.0}, 4: {0: 3.0, 1: 4.0}, 16: {0: 6.0, 1: 7.0}})
    assert found.mean == pytest.approx(1.5)
    assert found.n == 2
    with pytest.raises(ValueError, match=r"math domain error|positive"):
        over_doublings({0: {0: 0.0}, 4: {0: 3.0}})
