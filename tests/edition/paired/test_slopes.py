"""Lines through differences: against the closed form, over the seeds that every point has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnemonics_lib.edition.paired.intervals import IN_WORDS, interval
from mnemonics_lib.edition.paired.slopes import GROWS, by_doublings, over_doublings, slope, slope_by_scatter, slopes

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


def test_each_seed_has_its_slope():
    assert slopes({1: {0: 1.0, 1: 5.0, 2: 9.0}, 3: {1: 9.0, 0: 0.0}}) == {0: -0.5, 1: 2.0}


def test_a_higher_level_has_a_longer_interval():
    one, two = {0: 0.0, 1: 0.0, 2: 0.0}, {0: 1.0, 1: 2.0, 2: 4.0}
    assert slope({1.0: one, 2.0: two}, 0.9) == interval([1.0, 2.0, 4.0], 0.9)
    assert over_doublings({2: one, 4: two}, 0.99) == interval([1.0, 2.0, 4.0], 0.99)


def test_the_scatter_about_lines_is_seen_where_their_slopes_are_equal():
    """Three lines of slope 1 with residuals 1, -2, 1: squares of 18, 3 degrees of freedom, squares of x of 2."""
    values = {
        x: {seed: 10.0 * seed + x + bent for seed in range(3)} for x, bent in ((0.0, 1.0), (1.0, -2.0), (2.0, 1.0))
    }
    assert slope(values).low == slope(values).high == 1.0
    found = slope_by_scatter(values)
    assert (found.mean, found.low, found.high, found.n) == pytest.approx((1.0, 1 - 3.182446, 1 + 3.182446, 3))
    assert slope_by_scatter(values, 0.9).high == pytest.approx(1 + 2.353363)


def test_it_is_least_squares_with_an_intercept_and_a_slope_for_each_seed():
    generator, x, seeds = np.random.default_rng(0), np.log2([2, 5, 12, 30, 60]), 4
    values = generator.normal(size=(len(x), seeds))
    columns = np.kron(np.eye(seeds), np.column_stack([np.ones(len(x)), x]))
    target = values.T.ravel()
    fitted, (squares,), *_ = np.linalg.lstsq(columns, target)
    covariance = np.linalg.inv(columns.T @ columns) * squares / (len(target) - 2 * seeds)
    weights = np.tile([0, 1 / seeds], seeds)
    half = stats.t.ppf(0.975, len(target) - 2 * seeds) * np.sqrt(weights @ covariance @ weights)
    found = slope_by_scatter({at: dict(enumerate(row)) for at, row in zip(x, values, strict=True)})
    assert found.mean == pytest.approx(weights @ fitted)
    assert found.high - found.mean == pytest.approx(half)


def test_too_few_for_a_scatter():
    assert np.isnan(slope_by_scatter({x: {0: 1.0, 1: float(x)} for x in (1, 2, 3)}).low)
    with pytest.raises(ValueError, match=r"x = \[1, 2\]: must be at least three"):
        slope_by_scatter({x: dict.fromkeys(range(3), 1.0) for x in (1, 2)})


def test_doublings_are_counted_from_one():
    assert by_doublings({1: {0: 5.0}, 8: {0: 6.0}}) == {0.0: {0: 5.0}, 3.0: {0: 6.0}}
