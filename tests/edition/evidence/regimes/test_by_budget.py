"""Gains against the number of exemplars: what is compared with what, and nothing before a study is finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.regimes import by_budget
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.partners import PairError


def budgets(of: dict[str, list[float]], missing: frozenset[str] = frozenset()) -> Any:
    """A study in which training gains so much with 1, 2, 4 a class, in each of three seeds, for each method."""
    compared = [
        (f"{method}-near-{m}", f"{method}-herding-{m}", SimpleNamespace(differences={s: gain + s for s in range(3)}))
        for method, gains in of.items()
        for m, gain in zip((1, 2, 4), gains, strict=True)
    ]
    compared.append(("lwf-far-4", "lwf-herding-4", SimpleNamespace(differences={0: 99.0})))
    compared.append(("lwf-near-4", "lwf-far-4", SimpleNamespace(differences={0: 99.0})))
    arms = [name for arm, minus, _ in compared for name in (arm, minus)]
    plan = SimpleNamespace(
        runs=[SimpleNamespace(arm=arm) for arm in arms],
        finished=lambda *of: not missing & {*of},
    )
    return SimpleNamespace(plan=plan, compared=compared)


def test_gains_are_those_of_the_near_loop_over_herdings_exemplars():
    found = by_budget.gains(budgets({"lwf": [1.0, 2.0, 3.0], "lucir": [0.0, 0.0, 0.0]}), "lwf")
    assert found == {1: {0: 1.0, 1: 2.0, 2: 3.0}, 2: {0: 2.0, 1: 3.0, 2: 4.0}, 4: {0: 3.0, 1: 4.0, 2: 5.0}}


FALLS = {"lwf": [3.0, 2.5, 2.0], "lucir": [1.0, 1.0, 1.0]}


def test_whether_a_gain_shrinks_is_asked_for_doublings_of_the_number():
    said = by_budget.along(budgets(FALLS))
    assert "the gain over herding's is shown to shrink with it for LwF (-0.50 [-0.50, -0.50] points" in said
    assert "and is not shown to change with it for LUCIR (+0.00 " in said
    assert "another verdict" not in said


@pytest.mark.parametrize(
    ("missing", "told"),
    [("lwf-near-2", False), ("lucir-herding-4", False), ("lwf-far-4", True), ("none", True)],
)
def test_it_waits_for_the_near_loop_alone(missing: str, told: bool):
    study = budgets(FALLS, missing=frozenset([missing]))
    assert bool(by_budget.along(study)) == by_budget.near_is_finished(study) == told


def of_gains(gains: dict[int, dict[int, float]]) -> Any:
    """The same gains for each method."""
    study = budgets(FALLS)
    study.compared = [
        (f"{method}-near-{m}", f"{method}-herding-{m}", SimpleNamespace(differences=of))
        for method in by_budget.METHODS
        for m, of in gains.items()
    ]
    return study


ONE_APART = {1: {0: 3.0, 1: 3.1, 2: 2.9}, 2: {0: 0.1, 1: 0.0, 2: -0.1}, 4: {0: 0.0, 1: -0.1, 2: 0.1}}


def test_a_change_that_one_number_of_exemplars_makes_is_a_hint_and_the_number_is_named():
    said = by_budget.along(of_gains(ONE_APART))
    assert "herding's seems to shrink with it for LwF (-1.50 [" in said
    assert "twice as many; a hint, since without 1 a class it is another verdict, by the scatter of all values" in said
    assert "and by the scatter of the means about their line the interval is [" in said


def test_a_row_has_the_slope_in_all_ways_and_the_gain_at_5_minus_that_at_20():
    gains = {m: {seed: 10.0 - doublings + seed for seed in range(3)} for doublings, m in enumerate((5, 10, 20))}
    row, _ = by_budget.rows(of_gains(gains))
    assert row["method"] == "LwF"
    assert row["points for twice as many"] == "-1.00 [-1.00, -1.00], n = 3"
    assert row["a change"] == "shown"
    assert row["gain at 5 − gain at 20 (points)"] == "+2.00 [+2.00, +2.00], n = 3"


def record(value: float, **config: Any) -> Any:
    return SimpleNamespace(average_accuracy=value, seed=0, config={"dataset": "cifar100", "phases": 5, **config})


def of_steps(by_seed: Any, missing: bool = False, **config: Any) -> Any:
    records = {
        f"{method}-near-{m}": {seed: record(by_seed(method, m) + 0.1 * seed, **config) for seed in range(3)}
        for method in by_budget.METHODS
        for m in (1, 2, 10, 20)
    }
    return SimpleNamespace(missing=missing, records=records)


def test_steps_in_proportion_are_set_against_equal_ones_seed_by_seed(monkeypatch):
    monkeypatch.setattr(by_budget, "refuse_strangers", lambda *_: None)
    equal = of_steps(lambda method, m: 40.0)
    more = of_steps(lambda method, m: 42.0 if (method, m) == ("lwf", 20) else 40.0)
    found = by_budget.in_proportion(equal, more)
    assert set(found) == {(method, m) for method in by_budget.METHODS for m in (1, 2, 10, 20)}
    assert found["lwf", 20].mean == pytest.approx(2.0)
    assert found["lucir", 20].mean == pytest.approx(0.0)
    assert by_budget.in_proportion(of_steps(lambda *_: 0.0, missing=True), more) == {}
    assert by_budget.in_proportion(equal, of_steps(lambda *_: 0.0, missing=True)) == {}


def test_runs_of_other_classes_are_no_pair(monkeypatch):
    def strangers(one: Any, other: Any, names: Any) -> None:
        raise PairError(f"{names}")

    monkeypatch.setattr(by_budget, "refuse_strangers", strangers)
    with pytest.raises(PairError, match="budgets, near-1, seed 0"):
        by_budget.in_proportion(of_steps(lambda *_: 0.0), of_steps(lambda *_: 0.0))


def test_the_words_count_settings_and_give_the_size_with_20_a_class():
    better, nothing = interval([2.0, 2.1, 1.9]), interval([-1.0, 0.0, 1.0])
    said = by_budget.in_proportion_in_words({("lwf", 10): nothing, ("lwf", 20): better, ("lucir", 20): nothing})
    assert "worse in none, better in 1 (LwF, 20 a class), of 3; with 20 a class, four times as many, " in said
    assert f"{better.without_n} (LwF) and {nothing.without_n} (LUCIR) points (95 % each, n = 3)" in said
    assert by_budget.in_proportion_in_words({}) == ""


def test_only_the_training_of_exemplars_takes_longer_with_more_steps():
    runs = [{seed: SimpleNamespace(seconds=seconds + 99 * seed) for seed in range(2)} for seconds in (1000.0, 400.0)]
    pair: Any = SimpleNamespace(first=runs[0], second=runs[1])
    assert by_budget.hours(pair, 1) == pytest.approx(1000 / 3600)
    assert by_budget.hours(pair, 10) == pytest.approx(6400 / 3600)
