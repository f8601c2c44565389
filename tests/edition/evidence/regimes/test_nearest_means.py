"""What classifies, and what training changes in it: from rows made by hand, and from the committed ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.regimes.nearest_means import (
    ASKED_AGAIN,
    FILE,
    HERDING,
    TESTED,
    TIMES,
    TRAINED,
    asked_again,
    in_words,
    measured,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.report import evidence


def row(arm: str, seed: int, when: str, more: float) -> dict[str, Any]:
    """What the script writes: trained exemplars gain by the head, and lose by their means."""
    accuracies = {"head": 50.0 + more, "mean of exemplars": 60.0 - 2 * more, "mean of start": 60.0, "mean of all": 70.0}
    return {
        "arm": arm,
        "seed": seed,
        "when": when,
        **{name: value + seed for name, value in accuracies.items()},
        "exemplars from all": 0.1 + more / 10 + seed / 100,
        "start from all": 0.1 + seed / 100,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "means.json"
    rows = [
        row(arm, seed, when, more)
        for arm, more in ((HERDING, 0.0), (TRAINED, 1.0))
        for seed in range(3)
        for when in TIMES
    ]
    path.write_text(json.dumps({"rows": rows}))
    return path


def test_runs_are_compared_seed_by_seed_and_means_in_the_same_network(file: Path):
    before, after = measured(file)
    assert (before.when, after.when) == TIMES
    assert {name: found.mean for name, found in before.over_herding.items()} == pytest.approx(
        {"head": 1.0, "mean of exemplars": -2.0, "mean of start": 0.0, "mean of all": 0.0}
    )
    assert before.moved.mean == pytest.approx(-2.0)
    assert before.moved.n == 3
    assert {name: found.mean for name, found in before.distances.items()} == pytest.approx(
        {"herding's": 0.11, "before training": 0.11, "after training": 0.21}
    )
    assert list(before.row) == ["phase 1", *TESTED.values()]
    assert before.row["by the head (LwF)"].startswith("**+1.00 [")


def test_words_tell_a_loss_by_the_means_from_one_by_the_networks(file: Path):
    found = measured(file)
    said = in_words(found, {when: interval([-2.0, -2.0, -2.1]) for when in TIMES})
    assert said.startswith(
        "Before fine-tuning, of the -2.00 points by which iCaRL's accuracy differs, -2.00 [-2.00, -2.00]"
    )
    assert "the same), and +0.00 [+0.00, +0.00] of the networks; the mean of a class lies 1.9 times as far" in said
    assert (
        "Asked of the 3 seeds that were run for that question, it is shown before fine-tuning and after it that" in said
    )
    assert said.endswith("(-2.03 [-2.18, -1.89] before fine-tuning and -2.03 [-2.18, -1.89] after it, 95 % together).")
    neither = in_words(found, dict.fromkeys(TIMES, interval([-1.0, 0.0, 1.0])))
    assert "it is shown at neither time that moved means cost accuracy (+0.00 [" in neither


def test_it_is_asked_again_of_the_later_seeds_alone_and_both_intervals_hold_together(file: Path):
    rows = json.loads(file.read_text())["rows"]
    later = [
        row(TRAINED, seed, when, more)
        for seed, more in zip(range(10, 14), (1.0, 2.0, 0.0, 1.0), strict=True)
        for when in TIMES
    ]
    file.write_text(json.dumps({"rows": rows + later}))
    before, after = asked_again(file).values()
    expected = stats.ttest_1samp([-2.0, -4.0, 0.0, -2.0], 0).confidence_interval(1 - 0.05 / 2)
    assert (before.mean, before.low, before.high) == pytest.approx((-2.0, *expected))
    assert before == after
    assert before.n == 4


def test_what_was_measured_are_the_runs_of_the_studies():
    """But for rounding: head and mean of exemplars, after fine-tuning, are the accuracies of LwF and of iCaRL.

    The primary study has the first seeds; of the later ones the study of Eq. 4b has the runs with herding's exemplars.
    """
    rows = json.loads(FILE.read_text(encoding="utf-8"))["rows"]
    seeds = {each["seed"] for each in rows}
    assert seeds == {0, 1, 2, 3, 4, *ASKED_AGAIN}
    assert len(rows) == 2 * len(TIMES) * len(seeds)
    primary, objective = evidence("evidence", "primary"), evidence("evidence", "objective")
    for each in rows:
        if (later := each["seed"] in ASKED_AGAIN) and each["arm"] == TRAINED:
            continue
        for name, method in (("head", "lwf"), ("mean of exemplars", "icarl")):
            arm = objective[f"{method}-herding"] if later else primary[each["arm"].replace("lwf", method)]
            record = arm[each["seed"]]
            theirs = record.accuracy[1] if each["when"] == "after it" else record.results[1].accuracy_before_finetuning
            assert each[name] == pytest.approx(theirs, abs=4), (each["arm"], each["seed"], name)
