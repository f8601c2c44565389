"""Correlations of falls and gains: against NumPy's and SciPy's, and how often their interval holds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.meta_loss.fall_and_gain import (
    fall_and_gain,
    goes_with_gain,
    mean_correlation,
    pooled,
    pooled_in_words,
    seen_beyond,
    shown_beyond,
    slices_of,
    within,
)
from tests.edition.evidence.falling import pair


def test_the_correlation_is_that_of_falls_and_gains_of_the_same_seed():
    falls, gains = [0.1, 0.4, 0.2, 0.9], [1.0, 0.5, -1.0, 2.0]
    assert fall_and_gain(pair(falls, gains)) == pytest.approx(np.corrcoef(falls, gains)[0, 1])
    turned = pair(falls, gains)
    turned.asked.differences = dict(reversed(turned.asked.differences.items()))
    assert fall_and_gain(turned) == pytest.approx(np.corrcoef(falls, gains)[0, 1])


@pytest.mark.parametrize("seeds", [3, 5, 10, 40])
def test_a_correlation_at_the_bound_has_the_p_value_of_the_level(seeds):
    generator = np.random.default_rng(0)
    x, noise = generator.normal(size=(2, seeds))
    x -= x.mean()
    noise -= noise.mean()
    noise -= x * (noise @ x) / (x @ x)  # uncorrelated with x
    bound = shown_beyond(seeds, together=8)
    y = bound * x / np.linalg.norm(x) + np.sqrt(1 - bound**2) * noise / np.linalg.norm(noise)
    r, p = stats.pearsonr(x, y)
    assert r == pytest.approx(bound)
    assert p == pytest.approx(0.05 / 8)


def test_more_cells_together_ask_for_more():
    assert shown_beyond(10) < shown_beyond(10, together=8) < shown_beyond(5, together=8) < 1


def test_how_large_a_correlation_must_be_is_said_of_the_setting_with_the_fewest_seeds():
    few, many = (
        pair([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.5]),
        pair([0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 2.0, 3.0, 4.5, 5]),
    )
    assert f"with 4 seeds, only a correlation beyond ±{shown_beyond(4, 2):.2f}" in seen_beyond([many, few])


def test_cells_are_named_where_the_correlation_is_beyond_the_bound_on_either_side():
    falls = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    with_it = pair(falls, [1.0, 2.0, 3.1, 4.0, 5.0, 6.0], name="with")
    against = pair(falls, [6.0, 5.0, 4.1, 3.0, 2.0, 1.0], name="against")
    neither = pair(falls, [1.0, -1.0, 1.0, -1.0, 1.0, -1.0], name="neither")
    assert goes_with_gain([with_it, against, neither]) == (["with"], ["against"])
    assert goes_with_gain([]) == ([], [])


def test_what_a_cell_shows_alone_it_need_not_show_beside_another_one():
    """Of many cells one is beyond its own bound by chance, so that they are judged together."""
    falls = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    one, other = pair(falls, [0.0, 3.0, 2.0, 3.0, 4.0, 4.0], name="one"), pair(falls, [1.0, -1.0] * 3, name="other")
    assert shown_beyond(6) < fall_and_gain(one) < shown_beyond(6, together=2)
    assert goes_with_gain([one]) == (["one"], [])
    assert goes_with_gain([one, other]) == ([], [])


def settings(numbers):
    """A pair for each row of numbers [settings, (fall, gain), seeds]."""
    return [pair(fall, gain, name=f"{number}") for number, (fall, gain) in enumerate(numbers)]


def test_the_pooled_correlation_is_the_mean_of_the_settings_own():
    generator = np.random.default_rng(3)
    numbers = generator.normal(size=(3, 2, 8)) * [[[1.0]], [[0.1]], [[5.0]]] + [[[3.0]], [[0.0]], [[-9.0]]]
    r, low, high = pooled(settings(numbers))

    def mean(of):
        return np.mean([np.corrcoef(*each)[0, 1] for each in of])

    assert r == pytest.approx(mean(numbers))
    without = np.arctanh([mean(np.delete(numbers, seed, axis=2)) for seed in range(8)])
    half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * np.sum((without - np.mean(without)) ** 2))  # Efron's jackknife
    assert (low, high) == pytest.approx(tuple(np.tanh(np.arctanh(r) + np.array([-half, half]))))


def test_a_setting_without_a_seed_is_the_same_without_it():
    numbers = np.random.default_rng(4).normal(size=(2, 2, 6))
    pairs = settings(numbers)
    pairs[1].first.pop(5)
    pairs[1].asked.differences.pop(5)
    r, low, high = pooled(pairs)
    assert r == pytest.approx(np.mean([np.corrcoef(*numbers[0])[0, 1], np.corrcoef(*numbers[1][:, :5])[0, 1]]))
    assert low < r < high


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_the_pooled_interval_holds_as_often_as_it_says_even_where_settings_share_their_seeds(shared):
    generator, held = np.random.default_rng(0), 0
    for _ in range(400):
        own, of_seed = generator.normal(size=(4, 2, 10)), generator.normal(size=(1, 2, 10))
        _, low, high = pooled(settings(np.sqrt(1 - shared) * own + np.sqrt(shared) * of_seed))
        held += low < 0 < high
    assert 360 <= held <= 393  # 380 expected


def test_icarls_trainings_do_not_count_twice_in_the_pooled_correlation():
    lwf = pair([0.1, 0.2, 0.4, 0.3], [0.0, 1.0, 2.0, 0.5])
    bic = pair([0.3, 0.1, 0.2, 0.5], [1.0, 0.2, 0.1, 0.7], name="BiC, 5 a class")
    icarl = pair([0.1, 0.2, 0.4, 0.3], [2.0, 1.0, 0.0, 0.4], "iCaRL, 5 a class", "icarl")
    assert pooled_in_words([lwf, icarl, bic]) == pooled_in_words([lwf, bic])
    assert pooled_in_words([lwf, bic]).endswith(" within slices of classes (95 %, each seed counted once)")


OF_TWO = {seed: seed % 2 for seed in range(6)}
NESTED = {0: (1.0, 5.0), 2: (2.0, 4.0), 4: (3.0, 3.0), 1: (11.0, 15.0), 3: (12.0, 14.0), 5: (13.0, 13.0)}
"""Two slices that differ by ten in both numbers; in each, one falls by as much as the other rises."""


def test_within_slices_what_slices_have_in_common_is_gone():
    assert np.corrcoef(np.array([*NESTED.values()]).T)[0, 1] > 0.9
    left = within(NESTED, OF_TWO)
    assert left == {0: (-1, 1), 2: (0, 0), 4: (1, -1), 1: (-1, 1), 3: (0, 0), 5: (1, -1)}
    assert mean_correlation([NESTED])[0] > 0.9
    assert mean_correlation([NESTED], OF_TWO) == pytest.approx((-1.0, -1.0, -1.0))


def test_seeds_of_one_slice_correlate_within_it_as_they_do():
    generator = np.random.default_rng(5)
    points = {seed: tuple(generator.normal(size=2)) for seed in range(8)}
    assert mean_correlation([points], dict.fromkeys(points, "one")) == pytest.approx(mean_correlation([points]))


def test_a_seed_that_is_left_out_takes_its_part_of_the_means_along():
    generator = np.random.default_rng(6)
    numbers = generator.normal(size=(8, 2)) + np.repeat([[0.0], [4.0]], 4, axis=0)
    slices = {seed: seed // 4 for seed in range(8)}

    def r(seeds):
        parts = [numbers[[seed for seed in seeds if slices[seed] == part]] for part in (0, 1)]
        return np.arctanh(np.corrcoef(np.concatenate([part - part.mean(axis=0) for part in parts]).T)[0, 1])

    without = [r([other for other in range(8) if other != seed]) for seed in range(8)]
    half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * np.sum((without - np.mean(without)) ** 2))
    found = mean_correlation([dict(enumerate(map(tuple, numbers)))], slices)
    whole = r(range(8))
    assert found == pytest.approx(tuple(np.tanh([whole, whole - half, whole + half])))


@pytest.mark.parametrize(("seeds", "shared"), [(10, 0.0), (20, 0.9)])
def test_within_slices_the_interval_holds_at_least_as_often_as_it_says(seeds, shared):
    generator, held, slices = np.random.default_rng(0), 0, {seed: seed % 4 for seed in range(seeds)}
    for _ in range(200):
        own, of_seed = generator.normal(size=(3, 2, seeds)), generator.normal(size=(1, 2, seeds))
        numbers = np.sqrt(1 - shared) * own + np.sqrt(shared) * of_seed
        _, low, high = mean_correlation([dict(enumerate(zip(*each, strict=True))) for each in numbers], slices)
        held += low < 0 < high
    assert held >= 184  # 190 expected


def test_slices_are_those_of_the_runs():
    runs = pair([0.1, 0.2, 0.3], [1.0, 2.0, 3.0], slices=2).first
    assert slices_of(runs.items()) == {0: (0, 20), 1: (20, 40), 2: (0, 20)}
    runs[0].config["classes"] = None
    assert slices_of(runs.items())[0] == ()


def test_the_pooled_correlation_is_told_within_slices_too():
    falls, gains = zip(*(NESTED[seed] for seed in range(6)), strict=True)
    one, other = (pair(falls, gains, name, slices=2) for name in ("LwF, 5 a class", "BiC, 5 a class"))
    assert "settings the correlation of fall and gain is +0.9" in pooled_in_words([one, other])
    assert ", and -1.00 [-1.00, -1.00] within slices of classes" in pooled_in_words([one, other])


def test_too_few_seeds_have_no_pooled_correlation():
    with pytest.raises(ValueError, match="3 seeds: must be at least four in each setting"):
        pooled([pair([0.1, 0.2, 0.3], [0.0, 1.0, 0.0]), pair([0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.3], name="b")])


def test_a_perfect_correlation_has_no_width():
    assert pooled([pair([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0])]) == pytest.approx((1.0, 1.0, 1.0))
