"""What was tried stands beside its control of the same seed, method and judge."""

import json

import pytest

from mnemonics_lib.edition.search.runs import FAR, NEAR, runs
from mnemonics_lib.edition.search.table import ahead_of_the_choice, diverged, how_many, search_table
from mnemonics_lib.edition.shown import arrow


def run(
    tried, control="herding", method="lucir", budget=20, held_out=0.2, seed=100, accuracy=(60.0,), own_loss=(), **x
):
    return {
        "tried": tried,
        "control": control,
        "method": method,
        "budget": budget,
        "held_out": held_out,
        "seed": seed,
        "accuracy": list(accuracy),
        "own_loss": list(own_loss),
        "set": {},
        "x": x,
    }


@pytest.fixture
def table(tmp_path):
    def of(*runs, budget=20):
        (tmp_path / "search.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
        return search_table(budget, tmp_path)

    return of


def test_what_was_made_afterwards_has_no_part_in_what_was_chosen(tmp_path):
    made = [run("new"), run("new", seed=101) | {"script": "later.py"}]
    (tmp_path / "search.json").write_text(json.dumps({"runs": made}), encoding="utf-8")
    assert runs(tmp_path, tried="new") == made[:1]
    assert runs(tmp_path, afterwards=True, tried="new") == made


def test_a_gain_is_the_difference_of_average_accuracies_of_one_seed(table):
    (row,) = table(
        run("herding", control=None),
        run("herding", control=None, seed=101, accuracy=[50.0, 60.0]),
        run("new", accuracy=[60.0, 63.0], own_loss=[[1.0, 2.0], None, [2.0, 2.5]]),
        run("new", seed=101, accuracy=[52.0, 62.0]),
        run("new", seed=102, accuracy=[99.0]),  # has no control
    )
    assert row == {
        "method": "LUCIR",
        "tried": "new",
        "each seed": "+1.50, +2.00",
        "mean": "+1.75",
        "own loss": arrow(1.5, 2.25),
        "moved": "–",
        "judge": "20 %",
        "minus": "herding",
    }


def test_how_far_exemplars_went_is_a_mean_over_seeds_and_the_phases_that_moved_any(table):
    still = run("herding", control=None) | {"displacement": [0.0, 0.0]}
    first, second = run("new") | {"displacement": [0.03, 0.0]}, run("new", seed=101) | {"displacement": [0.05, 0.04]}
    unknown = run("other")
    rows = table(still, first, second, unknown, run("none", control="herding") | {"displacement": [0.0, 0.0]})
    assert {row["tried"]: row["moved"] for row in rows} == {"new": "0.040", "other": "–", "none": "0.000"}


def test_what_a_name_does_not_tell_stands_behind_it_and_behind_its_control(table):
    frozen = ", convolutions frozen before E_0 is trained"
    controls = [run("herding", control=None), run("soft", transfer_first=True)]
    of = {row["tried"]: row["minus"] for row in table(*controls, run("new", control="soft", transfer_first=True))}
    assert of == {f"soft{frozen}": "herding", f"new{frozen}": f"soft{frozen}"}


def test_what_is_ahead_is_named_in_full(tmp_path):
    found = [run(NEAR, budget=5, method=each) for each in ("lwf", "lucir")]
    better = [
        run("better", budget=5, method=each, accuracy=[70.0], half=True) | {"script": "s"} for each in ("lwf", "lucir")
    ]
    (tmp_path / "search.json").write_text(json.dumps({"runs": [*found, *better]}), encoding="utf-8")
    assert "better, half of the exemplars of each class (2 runs)" in ahead_of_the_choice(5, tmp_path)


def test_runs_are_counted_with_those_that_came_to_no_result(tmp_path):
    every = [run("a"), run("b"), run("c") | {"script": "later.py"}]
    for lost, more in (([], "."), ([run("d")], ", and 1 more that came to no result.")):
        (tmp_path / "search.json").write_text(json.dumps({"runs": every, "diverged": lost}), encoding="utf-8")
        said = how_many(tmp_path)
        assert said == f"The record has 3 runs, controls among them, 1 of them made afterwards{more}"


@pytest.mark.parametrize("other", [{"method": "lwf"}, {"budget": 5}, {"held_out": 0.1}, {"seed": 7}])
def test_a_control_of_another_kind_is_none(table, other):
    assert table(run("herding", control=None, **other), run("new")) == []


def test_rows_are_ordered_by_method_and_what_was_tried(table):
    controls = [run("herding", control=None), run("herding", control=None, method="lwf")]
    found = table(*controls, run("b", method="lwf"), run("b"), run("a"))
    assert [(row["method"], row["tried"]) for row in found] == [("LUCIR", "a"), ("LUCIR", "b"), ("LwF", "b")]
    assert {row["own loss"] for row in found} == {""}


def test_what_was_tried_afterwards_stands_apart_and_beside_the_same_control(tmp_path):
    later = [run("new", seed=seed, accuracy=[62.0 + seed / 100]) | {"script": "abc:script.py"} for seed in (100, 101)]
    controls = [run("herding", control=None, seed=seed, accuracy=[61.0]) for seed in (100, 101)]
    every = [*controls, run(FAR, seed=101, accuracy=[62.5]), *later]
    (tmp_path / "search.json").write_text(json.dumps({"runs": every}), encoding="utf-8")
    (before,), (after,) = search_table(20, tmp_path), search_table(20, tmp_path, afterwards=True)
    assert (before["tried"], before["mean"]) == (FAR, "+1.50")
    assert "over the choice" not in before
    assert (after["tried"], after["each seed"], after["over the choice"]) == ("new", "+2.00, +2.01", "+0.51")


def test_what_is_ahead_in_all_runs_of_both_methods_is_named_with_what_chance_would_give(tmp_path):
    def both(tried, **more):
        return [
            run(tried, method=method, budget=5, seed=seed, **more) for method in ("lwf", "lucir") for seed in (0, 1)
        ]

    afterwards = {"script": "abc:script.py"}
    better = [{**each, **afterwards} for each in both("better", accuracy=[61.0])]
    mixed = [{**each, **afterwards} for each in [*both("mixed", accuracy=[61.0])[:3], run("mixed", budget=5, seed=1)]]
    alone = [{**run("alone", budget=5, seed=0, accuracy=[70.0]), **afterwards}]
    before = both("of the search itself", accuracy=[80.0])
    runs = [*both(NEAR), *better, *mixed, *alone, *before]
    (tmp_path / "search.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    said = ahead_of_the_choice(5, tmp_path)
    assert said.startswith(
        "Of 2 that were tried with both methods, above the choice in all of their runs: better (4 runs)."
    )
    assert "0.1 would be expected" in said  # 2 of 16


def test_none_ahead_is_said_so(tmp_path):
    found = [run(NEAR, budget=5), run(NEAR, budget=5, method="lwf")]
    worse = [{**run("worse", budget=5, method=each, accuracy=[1.0]), "script": "s"} for each in ("lwf", "lucir")]
    (tmp_path / "search.json").write_text(json.dumps({"runs": [*found, *worse]}), encoding="utf-8")
    assert "all of their runs: none. If" in ahead_of_the_choice(5, tmp_path)


def test_what_diverged_is_told_with_its_runs(tmp_path):
    lost = [{**run("new", method="lwf", budget=5, seed=seed), "why": "meta_loss = nan"} for seed in (0, 1)]
    (tmp_path / "search.json").write_text(json.dumps({"runs": [], "diverged": lost}), encoding="utf-8")
    assert diverged(tmp_path) == "LwF, 5 a class, new (meta_loss = nan, 2 runs)"
    (tmp_path / "search.json").write_text(json.dumps({"runs": []}), encoding="utf-8")
    assert diverged(tmp_path) == ""
