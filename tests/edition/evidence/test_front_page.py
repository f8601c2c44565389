"""Sentences of the front page, for every outcome that records may have."""

import pytest

from mnemonics_lib.edition.evidence.front_page import adjusted_in_words, asked_again_in_words, know_as_much
from mnemonics_lib.edition.evidence.gains import Gain, Setting
from mnemonics_lib.edition.paired.intervals import interval

LOWER, HIGHER, NEITHER, FEW = [-1.0, -1.1, -1.2], [1.0, 1.1, 1.2], [-1.0, 0.1, 1.0], [-1.0]


def gain(values=NEITHER, knows=90.0, data="digits", start="herding", finished=True):
    setting = Setting("a/study", "trained", "herding", data, "LwF", "5 a class", start=start, adjusted=True)
    return Gain(setting, dict(enumerate(values)), interval(values), finished, knows, ())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([HIGHER, NEITHER], "training is shown to help in 1 of 2 settings (LwF); average"),
        ([HIGHER, HIGHER], "training is shown to help in all 2 settings; average accuracies differ by +1.10 to +1.10"),
        ([NEITHER, NEITHER], "training is not shown to help, nor to harm; average"),
        ([LOWER, NEITHER], "training is shown to harm in 1 of 2 settings; average"),
    ],
)
def test_the_second_question_has_its_answer_and_names_whom_it_helps(values, words):
    assert words in asked_again_in_words([gain(each) for each in values])


def test_the_second_question_has_no_answer_before_all_of_it_is_finished():
    assert asked_again_in_words([gain(HIGHER), gain(HIGHER, finished=False)]) == ""
    assert asked_again_in_words([]) == ""


def test_what_adjusting_came_to_is_counted_on_either_side():
    found = [gain(LOWER), gain(LOWER, start="random"), gain(HIGHER), gain(FEW), gain(LOWER, finished=False)]
    text = adjusted_in_words(found)
    assert "With three seeds or more there are 3: shown to be higher in 1, lower in 2; in 1 of them" in text
    assert text.endswith("in 1 of them exemplars start from random images, too. 2 more make no claim.")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([gain(NEITHER)], "there is one: shown to be higher in none, lower in none. 0 more"),
        ([gain(FEW)], "there are none"),
    ],
)
def test_one_and_none_are_said_so(found, words):
    assert words in adjusted_in_words(found)


def test_without_such_settings_nothing_is_said():
    assert adjusted_in_words([]) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([gain(knows=99.9), gain(knows=99.0), gain(knows=90.0, data="CIFAR-100")], "come all settings on digits."),
        ([gain(knows=99.9), gain(knows=48.0)], "come 1 of 2 settings on digits."),
        ([gain(knows=99.9), gain(knows=99.9, data="B")], "come all settings on digits and all settings on B."),
        ([gain(knows=90.0)], "comes none of the settings here."),
        ([gain(knows=float("nan"))], "comes none of the settings here."),
        ([], "comes none of the settings here."),
    ],
)  # fmt: skip
def test_who_knows_as_much_is_told_by_data_set_and_by_all_of_its_settings(found, words):
    assert know_as_much(found, 99.8) == f"Within a point of that {words}"


def test_more_than_a_point_above_is_not_as_much():
    assert "none" in know_as_much([gain(knows=99.9)], 90.0)
