"""What is shown, with all questions held together, with slices as a draw, and by signs: by hand."""

from __future__ import annotations

from itertools import product
from statistics import fmean

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.asked.in_advance import Question, of_all
from mnemonics_lib.edition.evidence.asked.other_ways import in_words, other_ways
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.settings import AUGMENTED, Setting
from mnemonics_lib.edition.paired.intervals import interval

VALUES = {20: 1.5, 21: 0.5, 22: 1.0, 23: 0.8, 24: 1.1, 25: 0.7, 26: 1.2, 27: 0.6, 28: 1.3, 29: 0.4}


def question(*of: dict[int, float], level: float = 0.975) -> Question:
    gains = [
        Gain(
            Setting(AUGMENTED, "a", "herding", "data", method, "5 a class", level=level),
            values,
            interval([*values.values()], level),
            True,
            90.0,
            (),
        )
        for method, values in zip(("LUCIR", "LwF"), of, strict=False)
    ]
    return Question("this", gains, {})


def ends(values: list[float], level: float) -> str:
    low, high = stats.ttest_1samp(values, 0).confidence_interval(level)
    return f"{fmean(values):+.2f} [{low:+.2f}, {high:+.2f}]"


def test_each_way_is_what_scipy_and_all_flips_have():
    (found,) = other_ways([question(VALUES, dict.fromkeys(VALUES, 0.0) | {20: 1.0, 21: -1.0})])
    values = [*VALUES.values()]
    # Seeds have the four slices of the study in turn.
    slices = [[value for seed, value in VALUES.items() if (seed - 20) % 4 == k] for k in range(4)]
    flips = [
        abs(fmean(sign * value for sign, value in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=10)
    ]
    p = fmean(each >= fmean(values) - 1e-12 for each in flips)
    assert found.row == {
        "shown": "LUCIR, 5 a class",
        "by its own question": f"**{ends(values, 0.975)}** (97.5 %)",
        "all questions held together": f"**{ends(values, 1 - 0.05 / of_all())}**",
        "slices as a draw, 95 %": f"**{ends([fmean(each) for each in slices], 0.95)}**",
        "p by signs": f"{p:.4f}",
    }
    means = [f"{fmean(each):+.2f}" for each in slices]
    assert [*found.row_of_slices.values()] == ["LUCIR, 5 a class", *means]
    assert [*found.row_of_slices][1:] == [f"classes {k}–{k + 19}" for k in (20, 40, 60, 80)]


def test_the_ways_in_which_it_is_shown_are_counted():
    clear = {seed: 5.0 + value for seed, value in VALUES.items()}
    of_one_slice = {seed: 3.0 + value / 10 if seed % 4 else 0.1 for seed, value in VALUES.items()}
    found = other_ways([question(clear, of_one_slice)])
    assert [each.name for each in found] == ["LUCIR, 5 a class", "LwF, 5 a class"]
    said = in_words(found)
    together = sum(each.with_all.verdict == "higher" for each in found)
    assert said.startswith(
        "Of 2 differences that are shown by their own questions, are shown held together with all questions, "
        f"{together}; with slices as a draw, 1; by signs, at the level of its own question, 2; "
    )
    assert said.endswith(f"at that of all questions (p at most {0.05 / of_all():.4f}), 2.")
    assert in_words([]) == ""


def test_what_no_question_shows_has_no_row():
    assert other_ways([question({20: 1.0, 21: -1.0, 22: 0.5})]) == []


def test_a_loss_is_shown_too():
    (found,) = other_ways([question({seed: -value for seed, value in VALUES.items()})])
    assert found.row["by its own question"].startswith("**-0.91 [")
    assert found.p == pytest.approx(2 / 2**10)
