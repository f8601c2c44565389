"""Recipes: the paper's numbers, and those of the search, by the number of exemplars a class."""

from __future__ import annotations

import itertools

import pytest

from mnemonics_lib import __main__ as command_line
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ConfigError, load_config
from mnemonics_lib.config.recipes import RECIPES, recipe
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from mnemonics_lib.paths import ROOT

SMALL = ROOT / "params" / "small" / "cifar100-n5.yaml"
PAPER = sorted((ROOT / "params" / "paper").glob("*.yaml"))
FILES = sorted((ROOT / "params").glob("[!c]*/*.yaml"))

NEAR, FAR = (8, 0.0, 0), (80, 0.9, 10)


def loop(config) -> tuple[int, float, int]:
    level = config.exemplar_level
    return level.inner_steps, level.inner_momentum, level.truncate


@pytest.mark.parametrize(
    ("name", "arms"),
    [
        ("evidence/primary", "trained-20 trained-5"),
        ("evidence/first_classes", "trained"),
        ("evidence/one_a_class", "trained"),
        ("evidence/table2", "mnemonics mnemonics-no-adjust"),
        ("evidence/phases", "trained"),
        ("evidence/from_scratch", "trained-1 trained-5 trained-20"),
    ],
)
def test_the_trained_runs_of_studies_are_those_of_the_recipe(name, arms):
    """The recipe is what the studies of it have, field by field: they were there before it had a name."""
    runs = [run for run in plan(study_file(name)).runs if any(run.arm.endswith(arm) for arm in arms.split())]
    assert runs
    for run in runs:
        level = run.config.exemplar_level
        assert level == level.model_copy(update=recipe("tuned", run.config)), run.arm


def test_every_trained_run_of_the_primary_study_is_one_call_with_the_recipe():
    runs = [run for run in plan(study_file("evidence/primary")).runs if run.config.exemplars == "mnemonics"]
    assert len(runs) == 80
    for run in runs:
        config = run.config
        own = {"method": config.method, "budget": config.budget, "seed": config.seed, "classes": config.classes}
        assert config == load_config(SMALL, {"adjust": 0, **own}, recipe="tuned")


@pytest.mark.parametrize(("budget", "expected"), [(1, NEAR), (5, NEAR), (6, FAR), (20, FAR)])
def test_the_inner_loop_goes_by_the_exemplars_of_a_class(budget, expected):
    assert loop(load_config(SMALL, {"budget": budget, "adjust": 0}, recipe="tuned")) == expected


@pytest.mark.parametrize(("budget", "expected"), [(100, NEAR), (119, NEAR), (120, FAR), (400, FAR)])
def test_a_total_is_counted_when_all_classes_are_there(budget, expected):
    """20 classes, of which each has its fewest exemplars in the end."""
    config = load_config(SMALL, {"budget": budget, "budget_rule": "total"}, recipe="tuned")
    assert loop(config) == expected


def test_a_method_that_holds_some_out_has_the_loop_of_its_budget():
    assert loop(load_config(SMALL, {"budget": 5}, preset="bic-with-mnemonics", recipe="tuned")) == NEAR


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_tuned_leaves_what_goes_with_the_size_of_the_data(path):
    plain, tuned = load_config(path), load_config(path, recipe="tuned")
    stays = ("epochs", "adjust_epochs", "val_batch", "inner_batch", "engine", "ridge")
    assert [getattr(tuned.exemplar_level, field) for field in stays] == [
        getattr(plain.exemplar_level, field) for field in stays
    ]
    rest = {"exemplar_level"}
    assert tuned.model_dump(exclude=rest) == plain.model_dump(exclude=rest)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_run_by_the_paper_s_numbers_is_one_of_the_paper_s_recipe(path):
    config = load_config(path, {"exemplars": "mnemonics", "adjust": 2}, recipe="paper")
    assert config.recipe == "paper"
    kept = config.exemplar_level.model_copy(update={"engine": PAPER_EXEMPLAR_LEVEL.engine})
    assert kept == PAPER_EXEMPLAR_LEVEL


def test_overrides_have_the_last_word_and_the_recipe_sees_them():
    words = ["budget=5", "exemplar_level.inner_steps=3"]
    assert loop(load_config(SMALL, words, recipe="tuned")) == (3, 0.0, 0)
    assert load_config(SMALL, words, recipe="tuned").exemplar_level.start == "perturbed"


def test_a_recipe_fills_a_file_that_says_nothing_of_the_exemplar_level(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("dataset: digits\nbudget: 5\n")
    assert loop(load_config(path, recipe="tuned")) == NEAR


@pytest.mark.parametrize("name", ["", "Tuned", "papers", 3])
def test_an_unknown_recipe_is_refused_with_those_there_are(name):
    with pytest.raises(ConfigError, match=r"recipe = .*: must be one of paper, tuned"):
        load_config(SMALL, recipe=name)


@pytest.mark.parametrize(("name", "command"), [*itertools.product(RECIPES, ("config",))])
def test_the_command_line_takes_it_by_name(name, command, capsys, tmp_path):
    assert command_line.main([command, str(SMALL), "--recipe", name, "--set", "budget=5"]) == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out)
    assert load_config(mine) == load_config(SMALL, ["budget=5"], recipe=name)


def test_the_command_line_names_the_recipes_there_are(capsys):
    with pytest.raises(SystemExit) as refused:
        command_line.main(["run", str(SMALL), "--recipe", "mine"])
    assert refused.value.code == 2
    assert "paper" in capsys.readouterr().err
