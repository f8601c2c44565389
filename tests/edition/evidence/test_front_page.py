"""Sentences of the front page, for every outcome that records may have."""

from dataclasses import replace

import pytest

from mnemonics_lib.edition.evidence.front_page import (
    answer_in_words,
    asked_again_in_words,
    others_in_short,
)
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


def asked(values, detail="5 a class", finished=True):
    found = gain(values, adjusted=False, finished=finished)
    return replace(found, setting=replace(found.setting, detail=detail))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            [asked(NEITHER), asked(NEITHER, "20 a class")],
            "**On 20 classes of CIFAR-100 at a time, training the exemplars that herding chose is not "
            "shown to help, nor to harm.** 2 settings were asked about in advance: four methods, each with 5 "
            "exemplars a class and with 20, the paper's number, each on four such sets of classes. All are finished. "
            "Trained exemplars are shown to be better than herding's in none of them and worse in none; average "
            "accuracies differ by +0.03 to +0.03 points, with intervals that reach from -2.45 to +2.52.",
        ),
        (
            [asked(HIGHER), asked(LOWER, "20 a class")],
            "herding chose is shown to help in 1 and to harm in 1 of 2 settings.**",
        ),
        ([asked(HIGHER), asked(LOWER)], "are shown to be better than herding's in 1 of them and worse in 1; average"),
        (
            [asked(HIGHER), asked(HIGHER, finished=False), asked(NEITHER, "20 a class", finished=False)],
            "**So far, on 20 classes of CIFAR-100 at a time, training the exemplars that herding chose is "
            "shown to help in the one setting.** 3 settings",
        ),
        (
            [asked(HIGHER), asked(HIGHER, finished=False), asked(NEITHER, "20 a class", finished=False)],
            "Finished are 1 of the 2 with 5 a class and 0 of the 1 with 20 a class. Trained",
        ),
        ([asked(HIGHER, finished=False)], "in none of them and worse in none."),
    ],
)
def test_the_answer_says_what_is_there_and_what_it_shows(found, words):
    assert words in answer_in_words(found)


def test_other_settings_are_counted_where_they_make_a_claim():
    found = [asked(HIGHER), asked(LOWER), asked(LOWER), asked(NEITHER), asked(HIGHER, finished=False), gain(HIGHER)]
    assert others_in_short(found) == (
        "**Of 4 other settings**, exploratory and with 95 % each, trained exemplars are shown to be better in 1 and "
        "worse in 2; 0.2 would be either by chance ({doc}`side_by_side`)."
    )
    assert others_in_short(found[4:]) == ""
    found[0] = replace(found[0], setting=replace(found[0].setting, study="evidence/first_classes"))
    assert "better in 1, 1 of them on data that settings had been chosen on, and worse in 2" in others_in_short(found)
