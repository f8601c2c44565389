"""Lines through differences: against the closed form, over the seeds that every point has."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnemonics_lib.edition.paired.intervals import IN_WORDS, Interval, interval
from mnemonics_lib.edition.paired.slopes import (
    GROWS,
    SEEMS,
    Trend,
    by_doublings,
    ends,
    over_doublings,
    slope,
    slope_by_means,
    slope_by_scatter,
    slopes,
    trend,
)

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


def test_the_scatter_of_the_means_is_that_of_one_point_for_each_x():
    """Means of 1, 2 and 6 at 0, 1, 2: slope 2.5, squares of residuals 1.5, 1 degree of freedom, squares of x 2."""
    values = {x: {0: mean - 1.0, 1: mean, 2: mean + 1.0} for x, mean in ((0.0, 1.0), (1.0, 2.0), (2.0, 6.0))}
    values[1.0][9] = 1000.0  # a seed that the others lack
    half = 12.706205 * np.sqrt(1.5 / 2)
    found = slope_by_means(values)
    assert (found.mean, found.low, found.high, found.n) == pytest.approx((2.5, 2.5 - half, 2.5 + half, 3))
    assert slope_by_means(values, 0.9).high == pytest.approx(2.5 + 6.313752 * np.sqrt(1.5 / 2))


def test_the_scatter_of_the_means_sees_a_bend_that_all_seeds_have():
    """1 x apart from four that are alike: the slopes of the seeds agree, and a line does not fit."""
    values = {x: {seed: (x == 0) + 0.01 * (-1) ** seed * x for seed in range(4)} for x in (0.0, 1.0, 2.0, 3.0)}
    assert slope(values).verdict == "lower"
    assert slope_by_means(values).verdict == "no difference shown"


def test_too_few_for_a_scatter_of_means():
    assert np.isnan(slope_by_means({x: {0: 1.0, 1: float(x)} for x in (1, 2, 3)}).low)
    with pytest.raises(ValueError, match=r"x = \[1, 2\]: must be at least three"):
        slope_by_means({x: dict.fromkeys(range(3), 1.0) for x in (1, 2)})


def test_a_trend_is_asked_in_all_ways():
    generator = np.random.default_rng(1)
    values = {x: dict(enumerate(generator.normal(size=5) + x)) for x in (1, 2, 4, 8)}
    found = trend(values)
    assert found.found == over_doublings(values)
    assert found.by_scatter == slope_by_scatter(by_doublings(values))
    assert found.by_means == slope_by_means(by_doublings(values))
    assert found.without[4] == over_doublings({x: values[x] for x in (1, 2, 8)})


BELOW, NOTHING = Interval(-0.24, -0.391, -0.08, 5), Interval(-0.24, -0.55, 0.08, 5)
SURE = Trend(BELOW, BELOW, BELOW, {1: BELOW, 2: BELOW, 5: BELOW})


def test_what_all_ways_show_is_shown():
    assert (SURE.hangs_on, SURE.a_hint, SURE.grows, SURE.but("epochs")) == ([], False, "is shown to shrink with", "")
    assert SURE.row("slope", "epochs") == {
        "slope": "-0.24 [-0.39, -0.08], n = 5",
        "by all values' scatter": "[-0.39, -0.08]",
        "by the means' scatter": "[-0.39, -0.08]",
        "another verdict without (epochs)": "none",
        "a change": "shown",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by_means": NOTHING}, "by the scatter of the means about their line the interval is [-0.55, +0.08]"),
        ({"by_scatter": NOTHING}, "by the scatter of all values about the lines of their seeds the interval is [-0.55"),
        ({"without": {1: NOTHING, 2: NOTHING, 5: NOTHING}}, "without 1, 2 or 5 a class it is another verdict"),
        ({"without": {1: NOTHING, 2: BELOW, 5: NOTHING}}, "without 1 or 5 a class it is another verdict"),
    ],
)
def test_what_one_way_does_not_show_is_a_hint(changes, said):
    found = dataclasses.replace(SURE, **changes)
    assert (found.a_hint, found.grows) == (True, "seems to shrink with")
    assert found.but("a class").startswith(f"; a hint, since {said}")
    assert found.row("slope", "a class")["a change"] == "a hint"


def test_what_the_seeds_do_not_show_is_no_hint_whatever_another_way_shows():
    found = Trend(NOTHING, BELOW, BELOW, {1: NOTHING, 2: BELOW})
    assert (found.a_hint, found.grows) == (False, "is not shown to change with")
    assert found.but("epochs") == "; without 2 epochs it is another verdict"
    assert found.row("slope", "epochs")["a change"] == "not shown"


def test_what_seems_has_the_words_of_what_is_shown():
    assert {
        verdict: words.replace("is shown", "seems") for verdict, words in GROWS.items() if verdict in SEEMS
    } == SEEMS


def test_ends_have_their_digits_and_few_values_none():
    assert ends(BELOW, 3) == "[-0.391, -0.080]"
    assert ends(interval([1.0, 2.0])) == "no interval"
