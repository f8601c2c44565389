"""The recipe with two sets of seeds: each by itself, all of them, and with slices as a draw; by hand."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.asked.recipe_again import in_words, recipe_again
from mnemonics_lib.edition.evidence.pairs.gains import Gain, gains
from mnemonics_lib.edition.evidence.pairs.settings import AUGMENTED, PRIMARY, Setting
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.studied import studied

OLD = {0: 0.5, 1: 1.5, 2: -0.5, 3: 0.9, 4: 0.4}
NEW = {20: 1.1, 21: 0.9, 22: 1.4, 23: 1.0}


def gain(study: str, values: dict[int, float], detail: str = "5 a class", asked: bool = True) -> Gain:
    setting = Setting(study, "lucir-trained", "lucir-herding", "data", "LUCIR", detail, asked=asked)
    return Gain(setting, values, interval([*values.values()]), True, 90.0, ())


FIRST, AGAIN = gain(PRIMARY, OLD), gain(AUGMENTED, NEW, "the recipe", asked=False)
OTHERS = [gain(PRIMARY, dict.fromkeys(OLD, 9.0), "20 a class"), gain(AUGMENTED, dict.fromkeys(NEW, 9.0))]


def ends(values: list[float]) -> str:
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return f"{fmean(values):+.2f} [{low:+.2f}, {high:+.2f}]"


def test_seeds_are_told_apart_and_put_together():
    (found,) = recipe_again([FIRST, *OTHERS, AGAIN])
    both = OLD | NEW
    # Seeds have the four slices of either study in turn.
    slices = [fmean(value for seed, value in both.items() if seed % 4 == k) for k in range(4)]
    assert found.row == {
        "method": "LUCIR",
        "seeds": "5 and 4",
        "the first question's": ends([*OLD.values()]),
        "new ones": f"**{ends([*NEW.values()])}**",
        "as if of one study": f"**{ends([*both.values()])}**",
        "with the slices as a draw": f"**{ends(slices)}**",
    }
    said = in_words([found])
    assert f"{ends([*NEW.values()])} (LUCIR) points, worse in none, better in 1 (LUCIR); with those of both" in said
    assert f"n = 9, {ends([*both.values()])} (LUCIR) points" in said
    assert f"slices of classes as a draw {ends(slices)} (LUCIR) points, worse in none, better in 1 (LUCIR)." in said


def test_what_is_not_finished_is_left_out():
    assert recipe_again([FIRST, replace(AGAIN, finished=False)]) == []
    assert recipe_again([replace(FIRST, finished=False), AGAIN]) == []
    assert in_words([]) == ""


def test_a_seed_in_both_is_refused():
    with pytest.raises(ValueError, match=r"LUCIR: seeds \[3\] are in both studies: must be in one"):
        recipe_again([FIRST, replace(AGAIN, by_seed=NEW | {3: 1.0})])


def test_of_the_project_it_is_the_recipe_of_both_studies():
    found = {each.method: each for each in recipe_again(gains())}
    for method, name in (("lwf", "LwF"), ("lucir", "LUCIR")):
        values = [
            record.average_accuracy - study[f"{method}-herding{of}"][seed].average_accuracy
            for study, of in ((studied(PRIMARY).records, "-5"), (studied(AUGMENTED).records, ""))
            for seed, record in study[f"{method}-trained{of}"].items()
        ]
        assert found[name].both == interval(values)


def test_its_arms_differ_from_the_first_question_s_in_the_seed_alone():
    again = {run.arm: run.config for run in studied(AUGMENTED).plan.runs}
    first = {run.arm: run.config for run in studied(PRIMARY).plan.runs}
    for method in ("lwf", "lucir"):
        for arm in ("trained", "herding"):
            one, other = first[f"{method}-{arm}-5"], again[f"{method}-{arm}"]
            assert {field for field, value in one if value != getattr(other, field)} <= {"seed", "classes"}
