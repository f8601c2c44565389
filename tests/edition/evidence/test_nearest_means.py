"""What classifies, and what training changes in it: from rows made by hand, and from the committed ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.nearest_means import FILE, HERDING, TESTED, TIMES, TRAINED, in_words, measured
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
    said = in_words(found)
    assert said.startswith(
        "Before fine-tuning, of the -2.00 points by which iCaRL's accuracy differs, -2.00 [-2.00, -2.00]"
    )
    assert "the same), and +0.00 [+0.00, +0.00] of the networks; the mean of a class lies 1.9 times as far" in said
    assert said.endswith("cost accuracy is shown before fine-tuning and after it, n = 3.")
    other = replace(found[0], moved=interval([-1.0, 0.0, 1.0]))
    assert in_words([other]).endswith("cost accuracy is shown at neither time, n = 3.")


def test_what_was_measured_are_the_runs_of_the_primary_study():
    """But for rounding: head and mean of exemplars, after fine-tuning, are the accuracies of LwF and of iCaRL."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["rows"]
    records = evidence("evidence", "primary")
    seeds = {each["seed"] for each in rows}
    assert len(rows) == 2 * len(TIMES) * len(seeds)
    for each in rows:
        for name, method in (("head", "lwf"), ("mean of exemplars", "icarl")):
            record = records[each["arm"].replace("lwf", method)][each["seed"]]
            theirs = record.accuracy[1] if each["when"] == "after it" else record.results[1].accuracy_before_finetuning
            assert each[name] == pytest.approx(theirs, abs=4), (each["arm"], each["seed"], name)
