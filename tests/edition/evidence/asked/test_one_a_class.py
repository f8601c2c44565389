"""1 exemplar a class: an answer for each verdict, and none before the study is finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.asked.one_a_class import in_words
from mnemonics_lib.edition.evidence.pairs.settings import OF_ONE
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.studied import studied

SLICES = [(20, 40), (40, 60)]
HIGHER = {10: 1.0, 11: 1.4, 12: 1.2, 13: 1.3}
NOTHING = {10: -0.2, 11: 0.3, 12: 0.1, 13: -0.1}
LOWER = {seed: -value for seed, value in HIGHER.items()}


def plan(finished: bool = True) -> Any:
    return SimpleNamespace(
        study=SimpleNamespace(slice_of=lambda seed: SLICES[seed % 2]), finished=lambda *arms: finished
    )


def compared(of: dict[tuple[str, str], dict[int, float]]) -> list[Any]:
    return [
        (*arms, SimpleNamespace(differences=each, difference=interval([*each.values()]))) for arms, each in of.items()
    ]


def study(gain: dict[int, float], own: dict[int, float], missing: tuple[str, ...] = ()) -> Any:
    of = {("trained", "herding"): gain, ("trained", "shuffled"): own, ("shuffled", "herding"): {10: 0.4, 11: 0.5}}
    return SimpleNamespace(missing=missing, plan=plan(), compared=compared(of))


def doubling(finished: bool = True) -> Any:
    of = {("lucir-herding-2", "lucir-herding-1"): {0: 6.0, 1: 6.2}, ("lucir-herding-10", "lucir-herding-5"): {0: 9.0}}
    return SimpleNamespace(plan=plan(finished), compared=compared(of))


def points(values: list[float]) -> str:
    return f"{interval(values).without_n} points"


@pytest.mark.parametrize(
    ("gain", "said"), [(HIGHER, "to help"), (NOTHING, "not shown to help, nor to harm"), (LOWER, "to harm")]
)
def test_the_answer_is_the_interval_over_herdings(gain: dict[int, float], said: str):
    found = in_words(study(gain, NOTHING), doubling())
    values = [*gain.values()]
    drawn = [(gain[10] + gain[12]) / 2, (gain[11] + gain[13]) / 2]
    assert f"{said} ({points(values)}, n = 4, 95 %; {points(drawn)} with the slices of classes as a draw). The" in found


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (HIGHER, "own displacement is shown to be worth more than another one's, "),
        (NOTHING, "worth more than another one's is not shown, "),
        (LOWER, "own displacement is shown to be worth less than another one's, "),
    ],
)
def test_the_control_is_told_beside_it(own: dict[int, float], said: str):
    found = in_words(study(HIGHER, own), doubling(finished=False))
    assert f"{said}{points([*own.values()])}, and with another one's the difference to" in found
    assert found.endswith(f"the difference to herding's is {points([0.4, 0.5])}.")


def test_a_second_image_is_told_for_scale():
    said = in_words(study(HIGHER, HIGHER), doubling())
    assert said.endswith(
        f"For scale: a second one of herding's for each class is worth {points([6.0, 6.2])} (n = 2, 95 %)."
    )


def test_nothing_is_said_before_all_runs_are_there():
    assert in_words(study(HIGHER, HIGHER, missing=("a run",)), doubling()) == ""


def test_the_study_of_the_project_has_these_arms_and_seeds_that_the_budgets_have_not():
    asked = studied(OF_ONE).plan
    pairs = {(each.arm, each.minus) for each in asked.study.compare}
    assert pairs == {("trained", "herding"), ("trained", "shuffled"), ("shuffled", "herding")}
    assert not {run.config.seed for run in asked.runs} & {
        run.config.seed for run in studied("evidence/budgets").plan.runs
    }
