"""What training did beside another's displacement, and which seeds are left out of that."""

from __future__ import annotations

import pytest

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.boundary.displacement import (
    left_out_in_words,
    own,
    own_in_words,
    seeds_apart,
    without,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
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
    assert seeds_apart(trained, shuffled) == {"LwF, 5 a class": [1]}
    others = with_losses("lwf-herding-5", [9.0]) | with_losses("lucir-shuffled-5", [9.0])
    assert seeds_apart(trained, others) == {}
    assert seeds_apart(trained, with_losses("lwf-shuffled-5", [0.2, 0.3])) == {"LwF, 5 a class": [0, 1]}


def test_seeds_that_are_left_out_are_in_none_of_their_arms_places():
    trained = {seed: table(trained=[0.3 + seed / 10], start=[0.5]) for seed in range(5)}
    shuffled = {seed: table(trained=[0.2], start=[0.4]) for seed in range(5)}
    names = [
        f"LwF, {arm}, phase {phase}"
        for arm in ("5 a class", "20 a class", "from random, 5 a class")
        for phase in (0, 5)
    ]
    all_of_them = dict.fromkeys(names, shuffled)
    left = without(all_of_them, {"LwF, 5 a class": [0, 4]})
    assert {name: [*of] for name, of in left.items()} == {
        name: [1, 2, 3] if name.startswith("LwF, 5 a class") else [0, 1, 2, 3, 4] for name in names
    }
    found = own(dict.fromkeys(names, trained), left, "margin")
    of_5, of_20 = found["LwF, 5 a class, phase 5"], found["LwF, 20 a class, phase 5"]
    assert (of_5.n, of_20.n) == (3, 5)
    assert of_5.mean == pytest.approx(0.2)  # seeds 1 to 3: 0.1, 0.2, 0.3
    assert names[0] not in without(all_of_them, {"LwF, 5 a class": range(5)})
    assert without(all_of_them, {}) == all_of_them


def test_what_was_left_out_is_named():
    assert left_out_in_words({}) == ""
    said = left_out_in_words({"LwF, 5 a class": [0], "LUCIR, 20 a class": [1, 2, 4]})
    assert said.endswith(
        "processors that round otherwise): LwF, 5 a class, seed 0; LUCIR, 20 a class, seeds 1, 2 and 4."
    )


def test_what_is_an_exemplars_own_is_said_of_places_with_three_seeds():
    lower, neither, two = interval([-1.0, -1.1, -0.9]), interval([-1.0, 0.0, 1.0]), interval([-1.0, -1.1])
    said = own_in_words({"a": lower, "b": neither}, {"a": neither, "b": lower})
    assert said == (
        "**Nearer to the boundary** than with another's displacement: nearer in 1 (a), farther in none; **from the "
        "mean of their class**: nearer in 1 (b), farther in none, of 2 places."
    )
    some = own_in_words({"a": lower, "c": two}, {"a": lower, "c": two})
    assert some.endswith("of 1 place. Of too few seeds for a verdict: c.")
    assert own_in_words({"c": two}, {"c": two}) == "Of too few seeds for a verdict: c."
    assert own_in_words({}, {}) == ""


def test_the_arms_of_the_control_are_those_of_the_study():
    """What is kept of displacements that were exchanged belongs to places of the study, and to the same settings."""
    study, control = (plan(*study_files(f"evidence/{name}")) for name in ("boundary", "controls"))
    exchanged = {run.arm: run.config for run in control.runs if run.keep is not None and not run.seed}
    assert list(exchanged) == ["lwf-shuffled-20", "lwf-shuffled-5", "lucir-shuffled-20", "lucir-shuffled-5"]
    trained = {run.arm: run.config for run in study.runs if not run.seed}
    for arm, config in exchanged.items():
        own_level = config.exemplar_level.model_copy(update={"displacement": "own"})
        assert config.model_copy(update={"exemplar_level": own_level}) == trained[arm.replace("shuffled", "trained")]
