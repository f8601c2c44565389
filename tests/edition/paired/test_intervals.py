"""Intervals against scipy's own, and what few seeds allow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnemonics_lib.edition.paired.intervals import detectable, interval, paired, unpaired

NUMBERS = st.lists(st.floats(-100, 100), min_size=3, max_size=20).filter(lambda x: np.std(x) > 1e-3)


@given(NUMBERS, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_students(values, level):
    ours = interval(values, level)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(level)
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-9)
    assert ours.mean == pytest.approx(np.mean(values))


@given(NUMBERS)
def test_the_verdict_follows_the_ends(values):
    ours = interval(values)
    assert (ours.verdict == "higher") == (ours.low > 0)
    assert (ours.verdict == "lower") == (ours.high < 0)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0]])
def test_fewer_than_three_values_make_no_claim(values):
    ours = interval(values)
    assert math.isnan(ours.low)
    assert math.isnan(ours.high)
    assert ours.verdict == "too few seeds"
    assert "no interval" in str(ours)


@pytest.mark.parametrize("values", [[], [1.0, float("nan"), 2.0], [float("inf")] * 3])
def test_what_is_no_number_has_no_interval(values):
    with pytest.raises(ValueError, match=r"values = \[.*\]: must be numbers, at least one, all of them finite"):
        interval(values)


def test_pairs_are_made_by_seed():
    ours = paired({0: 5.0, 1: 7.0, 2: 9.0, 8: 1e9}, {2: 1.0, 1: 2.0, 0: 3.0, 9: -1e9})
    assert (ours.mean, ours.n) == (5.0, 3)


def test_the_level_is_of_95_per_cent_where_no_other_is_asked_for():
    values = [1.0, 2.0, 4.0]
    assert interval(values) == interval(values, 0.95) != interval(values, 0.9)
    assert paired(dict(enumerate(values)), {0: 0.0, 1: 0.0, 2: 0.0}, 0.9) == interval(values, 0.9)


def test_nothing_to_compare_is_an_error():
    with pytest.raises(ValueError, match=r"no seed in both: \[0\] and \[1\]"):
        paired({0: 1.0}, {1: 1.0})
    with pytest.raises(ValueError, match="at least one, all of them finite"):
        interval([])


@given(NUMBERS, NUMBERS, st.sampled_from([0.5, 0.95, 0.99]))
def test_two_samples_have_welchs_interval(first, second, level):
    ours = unpaired(first, second, level)
    squares = [np.var(values, ddof=1) / len(values) for values in (first, second)]
    freedom = sum(squares) ** 2 / sum(
        s**2 / (len(values) - 1) for s, values in zip(squares, (first, second), strict=True)
    )
    half = stats.t.ppf((1 + level) / 2, freedom) * math.sqrt(sum(squares))
    mean = np.mean(first) - np.mean(second)
    assert (ours.mean, ours.low, ours.high) == pytest.approx((mean, mean - half, mean + half), rel=1e-6, abs=1e-6)
    assert ours.n == min(len(first), len(second))


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("level", [0.95, 0.99375])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.99])
def test_what_is_detectable_is_shown_in_that_share_of_repetitions(n, level, power):
    values = stats.norm.ppf((np.arange(n) + 0.5) / n)
    size, spread = detectable(values, level, power), np.std(values, ddof=1)
    samples = np.random.default_rng(0).normal(size, spread, (40_000, n))
    t = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / np.sqrt(n))
    assert np.mean(t > stats.t.ppf((1 + level) / 2, n - 1)) == pytest.approx(power, abs=0.01)


def test_what_is_detectable_has_the_unit_of_the_values_and_does_not_ask_for_their_mean():
    values = [0.0, 1.0, 3.0, 4.0]
    assert detectable([10 * value + 7 for value in values]) == pytest.approx(10 * detectable(values))
    assert math.isnan(detectable([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"power = 0\.01: must be between 0\.025 and 1"):
        detectable(values, power=0.01)


def test_two_samples_need_three_values_each_for_a_claim_and_one_for_a_mean():
    ours = unpaired([1.0, 2.0, 3.0], [1.0, 1.0])
    assert (ours.mean, ours.n, ours.verdict) == (1.0, 2, "too few seeds")
    with pytest.raises(ValueError, match=r"second = \[\]: must be numbers, at least one"):
        unpaired([1.0], [])
    with pytest.raises(
        ValueError, match=r"first = \[nan, 1.0, 2.0\]: must be numbers, at least one, all of them finite"
    ):
        unpaired([float("nan"), 1.0, 2.0], [1.0, 2.0, 3.0])


def test_more_digits_are_shown_when_asked_for():
    values = [0.0, 0.001, 0.002, 0.003]
    assert f"{interval(values):.3f}" == "+0.002 [-0.001, +0.004], n = 4"
    assert f"{interval(values)}" == str(interval(values)) == "+0.00 [-0.00, +0.00], n = 4"
    assert f"{interval(values[:2]):.4f}" == "+0.0005, n = 2 (no interval)"


@pytest.mark.parametrize(("values", "text"), [([1.0, 2.0, 3.0], "+2.00 [-0.48, +4.48]"), ([1.0, 2.0], "+1.50")])
def test_an_interval_is_written_without_its_number_of_values_too(values: list[float], text: str):
    assert interval(values).without_n == text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, 1.1, 1.2], "is shown to be higher than"),
        ([-1.0, -1.1, -1.2], "is shown to be lower than"),
        ([-1.0, 0.0, 1.0], "is not shown to differ from"),
        ([0.0, 0.0, 0.0], "is not shown to differ from"),  # two arms that came out the same, seed by seed
        ([1.0, 1.1], "has too few seeds to be compared with"),
    ],
)
def test_a_verdict_has_words_that_claim_no_more(values: list[float], words: str):
    assert interval(values).in_words == words
