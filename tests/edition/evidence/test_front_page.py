"""Sentences of the front page, for every outcome that records may have."""

from dataclasses import replace

import pytest

from mnemonics_lib.edition.evidence.front_page import asked_again_in_words, differ_in_more, know_as_much
from mnemonics_lib.edition.evidence.gains import Gain
from mnemonics_lib.edition.evidence.settings import Setting
from mnemonics_lib.edition.paired.intervals import interval

LOWER, HIGHER, NEITHER, FEW = [-1.0, -1.1, -1.2], [1.0, 1.1, 1.2], [-1.0, 0.1, 1.0], [-1.0]


def gain(values=NEITHER, knows=90.0, data="digits", start="herding", finished=True, adjusted=True):
    setting = Setting("a/study", "trained", "herding", data, "LwF", "5 a class", start=start, adjusted=adjusted)
    return Gain(setting, dict(enumerate(values)), interval(values), finished, knows, ())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([HIGHER, NEITHER], "training is shown to help in 1 of 2 settings (helps LwF); average"),
        ([HIGHER, HIGHER], "training is shown to help in all 2 settings; average accuracies differ by +1.10 to +1.10"),
        ([NEITHER, NEITHER], "training is not shown to help, nor to harm; average"),
        ([LOWER, NEITHER], "training is shown to harm in 1 of 2 settings (harms LwF); average"),
        ([LOWER, LOWER], "training is shown to harm in all 2 settings; average"),
        ([HIGHER, NEITHER, LOWER], "to help in 1 and to harm in 1 of 3 settings (helps LwF; harms BiC); average"),
    ],
)
def test_the_second_question_has_its_answer_and_names_whom_it_helps(values, words):
    found = [gain(each) for each in values]
    if len(found) == 3:
        found[2] = replace(found[2], setting=replace(found[2].setting, method="BiC"))
    assert words in asked_again_in_words(found)


def test_the_second_question_has_no_answer_before_all_of_it_is_finished():
    assert asked_again_in_words([gain(HIGHER), gain(HIGHER, finished=False)]) == ""
    assert asked_again_in_words([]) == ""


def test_what_differs_in_more_is_counted_by_what_it_differs_in():
    found = [
        *(gain(LOWER), gain(HIGHER), gain(NEITHER), gain(FEW), gain(LOWER, finished=False)),
        *(gain(LOWER, start="random", adjusted=False, data=data) for data in ("digits", "pictures", "digits")),
        gain(NEITHER, start="random"),
    ]
    assert differ_in_more(found) == (
        "Not counted are settings whose trained arm differs from herding's in more than training. There trained "
        "exemplars are shown to be better in none and worse in 3 (digits; LwF · pictures; LwF) of 3 where they start "
        "from random images, as in the paper; better in 1 (digits; LwF) and worse in 1 (digits; LwF) of 3 where old "
        "ones are adjusted, too; better in none and worse in none of 1 with both. 2 more of them make no claim."
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([gain(NEITHER)], "worse in none of 1 where old ones are adjusted, too."),
        ([gain(FEW)], "in more than training. 1 of them makes no claim."),
    ],
)
def test_one_and_none_are_said_so(found, words):
    assert differ_in_more(found).endswith(words)


def test_without_such_settings_nothing_is_said():
    assert differ_in_more([]) == ""


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
