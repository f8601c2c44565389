"""Sentences of a phase with nothing kept, and of what exemplars bring back: whichever way the numbers come out."""

import pytest

from mnemonics_lib.edition.brought_back import brings_back, forgets, lost_to_new


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (
            0.0,
            "holds here: with nothing kept, the accuracy on the old classes fell from 80.0 to 0.0 %, so that at least",
        ),
        (40.0, "fell from 80.0 to 40.0 %, so that at least half of it is lost."),
        (41.0, "does not hold here: with nothing kept, the accuracy on the old classes fell from 80.0 to 41.0 %, so"),
        (41.0, "so that less than half of it is lost."),
        (80.0, "does not hold here: with nothing kept, the accuracy on the old classes stayed at 80.0 %, so that noth"),
        (81.0, "rose from 80.0 to 81.0 %, so that nothing is lost."),
    ],
)
def test_it_forgets_where_half_is_lost(left: float, said: str):
    assert said in forgets(80.0, left)


@pytest.mark.parametrize(
    ("alone", "said"),
    [
        (10.0, "So of the 70.0 points that are lost, 0.0 are lost to new classes, and 70.0 to other old ones."),
        (45.5, "So of the 70.0 points that are lost, 35.5 are lost to new classes, and 34.5 to other old ones."),
        (80.0, "So all of the 70.0 points that are lost are lost to new classes."),
        (85.0, "So all of the 70.0 points that are lost are lost to new classes."),
    ],
)
def test_what_is_lost_is_shared_between_new_answers_and_other_old_ones(alone: float, said: str):
    found = lost_to_new(80.0, 10.0, alone)
    assert f"is right on {alone:.1f} % of the old images. On {alone - 10:.1f} % the right class" in found
    assert found.endswith(f"is higher. {said}")


def test_where_nothing_is_lost_there_is_nothing_to_share():
    assert lost_to_new(80.0, 81.0, 84.0).endswith(
        "On 3.0 % the right class has the highest old logit, and a new class's logit is higher."
    )


def test_training_and_the_fine_tuning_have_a_verdict_each():
    assert brings_back("herding", 90.0, 10.0, 50.0, 60.0) == (
        "*That herding exemplars bring much of it back*: by training alone it does not hold (50.0 against 10.0 %, 50 % "
        "of what was lost); after the fine-tuning it holds (60.0 against 10.0 %, 62 % of what was lost)."
    )
    turned = brings_back("random", 90.0, 10.0, 70.0, 5.0)
    assert "by training alone it holds (70.0" in turned
    assert "after the fine-tuning it does not hold (5.0 against 10.0 %)." in turned


def test_a_run_without_fine_tuning_has_one_verdict():
    assert brings_back("random", 90.0, 10.0, 70.0, None).endswith(
        "it holds (70.0 against 10.0 %, 75 % of what was lost)."
    )


def test_nothing_can_come_back_where_nothing_was_lost():
    assert brings_back("random", 90.0, 90.0, 95.0, 96.0).endswith("cannot be tried: nothing was lost.")
