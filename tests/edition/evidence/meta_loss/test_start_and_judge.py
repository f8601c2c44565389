"""Other starts and judges: means of the right arms, and what was foretold is told by what came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.meta_loss.start_and_judge import (
    ARMS,
    METHODS,
    augmented_in_short,
    by_augmented_images,
    easy_is_not_enough,
    foretold,
    hardens,
    rows,
)
from mnemonics_lib.edition.studies.studied import studied

# The pixels' way and the rise of the own loss, seed by seed.
WIDE, NARROW = [(0.040, 0.30), (0.042, 0.32), (0.041, 0.31)], [(0.020, 0.1), (0.021, 0.11), (0.022, 0.12)]


def record(seed: int, moved: float, rise: float, fall: float = 0.1, accuracy: float = 50.0) -> Any:
    panel = SimpleNamespace(before=1.0, after=1.0 - fall, before_running=1.0, after_running=1.0)
    of = SimpleNamespace(panel=panel, noise_displacement=0.01, own_loss_before=0.1, own_loss_after=0.1 + rise)
    return SimpleNamespace(
        seed=seed, average_accuracy=accuracy, results=[SimpleNamespace(exemplars=of, displacement_new=moved)]
    )


def made(finished: bool = True, accuracy: str = "lower", **arms: list[Any]) -> Any:
    """A study with these arms of both methods."""
    records = {
        f"{method}-{arm.replace('_', '-')}": {seed: record(seed, *of) for seed, of in enumerate(found)}
        for method in METHODS
        for arm, found in arms.items()
    }
    over = SimpleNamespace(field="average_accuracy", difference=SimpleNamespace(verdict=accuracy))
    compared = [(f"{method}-augmented", f"{method}-trained", over) for method in METHODS]
    return SimpleNamespace(records=records, compared=compared, plan=SimpleNamespace(finished=lambda *names: finished))


def test_a_row_is_the_mean_of_an_arm_and_arms_without_records_have_none():
    found = list(rows(made(trained=WIDE, from_theta=NARROW)))
    assert [(row["method"], row["training"]) for row in found] == [
        (method, ARMS[arm]) for method in ("LwF", "LUCIR") for arm in ("trained", "from-theta")
    ]
    assert found[0]["own loss (nat)"].split() == ["0.100", "→", "0.410"]
    assert found[1]["own loss (nat)"].split() == ["0.100", "→", "0.210"]
    assert found[0]["meta loss (nat)"].split() == ["1.000", "→", "0.900"]
    assert [row["pixels moved (std)"] for row in found[:2]] == ["0.041", "0.021"]


def test_what_was_foretold_came():
    said = foretold(made(trained=WIDE, from_theta=NARROW))
    assert ". That is what came: how far pixels go is shown to be smaller for LwF (-0.020 [" in said
    assert "how far the own loss rises is shown to be smaller for LwF (-0.200 [" in said
    assert said.endswith(" nat) (95 % each, n = 3).")


def test_what_was_foretold_came_in_part_or_not():
    harder = [(moved, 0.9 + seed / 100) for seed, (moved, _) in enumerate(NARROW)]
    said = foretold(made(trained=WIDE, from_theta=harder))
    assert "A part of it came: how far pixels go is shown to be smaller" in said
    assert "how far the own loss rises is shown to be larger for LwF" in said
    assert "It did not: " in foretold(made(trained=NARROW, from_theta=WIDE))


def test_exemplars_harden_where_it_is_shown_for_every_method():
    assert hardens(made(trained=NARROW, from_theta=WIDE))
    assert not hardens(made(trained=WIDE, from_theta=NARROW))
    assert not hardens(made(trained=NARROW, from_theta=WIDE, finished=False))
    one = made(trained=NARROW, from_theta=WIDE)
    one.records["lucir-from-theta"] = one.records["lucir-trained"]
    assert not hardens(one)


def test_before_all_runs_are_there_nothing_is_said_of_it():
    assert foretold(made(trained=WIDE, from_theta=NARROW, finished=False)) == ""


def test_another_judge_is_told_beside_the_recipe_with_the_fall_of_the_panel():
    said = by_augmented_images(made(trained=WIDE, augmented=NARROW))
    assert said.startswith("By augmented images, against the recipe: how far pixels go is shown to be smaller for LwF")
    assert "how far the own loss rises is shown to be smaller for LwF (-0.200 [" in said
    assert "the panel's meta loss falls is not shown to differ for LwF (+0.000 [" in said
    assert "(95 % each, n = 3, not asked in advance)" in said
    assert by_augmented_images(made(trained=WIDE, augmented=NARROW, finished=False)) == ""


def test_accuracy_does_not_go_by_the_panel_where_both_are_shown_to_differ_the_other_way():
    less = [(*of, 0.05 + seed / 1000) for seed, of in enumerate(NARROW)]
    apart = "the one does not go by the other."
    assert by_augmented_images(made(accuracy="higher", trained=WIDE, augmented=less)).endswith(apart)
    assert not by_augmented_images(made(accuracy="no difference shown", trained=WIDE, augmented=less)).endswith(apart)
    assert not by_augmented_images(made(accuracy="higher", trained=WIDE, augmented=NARROW)).endswith(apart)


def test_in_short_what_augmented_images_make_smaller_for_every_method_is_named():
    said = augmented_in_short(made(trained=WIDE, augmented=NARROW))
    assert said == (
        "Against the recipe, how far pixels go and how far the own loss rises are shown to be smaller with it, for "
        "every method."
    )
    assert "are shown to be larger with it" in augmented_in_short(made(trained=NARROW, augmented=WIDE))
    assert augmented_in_short(made(trained=WIDE, augmented=WIDE)) == ""
    assert augmented_in_short(made(trained=WIDE, augmented=NARROW, finished=False)) == ""


def test_easy_exemplars_by_another_way_are_set_beside_the_recipe():
    easy = [(*of, 0.1, 49.0 - seed / 10) for seed, of in enumerate(NARROW)]
    said = easy_is_not_enough(made(trained=WIDE, deployed=easy))
    assert (
        "than the recipe's for LwF and LUCIR, are not shown to be worth more: LwF, -1.10 [-1.35, -0.85] points" in said
    )
    dear = [(*of, 0.1, 51.0 + seed / 10) for seed, of in enumerate(NARROW)]
    assert "are worth more for LwF and LUCIR: " in easy_is_not_enough(made(trained=WIDE, deployed=dear))
    assert easy_is_not_enough(made(trained=NARROW, deployed=WIDE)) == ""
    assert easy_is_not_enough(made(trained=WIDE, deployed=easy, finished=False)) == ""


@pytest.mark.parametrize("method", METHODS)
def test_the_study_has_every_arm(method):
    names = {run.arm for run in studied("evidence/start_and_judge").plan.runs}
    assert {f"{method}-{arm}" for arm in ARMS} <= names
