"""Settings are of arms that studies ask for, each once, and none is left out."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.evidence.pairs.settings import Setting, settings
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.study import full_name, study_files
from mnemonics_lib.paths import STUDIES


@cache
def planned(study: str) -> Plan:
    return plan(*study_files(study))


def first_config(study: str, arm: str) -> RunConfig:
    """Of what the study asks of an arm with its first seed."""
    return min((run for run in planned(study).runs if run.arm == arm), key=lambda run: run.seed).config


@pytest.mark.parametrize("setting", list(settings()), ids=lambda setting: setting.words)
def test_a_setting_is_of_arms_that_a_study_asks_for_and_that_differ_as_it_says(setting: Setting):
    trained, control = (first_config(setting.study, arm) for arm in (setting.arm, setting.control))
    assert (trained.exemplars, control.exemplars) == ("mnemonics", "herding")
    assert trained.exemplar_level.init == setting.start
    assert setting.adjusted == (trained.adjust != control.adjust)
    assert setting.looks_far == (trained.exemplar_level.inner_steps == 80)
    assert setting.looks_far or trained.exemplar_level.inner_steps <= 10
    for field in ("method", "budget", "weight_transfer", "finetune", "training", "finetuning", "network", "classes"):
        assert getattr(trained, field) == getattr(control, field)


def in_what_they_differ(one: RunConfig, other: RunConfig) -> set[str]:
    """The fields of two configurations that are not equal."""
    return {field for field, value in one if value != getattr(other, field)}


def test_no_comparison_of_trained_exemplars_with_herding_s_is_left_out():
    """Of all studies' comparisons, by their configurations: the front page counts what these settings hold."""
    held = {
        tuple(first_config(each.study, arm).digest for arm in (each.arm, each.control))
        for each in settings()
        if not each.adjusted
    }
    left_out = []
    for file in STUDIES.rglob("*.yaml"):
        found = plan(file)
        for compared, cell in product(found.study.compare, found.study.cells()):
            arm, minus = (full_name(cell, each) for each in (compared.arm, compared.minus))
            trained, control = (
                min((run for run in found.runs if run.arm == name), key=lambda run: run.seed).config
                for name in (arm, minus)
            )
            level = trained.exemplar_level
            if (
                compared.field == "average_accuracy"
                and (trained.exemplars, control.exemplars) == ("mnemonics", "herding")
                and level.displacement == "own"
                and in_what_they_differ(trained, control) <= {"exemplars", "exemplar_level"}
                and (trained.digest, control.digest) not in held
            ):
                left_out.append((found.name, arm, minus))
    assert left_out == [("evidence/variants", "as-in-paper", "herding")]  # as its docstring says


def test_no_setting_is_there_twice():
    pairs = [
        (first_config(each.study, each.arm).digest, first_config(each.study, each.control).digest)
        for each in settings()
    ]
    assert len(pairs) == len(set(pairs))


def test_settings_are_told_apart_by_their_words():
    words = [setting.words for setting in settings()]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("setting", list(settings()), ids=lambda setting: setting.words)
def test_the_level_of_a_setting_is_that_of_its_study_s_comparison(setting: Setting):
    study = planned(setting.study).study
    cells, together = [*study.cells()], sum(each.together for each in study.compare)
    levels = [
        1 - (1 - each.level) / (len(cells) * together if each.together else 1)
        for each, cell in product(study.compare, cells)
        if each.field == "average_accuracy"
        and (full_name(cell, each.arm), full_name(cell, each.minus)) == (setting.arm, setting.control)
    ]
    assert [setting.level] == (levels or [0.95])


def test_what_was_asked_in_advance_is_the_primary_study():
    asked = [setting for setting in settings() if setting.asked_in_advance]
    assert {setting.study for setting in asked} == {"evidence/primary"}
    assert len(asked) == 8
    assert {setting.level for setting in asked} == {1 - 0.05 / 8}


def test_what_was_asked_again_is_eq_4b_with_four_methods():
    again = [setting for setting in settings() if setting.study == "evidence/objective"]
    assert [(setting.study, setting.method) for setting in again] == [
        ("evidence/objective", name) for name in ("LwF", "iCaRL", "BiC", "LUCIR")
    ]
    assert {setting.level for setting in again} == {1 - 0.05 / 4}


def test_one_a_class_was_asked_in_advance_by_itself():
    (of_one,) = (setting for setting in settings() if setting.study == "evidence/one_a_class")
    assert (of_one.method, of_one.level, of_one.heading) == ("LUCIR", 0.95, "CIFAR-100, asked of 1 a class")
    assert {each.study for each in settings() if not each.exploratory} == {
        "evidence/primary",
        "evidence/objective",
        "evidence/one_a_class",
        *AUGMENTED,
    }


AUGMENTED = {
    "evidence/augmented_judge": ({"LwF", "LUCIR"}, 5, "of another judge"),
    "evidence/augmented_20": ({"LwF", "LUCIR"}, 20, "of that judge with 20"),
    "evidence/augmented_others": ({"iCaRL", "BiC"}, 5, "of that judge, other methods"),
}


@pytest.mark.parametrize("study", AUGMENTED)
def test_another_judge_was_asked_in_advance_of_two_methods_together(study):
    methods, m, heading = AUGMENTED[study]
    found = [setting for setting in settings() if setting.study == study and setting.asked]
    assert {(each.method, each.level) for each in found} == {(method, 1 - 0.05 / 2) for method in methods}
    assert {(each.heading, each.looks_far) for each in found} == {(f"CIFAR-100, asked {heading}", m == 20)}
    assert {each.detail for each in found} == {f"{m} a class, judge augmented"}
    assert all(first_config(study, each.arm).exemplar_level.val_augment for each in found)


@pytest.mark.parametrize("setting", list(settings()), ids=lambda setting: setting.words)
def test_settings_know_their_objective_and_whether_their_judge_sees_augmented_images(setting: Setting):
    level = first_config(setting.study, setting.arm).exemplar_level
    assert (setting.by_eq_4b, setting.judge_augmented) == (level.objective == "eq4b", level.val_augment)


def test_the_recipe_beside_another_judge_was_not_asked_about():
    beside = [setting for setting in settings() if not setting.asked]
    assert [(each.study, each.arm, each.control) for each in beside] == [
        ("evidence/augmented_judge", f"{method}-trained", f"{method}-herding") for method in ("lwf", "lucir")
    ]
    assert all(each.exploratory and each.heading == "CIFAR-100: 20 classes" for each in beside)


def test_those_on_data_that_settings_were_chosen_on_are_digits_and_the_classes_of_the_search():
    chosen = {each.study for each in settings() if each.chosen_on_its_data}
    assert chosen == {"quick/digits-n5", "quick/digits-n1", "evidence/first_classes"}


def test_what_was_asked_in_advance_has_a_heading_of_its_own():
    found: dict[str, set[str]] = {}
    for each in settings():
        found.setdefault(each.heading, set()).add(each.study)
    assert found["CIFAR-100, asked in advance"] == {"evidence/primary"}
    assert found["CIFAR-100, asked once more"] == {"evidence/objective"}
    assert "digits" in found
