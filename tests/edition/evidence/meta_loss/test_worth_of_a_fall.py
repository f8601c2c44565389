"""What a fall of the meta loss is worth, by choice and by training: from made runs, whose numbers are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.meta_loss import worth_of_a_fall
from mnemonics_lib.edition.evidence.meta_loss.from_random import judged
from mnemonics_lib.edition.evidence.meta_loss.worth_of_a_fall import (
    CHOICE,
    FROM_RANDOM,
    HERDING,
    MINIMISED,
    RANDOM,
    TRAINED,
    TRAINING,
    TRAINING_RANDOM,
    beside,
    in_words,
    of_records,
    shortly,
    ways,
)
from mnemonics_lib.edition.report import evidence
from mnemonics_lib.edition.studies.by_phase import AVERAGE, FIRST


def run(average: float, after_phase_1: float = 50.0, panel: tuple[float, ...] = (), network: float = 0.5) -> Any:
    """A run of some accuracies; its panel has the loss before and after, and both with running statistics."""
    names = ("before", "after", "before_running", "after_running")
    of = SimpleNamespace(panel=SimpleNamespace(**dict(zip(names, panel, strict=True)))) if panel else None
    results = [SimpleNamespace(exemplars=of, train_loss=network)]
    accuracy = [90.0, after_phase_1]
    return SimpleNamespace(
        method="lwf", seed=0, results=results, accuracy=accuracy, average_accuracy=average, config={}
    )


def arms(gains: tuple[float, ...] = (1.0, 1.1, 0.9), fall: float = 0.3) -> dict[str, dict[int, Any]]:
    """Random images have a loss of 1.0; herding's have one that is lower by 0.2, and gain so much, seed by seed.

    Training lowers that of herding's by ``fall``, and gains nothing.
    """
    wobble = [0.0, 0.01, -0.01]
    return {
        RANDOM: {seed: run(60.0) for seed in range(3)},
        HERDING: {seed: run(60.0 + gain, 50.0 + 2 * gain) for seed, gain in enumerate(gains)},
        TRAINED: {
            seed: run(60.0 + gain, 50.0 + 2 * gain, (0.8 + w, 0.8 + w - fall, 1.9, 2.0))
            for seed, (gain, w) in enumerate(zip(gains, wobble, strict=True))
        },
        FROM_RANDOM: {seed: run(60.5, 50.0, (1.0, 0.4, 2.0, 1.5)) for seed in range(3)},
    }


def means(of: dict[str, dict[int, float]]) -> dict[str, float]:
    return {words: sum(values.values()) / len(values) for words, values in of.items()}


def test_each_way_has_its_own_fall_and_its_own_gain(monkeypatch: pytest.MonkeyPatch):
    choice, training, random = ways("LwF, 5 a class", arms())
    assert [way.what for way in (choice, training, random)] == [CHOICE, TRAINING, TRAINING_RANDOM]
    expected = {"statistics of each batch": 0.2, "running statistics": 0.1}
    assert means(choice.falls) == pytest.approx(expected)
    assert choice.falls[MINIMISED] == pytest.approx({0: 0.2, 1: 0.19, 2: 0.21})
    assert means(training.falls) == pytest.approx({"statistics of each batch": 0.3, "running statistics": -0.1})
    assert means(random.falls) == pytest.approx({"statistics of each batch": 0.6, "running statistics": 0.5})
    assert means(choice.gains) == pytest.approx({FIRST: 2.0, AVERAGE: 1.0})
    assert means(training.gains) == pytest.approx({FIRST: 0.0, AVERAGE: 0.0})
    assert means(random.gains) == pytest.approx({FIRST: 0.0, AVERAGE: 0.5})
    assert choice.row == {
        "setting": "LwF, 5 a class",
        "what lowers the loss": CHOICE,
        "seeds": "3",
        "it falls, each batch": "**+0.200 [+0.175, +0.225]**",
        "it falls, running": "**+0.100 [+0.100, +0.100]**",
        f"gain, {FIRST} (points)": "**+2.00 [+1.50, +2.50]**",
        f"gain, {AVERAGE} (points)": "**+1.00 [+0.75, +1.25]**",
    }


def test_seeds_that_an_arm_lacks_or_whose_networks_differ_are_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        worth_of_a_fall, "apart", lambda one, other: one.results[0].train_loss != other.results[0].train_loss
    )
    of = arms()
    of[RANDOM].pop(0)
    of[HERDING][1].results[0].train_loss = 0.6
    choice, *_ = ways("LwF", of)
    assert [*choice.gains[AVERAGE]] == [*choice.falls[MINIMISED]] == [2]
    of[TRAINED].pop(2)
    with pytest.raises(ValueError, match="LwF: no seed whose runs share their first network"):
        ways("LwF", of)


def test_a_choice_that_gains_more_by_no_larger_a_fall_says_that_falls_differ_in_worth():
    found = [*ways("LwF, 20 a class", arms()), *ways("LwF, 5 a class", arms((3.0, 3.1, 2.9), 0.2))]
    assert [each.farther.verdict for each in beside(found)] == ["lower", "no difference shown"]
    said = shortly(found)
    assert (
        "gain +2.00 [+1.50, +2.50] points (LwF, 20 a class) and +6.00 [+5.50, +6.50] points (LwF, 5 a class) more than "
        "training herding's does, which is shown for LwF, 20 a class · LwF, 5 a class. In average accuracy"
    ) in said
    assert "it is +1.00 [+0.75, +1.25] points (LwF, 20 a class) and +3.00 [+2.75, +3.25] points (LwF, 5" in said
    assert said.endswith(
        "falls in phase 0 differ by -0.100 [-0.125, -0.075] and +0.000 [-0.025, +0.025] nat (95 % each, exploratory; "
        "n = 3)."
    )
    assert in_words(found).startswith(
        "After phase 1: with LwF, 20 a class, herding's choice lowers the loss that is minimised by 0.200 nat "
        "for +2.00 points, and training by 0.300 nat for +0.00 points; the gains differ by +2.00 [+1.50, +2.50] points "
        "(in average accuracy by +1.00 [+0.75, +1.25]), the falls by -0.100 [-0.125, -0.075], n = 3; with LwF, 5"
    )


def test_falls_that_are_not_shown_to_differ_are_not_called_equal():
    said = shortly(ways("LwF, 5 a class", arms((3.0, 3.1, 2.9), 0.2)))
    assert "differ by +0.000 [-0.025, +0.025] nat, not shown, and not shown to be equal (95 %" in said


def test_that_the_study_is_not_finished_is_said_as_long_as_it_is_not():
    found = ways("LwF, 20 a class", arms())
    words = "from LwF's arms, which are all there, of a study that is not finished"
    assert shortly(found, unfinished=True).endswith(f"n = 3, {words}).")
    assert in_words(found, unfinished=True) == f"{in_words(found)} All of it is {words}."
    assert words not in shortly(found) + in_words(found)
    assert shortly([], unfinished=True) == in_words([], unfinished=True) == ""


def test_a_gain_that_is_shown_in_the_average_need_not_be_there_after_phase_1():
    of = arms()
    for arm in (HERDING, TRAINED):
        for record, accuracy in zip(of[arm].values(), (50.0, 60.0, 40.0), strict=True):
            record.accuracy[1] = accuracy if arm == HERDING else 50.0
    said = shortly(ways("LwF, 5 a class", of))
    assert said.startswith("A hint that")
    assert "training herding's does, which is shown for none. In average accuracy" in said


@pytest.mark.parametrize(
    "of",
    [
        arms(fall=0.1),  # the choice lowers the loss farther
        arms((1.0, -1.0, 0.1)),  # it is not shown to gain more
        arms((-1.0, -1.1, -0.9)),  # it loses
        {arm: {seed: record for seed, record in runs.items() if seed < 2} for arm, runs in arms().items()},
    ],
)
def test_otherwise_nothing_is_said_of_their_worth(of: dict[str, dict[int, Any]]):
    assert shortly(ways("LwF", of)) == ""


def test_of_nothing_there_are_no_words():
    assert shortly([]) == in_words([]) == ""


def test_methods_whose_runs_are_not_all_there_are_left_out(monkeypatch: pytest.MonkeyPatch):
    finished = {f"lwf-{arm}-5" for arm in (RANDOM, HERDING, TRAINED, FROM_RANDOM)} | {"lucir-random-20"}
    plan = SimpleNamespace(finished=lambda *names: {*names} <= finished)
    records = {f"{method}-{arm}-5": of for method in ("lwf", "lucir") for arm, of in arms().items()}
    monkeypatch.setattr(worth_of_a_fall, "studied", lambda name: SimpleNamespace(plan=plan, records=records))
    assert [way.setting for way in of_records()] == ["LwF, 5 a class"] * 3
    finished.remove("lwf-trained-5")
    assert of_records() == []


def test_the_losses_of_the_records_are_those_of_another_reading():
    """Trained random images minus herding's untrained ones, as the page Where it helps has them."""
    of = evidence("evidence", "controls")
    runs = {arm: of[f"lwf-{arm}-20"] for arm in (RANDOM, HERDING, TRAINED, FROM_RANDOM)}
    found = {way.what: way for way in ways("LwF, 20 a class", runs)}
    untrained, _ = judged("LwF", runs[FROM_RANDOM], runs[TRAINED], runs[HERDING])
    for judge, loss in untrained.losses.items():
        falls = (found[what].falls[judge] for what in (CHOICE, TRAINING_RANDOM))
        of_choice, of_training = (sum(values.values()) / len(values) for values in falls)
        assert loss.mean == pytest.approx(of_choice - of_training)
