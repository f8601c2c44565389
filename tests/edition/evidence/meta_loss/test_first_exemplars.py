"""What training did to the first exemplars: from the record, by seed, and counted."""

import json
from statistics import fmean

import pytest

from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.evidence.meta_loss.first_exemplars import FirstTraining, counted, first_training, row_of
from mnemonics_lib.paths import RECORDS
from tests.made_records import made

TRAINED = sorted((RECORDS / "small/cifar100-n5/lucir-with-mnemonics").glob("seed-*.json"))


def test_numbers_are_those_of_the_files() -> None:
    assert len(TRAINED) >= 3
    found = [first_training(read_record(path)) for path in TRAINED]
    rows = [json.loads(path.read_text())["results"][0] for path in TRAINED]
    of = [row["exemplars"] for row in rows]
    expected = {
        "meta loss, before": [each["panel"]["before"] for each in of],
        "meta loss, after": [each["panel"]["after"] for each in of],
        "own loss, before": [each["own_loss_before"] for each in of],
        "own loss, after": [each["own_loss_after"] for each in of],
        "displacement (std)": [row["displacement_new"] for row in rows],
        "noise (std)": [each["noise_displacement"] for each in of],
    }
    assert row_of(found) == {title: f"{fmean(values):.3f}" for title, values in expected.items()}
    for number, one in enumerate(found):
        assert row_of([one]) == {title: f"{values[number]:.3f}" for title, values in expected.items()}


@pytest.mark.parametrize(
    ("meta", "own", "fell", "easier", "harder"),
    [
        ((1.0, 0.9), (0.5, 0.4), True, True, False),
        ((0.9, 1.0), (0.4, 0.5), False, False, True),
        ((1.0, 1.0), (0.5, 0.505), False, False, False),
        ((1.0, 1.0), (0.505, 0.5), False, False, False),
    ],
)
def test_a_change_has_a_direction(meta, own, fell, easier, harder) -> None:
    training = FirstTraining(meta, own, 0.1, 0.05)
    assert (training.fell, training.easier, training.harder) == (fell, easier, harder)


def test_runs_are_counted() -> None:
    found = [
        FirstTraining((1.0, 0.5), (0.5, 0.1), 0.1, 0.1),
        FirstTraining((1.0, 1.25), (0.5, 0.8), 0.1, 0.1),
        FirstTraining((1.0, 0.75), (0.5, 0.9), 0.1, 0.1),
    ]
    assert counted(found) == (
        "the meta loss fell in 2 of 3 runs (mean change -0.167); the exemplars became easier in 1 and harder in 2 "
        "(mean change of their own loss +0.100)"
    )
    assert counted(found[:1]) == "in the one run the meta loss changed by -0.500, and the exemplars' own loss by -0.400"


def test_a_run_that_trained_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^seed 3: the record does not say what became of trained exemplars"):
        first_training(made(3))
