"""1 exemplar a class: an answer for each verdict, and none before the study is finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.one_a_class import in_words
from mnemonics_lib.edition.evidence.settings import OF_ONE
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.studies.studied import studied

HIGHER, NOTHING, LOWER = Interval(1.2, 0.6, 1.8, 10), Interval(0.1, -0.5, 0.7, 10), Interval(-0.9, -1.5, -0.3, 10)


def study(gain: Interval, own: Interval, missing: tuple[str, ...] = ()) -> Any:
    differences = {
        ("trained", "herding"): gain,
        ("trained", "shuffled"): own,
        ("shuffled", "herding"): Interval(0.4, -0.1, 0.9, 10),
    }
    compared = [(*arms, SimpleNamespace(difference=each)) for arms, each in differences.items()]
    return SimpleNamespace(missing=missing, compared=compared)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (HIGHER, "there: training is shown to help (+1.20 [+0.60, +1.80] points, n = 10, 95 %)."),
        (
            NOTHING,
            "there: training is not shown to help, nor to harm (+0.10 [-0.50, +0.70] points, n = 10, 95 %).",
        ),
        (LOWER, "there: training is shown to harm (-0.90 [-1.50, -0.30] points, n = 10, 95 %)."),
    ],
)
def test_the_answer_is_the_interval_over_herdings(gain: Interval, said: str):
    assert said in in_words(study(gain, NOTHING))


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (HIGHER, "own displacement is shown to be worth more than another one's, +1.20 [+0.60, +1.80] points"),
        (NOTHING, "worth more than another one's is not shown, +0.10 [-0.50, +0.70] points"),
        (LOWER, "own displacement is shown to be worth less than another one's, -0.90 [-1.50, -0.30] points"),
    ],
)
def test_the_control_is_told_beside_it(own: Interval, said: str):
    found = in_words(study(HIGHER, own))
    assert said in found
    assert found.endswith("and with another one's the difference to herding's is +0.40 [-0.10, +0.90] points.")


def test_nothing_is_said_before_all_runs_are_there():
    assert in_words(study(HIGHER, HIGHER, missing=("a run",))) == ""


def test_the_study_of_the_project_has_these_arms_and_seeds_that_the_budgets_have_not():
    asked = studied(OF_ONE).plan
    pairs = {(each.arm, each.minus) for each in asked.study.compare}
    assert pairs == {("trained", "herding"), ("trained", "shuffled"), ("shuffled", "herding")}
    assert not {run.config.seed for run in asked.runs} & {
        run.config.seed for run in studied("evidence/budgets").plan.runs
    }
