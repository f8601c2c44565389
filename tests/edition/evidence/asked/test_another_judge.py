"""Another judge: an answer for each method, and none before all runs are there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.asked.another_judge import at_last, first_of_all, in_words, with_20
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.studied import studied

SLICES = [(20, 40), (40, 60), (60, 80)]
HIGHER, NOTHING, LOWER = [1.0, 1.4, 1.2, 1.3], [-0.2, 0.3, 0.1, -0.1], [-1.0, -1.4, -1.2, -1.3]


def ends(values: list[float], level: float = 0.95) -> str:
    low, high = stats.ttest_1samp(values, 0).confidence_interval(level)
    return f"{sum(values) / len(values):+.2f} [{low:+.2f}, {high:+.2f}]"


def study(missing: Any = (), **of: list[float]) -> Any:
    """``lucir_herding`` and the like: differences of the augmented judge's accuracy to that arm's.

    ``lucir_shuffled_herding`` is of shuffled displacements to herding's.
    """
    compared = []
    for name, values in of.items():
        method, *arm, minus = name.split("_")
        level = 0.95 if arm or minus == "trained" else 0.975
        for field, sign in (("forgetting", -5.0), ("average_accuracy", 1.0)):
            numbers = [sign * value for value in values]
            each = SimpleNamespace(
                field=field, differences=dict(enumerate(numbers)), difference=interval(numbers, level)
            )
            compared.append((f"{method}-{arm[0] if arm else 'augmented'}", f"{method}-{minus}", each))
    plan = SimpleNamespace(study=SimpleNamespace(slice_of=lambda seed: SLICES[seed % 3]))
    return SimpleNamespace(missing=missing, compared=compared, plan=plan)


WAITING = study(("a run",))


def test_each_method_has_its_answer_at_the_level_of_the_question():
    said = in_words(study(lucir_herding=HIGHER, lwf_herding=NOTHING, lucir_trained=LOWER, lwf_trained=HIGHER), WAITING)
    recipe = {
        "LUCIR": [gain - over for gain, over in zip(HIGHER, LOWER, strict=True)],
        "LwF": [gain - over for gain, over in zip(NOTHING, HIGHER, strict=True)],
    }
    assert said.startswith("**With the judge's images augmented**, LUCIR and LwF, 5 a class, asked in advance")
    assert "trained exemplars are worse in none, better in 1 (LUCIR) than herding's" in said
    assert f"({ends(HIGHER, 0.975)} (LUCIR) and {ends(NOTHING, 0.975)} (LwF) points, 95 % together, n = 4;" in said
    assert "images as they are: worse in 1 (LUCIR), better in 1 (LwF)" in said
    assert f"({ends(LOWER)} (LUCIR) and {ends(HIGHER)} (LwF) points; {ends(of_slices(LOWER))} (LUCIR) and" in said
    itself = f"{ends(recipe['LUCIR'])} (LUCIR) and {ends(recipe['LwF'])} (LwF) points, 95 % each, exploratory."
    assert said.endswith(f"The recipe itself, against herding's: {itself}")


def of_slices(values: list[float]) -> list[float]:
    """Of the first slice two seeds, of which the mean counts, and one of each other."""
    return [(values[0] + values[3]) / 2, values[1], values[2]]


def test_slices_are_drawn_too():
    said = in_words(study(lucir_herding=HIGHER, lucir_trained=HIGHER), WAITING)
    assert f"n = 4; {ends(of_slices(HIGHER))} (LUCIR) points with the slices of classes as a draw" in said


def test_nothing_is_said_before_all_runs_are_there():
    assert in_words(study(("a run",), lucir_herding=HIGHER, lucir_trained=HIGHER), WAITING) == ""


def test_how_much_is_an_exemplars_own_is_told_once_the_control_is_finished():
    control = study(
        lucir_shuffled=HIGHER, lwf_shuffled=NOTHING, lucir_shuffled_herding=NOTHING, lwf_shuffled_herding=LOWER
    )
    said = in_words(study(lucir_herding=HIGHER, lucir_trained=HIGHER), control)
    assert "what training changed in their pixels, exemplars are worse in none, better in 1 (LUCIR) than" in said
    assert f"({ends(HIGHER, 0.975)} (LUCIR) and {ends(NOTHING, 0.975)} (LwF) points, 95 % together)" in said
    assert "with another one's they are worse in 1 (LwF), better in none than herding's" in said
    assert said.endswith(f"({ends(NOTHING)} (LUCIR) and {ends(LOWER)} (LwF) points, 95 % each).")


def test_who_reads_no_more_is_told_for_whom_it_is_shown_to_help():
    over = {"lucir_trained": NOTHING, "lwf_trained": LOWER}
    both = first_of_all(study(lucir_herding=HIGHER, lwf_herding=HIGHER, **over), WAITING)
    assert both.startswith("**With one change of that recipe it is shown to help LUCIR and LwF**, 5 a class: the im")
    assert f"{ends(HIGHER, 0.975)} (LwF) points, 2 intervals held together at 95 %, n = 4" in both
    recipe = [[gain - of for gain, of in zip(HIGHER, minus, strict=True)] for minus in (NOTHING, LOWER)]
    assert f"as it was came to {ends(recipe[0])} (LUCIR) and {ends(recipe[1])} (LwF), exploratory, and the" in both
    assert both.endswith(f"the change to {ends(NOTHING)} (LUCIR) and {ends(LOWER)} (LwF) (95 % each).")
    one = first_of_all(study(lucir_herding=LOWER, lwf_herding=HIGHER, **over), WAITING)
    assert "shown to help LwF**, 5 a class, and is not shown to help LUCIR: the images" in one
    assert f"herding's is {ends(HIGHER, 0.975)} (LwF) points, 2 intervals" in one
    assert first_of_all(study(lucir_herding=LOWER, lwf_herding=NOTHING, **over), WAITING) == ""
    assert first_of_all(study(("a run",), lucir_herding=HIGHER), WAITING) == ""


def test_the_last_phase_is_told_apart():
    judged = studied("evidence/augmented_judge")
    of = {
        method: [
            record.accuracy[-1] - judged.records[f"{method}-herding"][seed].accuracy[-1]
            for seed, record in judged.records[f"{method}-augmented"].items()
        ]
        for method in ("lucir", "lwf")
    }
    said = at_last(judged)
    assert said.startswith("After the last phase alone: worse in none, better in none than herding's (")
    assert f"({ends(of['lucir'])} (LUCIR) and {ends(of['lwf'])} (LwF) points, 95 % each, exploratory)." in said
    assert at_last(study(("a run",), lucir_herding=HIGHER)) == ""


@pytest.mark.parametrize("finished", [{"lucir"}, {"lucir", "lwf"}, set()])
def test_with_20_each_finished_method_has_its_answer_and_others_are_named(finished):
    found = study(lucir_herding=HIGHER, lwf_herding=NOTHING)
    found.plan.runs = [SimpleNamespace(arm=f"{method}-herding") for method in ("lucir", "lucir", "lwf")]
    found.plan.finished = lambda arm, minus: arm.partition("-")[0] in finished
    said = with_20(found)
    assert bool(said) == bool(finished)
    assert (f"{ends(HIGHER, 0.975)} (LUCIR)" in said) == ("lucir" in finished)
    assert (f"and {ends(NOTHING, 0.975)} (LwF) points, 2 intervals held together at 95 %, n = 4." in said) == (
        "lwf" in finished
    )
    assert said.endswith(" LwF is not finished.") == (finished == {"lucir"})


def test_what_another_ones_displacement_costs_is_told_once_the_control_is_finished():
    found = study(lucir_herding=HIGHER, lwf_herding=LOWER, lucir_trained=NOTHING, lwf_trained=NOTHING)
    own = first_of_all(found, study(lucir_shuffled=HIGHER, lucir_shuffled_herding=NOTHING))
    assert (
        f"displacements, what training changed in their pixels, are behind by {ends(HIGHER, 0.975)} (LUCIR) (1" in own
    )
    assert first_of_all(found, WAITING).endswith(" (95 % each).")


def test_the_control_is_of_the_same_runs_and_one_more_arm():
    judged, control = (studied(f"evidence/augmented_{name}").plan for name in ("judge", "control"))
    of = {(run.arm, run.seed): run.config for run in judged.runs}
    for run in control.runs:
        level = run.config.exemplar_level
        own = run.config.model_copy(update={"exemplar_level": level.model_copy(update={"displacement": "own"})})
        assert own == of[run.arm.replace("shuffled", "augmented"), run.seed]
        assert (level.displacement == "shuffled") == run.arm.endswith("-shuffled")


def test_the_project_s_study_asks_both_methods_of_both_controls():
    plan = studied("evidence/augmented_judge").plan
    assert {run.arm for run in plan.runs} == {
        f"{method}-{arm}" for method in ("lwf", "lucir") for arm in ("augmented", "herding", "trained")
    }
    assert {run.seed for run in plan.runs} == set(range(20, 30))
