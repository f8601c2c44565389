"""Sentences of the page with all settings, for every outcome that records may have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnemonics_lib.edition.evidence.pairs.side_by_side import differ_in_more, know_as_much, others_in_words
from tests.edition.evidence.asked.test_front_page import FEW, HIGHER, LOWER, NEITHER, gain


def test_other_settings_are_counted_and_those_with_a_difference_are_named():
    plain = {"adjusted": False}
    found = [
        *(gain(HIGHER, **plain), gain(LOWER, data="CIFAR-100: 20 classes", **plain), gain(NEITHER, **plain)),
        *(gain(HIGHER, finished=False, **plain), gain(FEW, **plain), gain(HIGHER)),
    ]
    found[0] = replace(found[0], setting=replace(found[0].setting, study="quick/digits-n5"))
    assert others_in_words(found) == (
        "In 3 settings that were not asked about in advance, not corrected for their number, and some with recipes "
        "that were replaced since or chosen on the same test images, trained exemplars are shown to be better in 1 "
        "(digits; LwF, 5 a class), 1 of them on data that settings had been chosen on, and worse in 1 (LwF, 5 a "
        "class); no difference is shown in 1. Of so many intervals of 95 % 0.2 are expected to be clear of 0 by "
        "chance. What is not shown may be there, smaller than a study of so many seeds can show."
    )


def test_where_nothing_is_shown_none_is_named():
    words = others_in_words([gain(adjusted=False)])
    assert "better in none and worse in none; no difference is shown in 1." in words


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
