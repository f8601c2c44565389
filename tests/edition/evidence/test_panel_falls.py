"""How the meta loss fell, by hand from a record; a correlation is shown where it is further from 0 than chance goes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.evidence.panel_falls import (
    Fallen,
    fall_and_gain,
    fallen,
    fallen_by_phase,
    goes_with_gain,
    of_both_judges_in_words,
    panel_fall,
    panels_fallen,
    pooled,
    pooled_in_words,
    relative_fall,
    seen_beyond,
    shown_beyond,
    trained_once,
)
from mnemonics_lib.paths import RECORDS

FILE = RECORDS / "evidence" / "primary" / "lucir-trained-5" / "seed-0.json"


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(FILE)


def run(*pairs, method="lwf"):
    """A record whose panel's loss went from the first of each pair to the second, in one phase after the other."""
    panels = [SimpleNamespace(before=a, after=b, before_running=b, after_running=a) for a, b in pairs]
    rows = [SimpleNamespace(exemplars=SimpleNamespace(panel=panel)) for panel in panels]
    return SimpleNamespace(results=[*rows, SimpleNamespace(exemplars=None)], method=method)


def pair(falls, gains, name="LwF, 5 a class", method="lwf"):
    """Runs in which the loss fell and the accuracy grew by so much, seed by seed."""
    first = {seed: run((1.0, 1.0 - fall), method=method) for seed, fall in enumerate(falls)}
    return SimpleNamespace(name=name, first=first, asked=SimpleNamespace(differences=dict(enumerate(gains))))


@pytest.mark.parametrize("running", [False, True])
def test_the_panel_falls_by_before_minus_after(record: Record, running: bool):
    end = "_running" if running else ""
    panels = [row["exemplars"]["panel"] for row in json.loads(FILE.read_text())["results"]]
    falls = [panel[f"before{end}"] - panel[f"after{end}"] for panel in panels]
    assert panel_fall(record, running) == pytest.approx(np.mean(falls))
    assert panels_fallen([record], running) == (sum(fall > 0 for fall in falls), len(falls))


def test_the_trainings_of_several_runs_are_counted_together():
    runs = [run((2.0, 1.0), (1.0, 1.5)), run((1.0, 0.9), (1.0, 1.0))]
    assert panels_fallen(runs) == (2, 4)
    assert panels_fallen(runs, running=True) == (1, 4)
    assert fallen(runs) == "2 of 4"


def test_a_training_holds_for_both_judges_where_both_losses_fell():
    both, batch_alone = run((2.0, 1.0)), run((2.0, 1.0))
    both.results[0].exemplars.panel.before_running, both.results[0].exemplars.panel.after_running = 3.0, 2.0
    assert panels_fallen([both, batch_alone]) == (2, 2)
    assert (
        fallen_by_phase([both, batch_alone, run((1.0, 2.0))])["all phases"].both == 1
    )  # of the last, the running one alone fell
    assert fallen_by_phase([])["all phases"].both == 0


def test_phase_0_is_counted_apart():
    fell, rose = (2.0, 1.0), (1.0, 2.0)  # with running statistics it is the other way round
    both = run(fell, fell)
    for row in both.results[:2]:
        row.exemplars.panel.after_running = 0.0
    found = fallen_by_phase([both, run(fell, rose, fell)])
    assert found == {
        "phase 0": Fallen(batch=2, running=1, both=1, of=2),
        "later phases": Fallen(batch=2, running=2, both=1, of=3),
        "all phases": Fallen(batch=4, running=3, both=2, of=5),
    }
    assert found["later phases"].row == {
        "fell": "2 of 3",
        "fell with running statistics": "2 of 3",
        "with both": "1 of 3",
    }


def test_both_judges_are_told_by_number_of_exemplars_and_phase():
    one, two = pair([1.0, 1.0], [0.0, 0.0], name="LwF, 20 a class"), pair([1.0], [0.0])
    of_icarl = pair([1.0], [0.0], name="iCaRL, 5 a class")  # the same trainings as LwF's
    one.first[0].results[0].exemplars.panel.after_running = -1.0
    assert of_both_judges_in_words([one, two, of_icarl]) == (
        "both losses fell with 20 a class in 1 of 2 of phase 0 and in 0 of 0 of later phases; with 5 a class in 0 of 1 "
        "of phase 0 and in 0 of 0 of later phases."
    )


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


def test_trainings_that_icarl_has_in_common_with_lwf_are_counted_once():
    lwf, icarl = pair([0.1] * 2, [0, 1]), pair([0.1] * 3, [0, 1, 2], "iCaRL, 5 a class", "icarl")
    more = pair([0.1] * 4, [0] * 4, "iCaRL, 20 a class", "icarl")
    assert len(trained_once([lwf, icarl, more])) == 2 + 4
    assert len(trained_once([icarl])) == 3


def test_a_relative_fall_is_the_mean_over_trainings():
    assert relative_fall([run((2.0, 1.0), (1.0, 0.9)), run((4.0, 4.0))]) == pytest.approx((0.5 + 0.1) / 3)


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
    assert pooled_in_words([lwf, bic]).endswith("(95 %, each seed counted once)")


def test_too_few_seeds_have_no_pooled_correlation():
    with pytest.raises(ValueError, match="3 seeds: must be at least four in each setting"):
        pooled([pair([0.1, 0.2, 0.3], [0.0, 1.0, 0.0]), pair([0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.3], name="b")])


def test_a_perfect_correlation_has_no_width():
    assert pooled([pair([0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0])]) == pytest.approx((1.0, 1.0, 1.0))
