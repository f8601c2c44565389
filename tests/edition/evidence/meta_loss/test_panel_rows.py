"""Rows of an arm and a phase: losses, distances, and what they come to in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.meta_loss.panel_rows import at_the_ends, in_words, panel_rows
from mnemonics_lib.edition.paired.intervals import interval

MEASURED = (1.0, 0.9, 2.0, 2.1)  # the panel before and after, with each batch's statistics and with running ones


def record(*phases: tuple[tuple[float, ...], float, float | None] | None) -> Any:
    """Of each phase its panel, displacement and that of noise; None for one that trained nothing."""
    results = []
    for phase in phases:
        if phase is None:
            results.append(SimpleNamespace(exemplars=None, displacement_new=0.0))
            continue
        (before, after, before_running, after_running), moved, noise = phase
        panel = SimpleNamespace(before=before, after=after, before_running=before_running, after_running=after_running)
        training = SimpleNamespace(panel=panel, noise_displacement=noise)
        results.append(SimpleNamespace(exemplars=training, displacement_new=moved))
    return SimpleNamespace(results=results)


def arm(*falls: float, moved: float = 0.2, noise: float = 0.1, phases: int = 1) -> dict[int, Any]:
    """A seed for each fall of the loss with a batch's statistics; with running ones it rises by as much."""
    return {
        seed: record(*[((1.0, 1.0 - fall, 1.0, 1.0 + fall), moved, noise)] * phases) for seed, fall in enumerate(falls)
    }


def test_a_row_has_both_losses_and_mean_distances_over_seeds():
    runs = {
        0: record(None, (MEASURED, 0.2, 0.1)),
        1: record(None, ((1.0, 0.7, 2.0, 2.0), 0.4, 0.1)),
        2: record(None, ((1.0, 0.8, 2.0, 1.9), 0.3, 0.1)),
    }
    (row,) = panel_rows({"mnemonics": runs, "herding": {0: record(None, None)}}, ["mnemonics", "herding"])
    assert (row.arm, row.phase) == ("mnemonics", 1)
    assert row.batch.mean == pytest.approx(-0.2)
    assert row.running.mean == pytest.approx(0.0)
    assert row.moved == pytest.approx(0.3)
    assert row.noise == pytest.approx(0.1)
    expected = interval([-0.1, -0.3, -0.2])
    assert row.row["loss, batch statistics"] == f"{expected:.4f}"
    assert row.row["moved (std)"] == "0.300"


def test_a_small_change_of_a_loss_is_not_shown_as_none():
    (row,) = panel_rows({"a": arm(2e-7, 1e-7, 3e-7, moved=5e-6)}, ["a"])
    assert str(row.row["loss, batch statistics"]).startswith("-2.0e-07 [")
    assert row.row["moved (std)"] == "5.0e-06"


def test_the_same_training_in_two_arms_is_one_row():
    found = {"mnemonics": arm(0.1, 0.2, 0.3), "mnemonics-adjust": arm(0.1, 0.2, 0.3), "other": arm(0.1, 0.2, 0.4)}
    assert [row.arm for row in panel_rows(found, list(found))] == ["mnemonics", "other"]


def test_a_training_that_was_not_measured_makes_no_row():
    assert panel_rows({"a": {0: record((MEASURED, 0.2, None))}}, ["a"]) == []


def test_the_ends_are_the_first_phase_and_the_last_of_the_arms_that_are_named():
    found = {"a": arm(0.1, 0.2, 0.3, phases=4), "b": arm(0.3, 0.2, 0.4, phases=3)}
    rows = panel_rows(found, ["a", "b"])
    assert [(row.arm, row.phase) for row in at_the_ends(rows, ["b", "a", "c"])] == [
        ("a", 0),
        ("a", 3),
        ("b", 0),
        ("b", 2),
    ]
    assert [row.arm for row in at_the_ends(rows, ["b"])] == ["b", "b"]
    assert at_the_ends(rows, ["c"]) == []


def test_words_count_by_losses_and_by_distances():
    found = {
        "far": arm(0.1, 0.11, 0.12),
        "alike": arm(-0.1, 0.2, 0.0, moved=0.11),
        "less": arm(0.1, 0.12, 0.13, moved=0.05),
    }
    said = in_words(panel_rows(found, list(found)))
    assert "- With batch statistics the loss is shown to fall in 2 and to rise in none of all 3 rows" in said
    assert "- With running statistics the loss is shown to fall in none and to rise in 2 of all 3 rows" in said
    assert "- In 1 of all 3 rows they went farther than noise, by a quarter or more; in 1 about as far (0.8 to" in said
    assert "; in 1 less far. Where they did not" in said
    assert "next to nothing" not in said


def test_all_of_them_farther_needs_no_caution():
    said = in_words(panel_rows({"far": arm(0.1, 0.11, 0.12)}, ["far"]))
    assert said.endswith("In 1 of all 1 rows they went farther than noise, by a quarter or more.")


def test_an_arm_that_hardly_moves_is_named_however_far_noise_would_go():
    found = {"far": arm(0.1, 0.11, 0.12), "paper": arm(0.2, 0.11, 0.12, moved=4.9e-6, noise=1e-6)}
    said = in_words(panel_rows(found, list(found)))
    assert "- Those of *paper* moved by next to nothing: 4.9e-06 to 4.9e-06 std, less than a ten-thousandth." in said
    assert "*far*" not in said


def test_two_seeds_have_no_verdict_and_no_rows_no_words():
    assert in_words(panel_rows({"a": arm(0.1, 0.2)}, ["a"])).startswith("- With batch statistics no row has seeds en")
    assert in_words([]) == ""
