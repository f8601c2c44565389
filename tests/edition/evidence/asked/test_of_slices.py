"""A difference over seeds, with its slices of classes as a draw, without some, and by signs: by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.asked.of_slices import by_slice, in_short, in_words, judged_on, of_shown
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.report import evidence
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import studied

SLICES = [(20, 40), (40, 60), (60, 80)]


def slice_of(seed: int) -> list[int]:
    return [*SLICES[seed % len(SLICES)]]


def pair(name: str, values: list[float], finished: bool = True) -> Any:
    differences = dict(enumerate(values))
    runs = {seed: SimpleNamespace(method=name.lower()) for seed in differences}
    asked = SimpleNamespace(differences=differences, level=0.975, difference=interval(values, 0.975))
    return PairedRuns(name, runs, runs, asked, finished)  # type: ignore[arg-type]


def study(*pairs: PairedRuns) -> Any:
    return SimpleNamespace(pairs=lambda: [*pairs], plan=SimpleNamespace(study=SimpleNamespace(slice_of=slice_of)))


def run(method: str, classes: list[int]) -> Any:
    return SimpleNamespace(method=method, config={"classes": classes})


BEFORE: Any = {
    "lucir": {0: run("lucir", [20, 40]), 1: run("lucir", [20, 40])},
    "lwf": {0: run("lwf", [60, 80])},
    "all": {0: run("lucir", [])},
}


def test_differences_are_put_by_their_slices_in_order():
    assert by_slice({2: 5.0, 0: 1.0, 3: 2.0}, slice_of) == {(20, 40): [1.0, 2.0], (60, 80): [5.0]}


def test_a_method_has_the_slices_of_its_own_runs():
    assert judged_on(BEFORE, "lucir") == {(20, 40)}
    assert judged_on(BEFORE, "bic") == set()


def test_what_one_slice_makes_is_not_shown_for_new_classes():
    """Slices have the means 9, 1 and 2: 4 with a standard error of 2.517, times 4.303 with two degrees of freedom."""
    values = [8.0, 1.0, 1.5, 9.0, 1.0, 2.0, 10.0, 1.0, 2.5]
    (found,) = of_shown(study(pair("LUCIR", values)), BEFORE)
    assert (found.as_drawn.mean, found.as_drawn.n) == (4.0, 3)
    assert found.as_drawn.low == pytest.approx(4 - 4.302653 * (19 / 3) ** 0.5)
    assert found.seen == [(20, 40)]
    assert found.without == interval([1.0, 1.0, 1.0, 1.5, 2.0, 2.5], 0.975)
    assert found.p == 2 / 2**9
    assert not found.of_new_classes
    said = in_words([found], "`small`")
    assert said.startswith("**For whom LUCIR's gain is shown.** Its interval is about new seeds on these 3 slices of")
    assert (
        "+4.00 [-6.83, +14.83] (95 %, mean of their 3 means, 2 degrees of freedom), so that it is not shown for new"
        in said
    )
    assert "Without the classes 20 to 39, on which `small` had judged LUCIR before" in said
    assert "it is +1.50 [+0.68, +2.32], n = 6 (97.5 %). Without a normal distribution: in 2 of the 512 ways" in said
    assert "(p = 0.004, below the 0.025 that goes with 97.5 %)" in said
    assert in_short([found]) == (
        "LUCIR's gain is shown for new seeds on these classes, and not for new classes (+4.00 [-6.83, +14.83], 95 %, "
        "with the slices of classes as a draw)."
    )


def test_what_all_slices_have_alike_is_shown_for_new_classes():
    (found,) = of_shown(study(pair("BiC", [-1.0, -2.1, -1.9, -3.0, -2.0, -2.0])), BEFORE)
    assert found.of_new_classes
    assert (found.seen, found.without) == ([], None)
    assert "loss is shown for new seeds on these classes, and for new classes (-2.0" in in_short([found])
    said = in_words([found], "`small`")
    assert "so that it is shown for new classes. Without a normal distribution: in 2 of the 64 ways" in said
    assert "(p = 0.031, not below the 0.025 that goes" in said
    assert "Without the classes" not in said


def test_nothing_is_said_of_what_is_not_shown_or_not_finished():
    shown, nothing = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8], [1.0, -1.0, 0.5, -0.5, 0.2, -0.1]
    found = of_shown(study(pair("LwF", nothing), pair("BiC", shown, finished=False), pair("LUCIR", shown)), BEFORE)
    assert [each.method for each in found] == ["LUCIR"]
    assert in_words([], "`small`") == in_short([]) == ""


def test_of_the_project_it_is_what_scipy_has_of_its_records():
    asked = studied("evidence/objective")
    trained, herding = asked.records["lucir-trained"], asked.records["lucir-herding"]
    values = {seed: trained[seed].average_accuracy - herding[seed].average_accuracy for seed in sorted(trained)}
    parts: dict[int, list[float]] = {}
    for seed, value in values.items():
        parts.setdefault(trained[seed].config["classes"][0], []).append(value)
    found = {each.method: each for each in of_shown(asked, evidence("small", "cifar100-n5"))}["LUCIR"]
    low, high = stats.ttest_1samp([np.mean(of) for of in parts.values()], 0).confidence_interval(0.95)
    assert (found.as_drawn.low, found.as_drawn.high) == pytest.approx((low, high))
    rest = [value for first, of in parts.items() if first != 20 for value in of]
    low, high = stats.ttest_1samp(rest, 0).confidence_interval(0.9875)
    assert found.without is not None
    assert (found.without.low, found.without.high) == pytest.approx((low, high))
    theirs = stats.permutation_test((list(values.values()),), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert found.p == pytest.approx(theirs.pvalue)
