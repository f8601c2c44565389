"""What training did beside another's displacement, and which seeds are left out of that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.boundary.displacement import (
    TO,
    alike_in_words,
    beyond_the_control,
    first_networks,
    own,
    own_in_words,
    waited_for,
    without,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.edition.studies.study import study_files
from tests.edition.evidence.boundary.tables import table
from tests.made_records import made


def test_what_training_did_is_compared_with_another_ones_displacement_seed_by_seed():
    trained = {seed: table(trained=[0.3 + seed / 10], start=[0.5]) for seed in range(5)}
    shuffled = {seed: table(trained=[0.2], start=[0.4]) for seed in range(1, 4)}
    found = own({"a": trained, "b": trained}, {"a": shuffled, "c": shuffled}, "margin")
    assert list(found) == ["a"]
    assert found["a"].n == 3
    assert found["a"].mean == pytest.approx(0.2)  # seeds 1 to 3: 0.1, 0.2, 0.3
    assert found["a"].high == pytest.approx(interval([0.1, 0.2, 0.3]).high)


def with_losses(arm: str, losses: list[float | None]) -> dict[str, dict[int, Record]]:
    """Records of an arm whose first networks have these training losses, seeds 0, 1, ..."""
    found: dict[int, Record] = {}
    for seed, loss in enumerate(losses):
        record = made(seed, method="lwf")
        first, *later = record.results
        first = first.model_copy(update={"train_loss": loss})
        found[seed] = record.model_copy(update={"results": [first, *later]})
    return {arm: found}


def test_seeds_whose_first_networks_differ_are_found_by_their_records():
    trained = with_losses("lwf-trained-5", [0.1, 0.2, 0.3, 0.4, 0.5]) | with_losses("lwf-trained-20", [0.1])
    shuffled = with_losses("lwf-shuffled-5", [0.1, 0.21, 0.3, None]) | with_losses("lwf-shuffled-20", [0.1, 0.7])
    assert first_networks(trained, shuffled) == {
        "LwF, 5 a class": {0: True, 1: False, 2: True, 3: True},  # seed 3 does not say; seed 4 has no control
        "LwF, 20 a class": {0: True},
    }
    others = with_losses("lwf-herding-5", [9.0]) | with_losses("lucir-shuffled-5", [9.0])
    assert first_networks(trained, others) == {}
    two = with_losses("lwf-shuffled-5", [0.2, 0.3])
    assert first_networks(trained, two) == {"LwF, 5 a class": {0: False, 1: False}}


def of_runs(made: dict[str, list[bool]]) -> Plan:
    """A study of these arms, and whether each of their runs is there."""
    runs: Any = [SimpleNamespace(arm=arm, made=each) for arm, of in made.items() for each in of]
    study: Any = None
    return Plan(Path("study.yaml"), study, runs)


def test_only_the_arms_that_are_compared_are_waited_for():
    study = of_runs({"lwf-trained-5": [True], "lwf-trained-20": [False], "lucir-trained-5": [True]})
    control = {"lwf-shuffled-5": [True, True], "lucir-random-5": [True, False], "lucir-trained-5": [False]}
    assert waited_for(study, of_runs(control)) == []
    missing = {"lwf-shuffled-20": [True], "lucir-shuffled-5": [True, False]}
    assert waited_for(study, of_runs(control | missing)) == ["LwF, 20 a class", "LUCIR, 5 a class"]


def test_seeds_that_are_left_out_are_in_none_of_their_arms_places():
    trained = {seed: table(trained=[0.3 + seed / 10], start=[0.5]) for seed in range(5)}
    shuffled = {seed: table(trained=[0.2], start=[0.4]) for seed in range(5)}
    names = [
        f"LwF, {arm}, phase {phase}"
        for arm in ("5 a class", "20 a class", "from random, 5 a class")
        for phase in (0, 5)
    ]
    all_of_them = dict.fromkeys(names, shuffled)
    left = without(all_of_them, {"LwF, 5 a class": {0: False, 1: True, 4: False}})
    assert {name: [*of] for name, of in left.items()} == {
        name: [1, 2, 3] if name.startswith("LwF, 5 a class") else [0, 1, 2, 3, 4] for name in names
    }
    found = own(dict.fromkeys(names, trained), left, "margin")
    of_5, of_20 = found["LwF, 5 a class, phase 5"], found["LwF, 20 a class, phase 5"]
    assert (of_5.n, of_20.n) == (3, 5)
    assert of_5.mean == pytest.approx(0.2)  # seeds 1 to 3: 0.1, 0.2, 0.3
    assert names[0] not in without(all_of_them, {"LwF, 5 a class": dict.fromkeys(range(5), False)})
    assert without(all_of_them, {}) == all_of_them


def test_the_seeds_with_one_first_network_are_named_and_that_the_others_cannot_be_compared():
    assert alike_in_words({}) == ""
    some, none = {0: False, 2: True, 3: True}, {0: False, 1: False}
    said = alike_in_words({"LwF, 20": some, "LUCIR, 20": some, "LwF, 5": none, "LUCIR, 5": none})
    assert said.startswith(
        "The two runs have the same first network in seeds 2 and 3 of 3 (LwF, 20 · LUCIR, 20); in none of 2 (LwF, 5 · "
        "LUCIR, 5). The other seeds cannot be compared: "
    )
    assert said.endswith("other images. So there is no row of LwF, 5 and LUCIR, 5.")
    assert alike_in_words({"LwF, 20": some}).endswith("as other images.")
    assert alike_in_words({"a": {0: True}}) == "The two runs have the same first network in seed 0 of 1 (a)."


def test_what_is_an_exemplars_own_is_said_of_places_with_three_seeds():
    lower, neither, two = interval([-1.0, -1.1, -0.9]), interval([-1.0, 0.0, 1.0]), interval([-1.0, -1.1])
    size, rank, other = {"a": lower, "b": neither}, {"a": neither, "b": lower}, {"a": neither, "b": neither}
    assert own_in_words({"size": size, "percentile": rank, "other": other, "margin": size}) == (
        "With their own displacement against another's, 2 places: **to the boundary** nearer in 1 (a), farther in "
        "none; **to the mean of their class** nearer in 1 (b), farther in none; **to an image of another class** "
        "nearer in none, farther in none. These are 6 intervals, none asked for in advance."
    )
    some = own_in_words({column: {"a": lower, "c": two} for column in TO})
    assert "another's, 1 place: " in some
    assert some.endswith("These are 3 intervals, none asked for in advance. Of too few seeds for a verdict: c.")
    assert own_in_words({column: {"c": two} for column in TO}) == "Of too few seeds for a verdict: c."
    assert own_in_words({column: {} for column in TO}) == ""


def test_places_that_are_nearer_and_have_no_control_are_named():
    lower, neither, higher = interval([-1.0, -1.1, -0.9]), interval([-1.0, 0.0, 1.0]), interval([1.0, 1.1, 0.9])
    trained = {"a": lower, "b": lower, "c": neither, "d": higher}
    assert beyond_the_control(trained, {"a": neither}) == (
        "Training brought exemplars nearer in 1 place of which the control has no row: b. Whether a displacement of "
        "this size does that by itself is open."
    )
    assert beyond_the_control(trained, {"a": neither, "b": neither}) == ""


def test_the_arms_of_the_control_are_those_of_the_study():
    """What is kept of displacements that were exchanged belongs to places of the study, and to the same settings."""
    study, control = (plan(*study_files(f"evidence/{name}")) for name in ("boundary", "controls"))
    exchanged = {run.arm: run.config for run in control.runs if run.keep is not None and not run.seed}
    assert list(exchanged) == ["lwf-shuffled-20", "lwf-shuffled-5", "lucir-shuffled-20", "lucir-shuffled-5"]
    trained = {run.arm: run.config for run in study.runs if not run.seed}
    for arm, config in exchanged.items():
        own_level = config.exemplar_level.model_copy(update={"displacement": "own"})
        assert config.model_copy(update={"exemplar_level": own_level}) == trained[arm.replace("shuffled", "trained")]
