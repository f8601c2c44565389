"""The sections: milestones are shares of the epochs, so that another number of epochs keeps its schedule."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import ConfigError, Finetuning, Training, parse_config


def test_the_defaults_drop_where_they_did_when_milestones_were_epochs():
    assert Training().milestone_epochs() == [15, 23]  # a half, and 22.5, rounded up
    assert Finetuning().milestone_epochs() == [40, 80, 120, 160]


@pytest.mark.parametrize(
    ("share", "epochs", "epoch"),
    [
        (0.6, 5, 3),
        (0.75, 30, 23),
        (0.29, 50, 15),  # 14.499999999999998 in floating point
        (0.145, 100, 15),
        (0.5, 1, 1),
        (0.01, 10, 1),  # never before the first epoch
        (0.99, 10, 10),
        (1e-5, 10**5, 1),
    ],
)
def test_a_milestone_is_its_share_of_the_epochs_rounded_half_up(share, epochs, epoch):
    assert Training(epochs=epochs, milestones=[share]).milestone_epochs() == [epoch]


@given(st.integers(1, 999), st.integers(1, 3000))
def test_the_rounding_is_that_of_the_decimal_number_as_written(thousandths, epochs):
    exact = math.floor(Fraction(thousandths, 1000) * epochs + Fraction(1, 2))
    assert Training(epochs=epochs, milestones=[thousandths / 1000]).milestone_epochs() == [max(1, exact)]


@given(st.lists(st.floats(0.001, 0.999), unique=True).map(sorted), st.integers(1, 500))
def test_milestones_never_decrease_and_lie_in_the_training(milestones, epochs):
    found = Training(epochs=epochs, milestones=milestones).milestone_epochs()
    assert found == sorted(found)
    assert all(1 <= epoch <= epochs for epoch in found)


@given(st.integers(2, 400).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(1, n + 20), min_size=1))))
def test_what_the_refusal_of_old_milestones_says_to_write_gives_the_old_epochs(case):
    epochs, old = case[0], sorted(case[1])
    with pytest.raises(ValueError, match=r"increasing shares of the epochs") as caught:
        Training(epochs=epochs, milestones=list(map(float, old)))
    text = str(caught.value).partition(" write [")[2].partition("]")[0]
    shares = [float(share) for share in text.split(", ") if share]
    config = parse_config({"training": {"epochs": epochs, "milestones": shares}})
    assert config.training.milestone_epochs() == [epoch for epoch in old if epoch < epochs]


@pytest.mark.parametrize(("name", "number"), [("paper", 5e-4), ("lucir", 1e-4)])
def test_a_weight_decay_may_be_given_by_its_name(name, number):
    """A configuration holds the number, so that a run has one identity whichever way it was asked for."""
    by_name, by_number = (parse_config({"training": {"weight_decay": value}}) for value in (name, number))
    assert by_name.training.weight_decay == number
    assert by_name.finetuning.weight_decay == 5e-4
    for section in (by_name.training, by_name.finetuning):
        description = type(section).model_fields["weight_decay"].description or ""
        assert "Model level and fine-tuning have one each" in description
    assert by_name.digest == by_number.digest


def test_another_word_is_no_weight_decay():
    with pytest.raises(ConfigError, match=r"training\.weight_decay = 'lucirs': must be a valid number"):
        parse_config({"training": {"weight_decay": "lucirs"}})
