"""Classes by when they arrived: by hand from a small run, and by a slow count from records of the project."""

from __future__ import annotations

import math
from functools import cache
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import pytest
from scipy import stats

from mnemonics_lib.edition.evidence.regimes import class_groups as groups
from mnemonics_lib.edition.evidence.regimes.class_groups import (
    BETWEEN,
    FIRST,
    FIRST_MINUS_LATER,
    LATER,
    NEWEST,
    NUMBERS,
)
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import studied


def run(*per_phase: list[int]) -> Any:
    """A run whose classes, of 100 test images each, are right so often after each phase."""
    confusions = []
    for right in per_phase:
        wrong = [
            [100 - count if place == (own + 1) % len(right) else 0 for place in range(len(right))]
            for own, count in enumerate(right)
        ]
        for own, count in enumerate(right):
            wrong[own][own] = count
        confusions.append(wrong)
    first = len(per_phase[0])
    return SimpleNamespace(
        phases=len(per_phase) - 1,
        results=[SimpleNamespace(confusion=confusion) for confusion in confusions],
        first_classes_accuracy=[fmean(right[:first]) for right in per_phase],
    )


SMALL = run([90, 80], [70, 60, 50], [40, 50, 20, 90])
"""Two classes, one more, and one more."""


def test_groups_of_a_small_run_by_hand():
    assert groups.first_classes(SMALL) == pytest.approx((65 + 45) / 2)
    assert groups.between_classes(SMALL) == pytest.approx(20)  # phase 1 has none
    assert NUMBERS[NEWEST](SMALL) == pytest.approx((50 + 90) / 2)
    assert groups.later_classes(SMALL) == pytest.approx((50 + (20 + 90) / 2) / 2)
    assert NUMBERS[FIRST_MINUS_LATER](SMALL) == pytest.approx(55 - 52.5)


def pair(name: str, trained: list[Any], herding: list[Any], first_seed: int = 0) -> PairedRuns:
    seeds = range(first_seed, first_seed + len(trained))
    first, second = (dict(zip(seeds, each, strict=True)) for each in (trained, herding))
    return PairedRuns(name, first, second, SimpleNamespace(), True)  # type: ignore[arg-type]


def gaining(*points: int, on: int = 0, first_seed: int = 0) -> PairedRuns:
    """Trained runs that are right so many points more often on one class of ``SMALL``, a run for each number."""
    before = ([90, 80], [70, 60, 50], [40, 50, 20, 90])
    trained = [run(*([c + p * (k == on) for k, c in enumerate(right)] for right in before)) for p in points]
    return pair("LwF, 5 a class", trained, [SMALL] * len(points), first_seed)


def test_differences_of_several_studies_are_those_of_one():
    found = groups.by_group("LwF", [gaining(2, 4), gaining(6, 8, first_seed=2)])
    assert found.differences[FIRST] == interval([1.0, 2.0, 3.0, 4.0])  # one of two classes
    assert found.differences[LATER] == interval([0.0] * 4)
    assert found.differences[FIRST_MINUS_LATER].mean == pytest.approx(2.5)
    assert list(found.row) == ["setting", "seeds", FIRST, BETWEEN, NEWEST, LATER, FIRST_MINUS_LATER]
    assert (found.row["setting"], found.row["seeds"], found.row[BETWEEN]) == ("LwF", "4", "+0.00 [+0.00, +0.00]")
    assert found.row[FIRST].startswith("**+2.50 [")


def test_a_class_that_came_in_phase_1_is_new_there_and_between_afterwards():
    found = groups.by_group("LwF", [gaining(8, 8, 8, on=2)])
    means = {words: each.mean for words, each in found.differences.items()}
    assert means == pytest.approx({FIRST: 0, BETWEEN: 8, NEWEST: 4, LATER: 6, FIRST_MINUS_LATER: -6})


@cache
def real(study: str) -> dict[str, PairedRuns]:
    return {each.name.partition(",")[0]: each for each in studied(f"evidence/{study}").pairs("-trained(-5)?$")}


def slowly(record: Any, group: str) -> float:
    """The accuracy on a group, class by class and phase by phase, from counts of images."""
    sizes = [len(result.confusion) for result in record.results]
    of_phases = []
    for phase in range(1, len(sizes)):
        accuracies = []
        for label in range(sizes[phase]):
            came = 0
            while sizes[came] <= label:
                came += 1
            if {FIRST: came == 0, BETWEEN: 0 < came < phase, NEWEST: came == phase, LATER: came > 0}[group]:
                counts = [int(count) for count in record.results[phase].confusion[label]]
                accuracies.append(100 * counts[label] / sum(counts))
        if accuracies:
            of_phases.append(sum(accuracies) / len(accuracies))
    return sum(of_phases) / len(of_phases)


def test_a_slow_count_of_both_studies_comes_to_the_same():
    pairs = [real("primary")["LUCIR"], real("objective")["LUCIR"]]
    assert not pairs[0].first.keys() & pairs[1].first.keys()
    found = groups.by_group("LUCIR", pairs).differences
    values = {
        group: [slowly(of.first[seed], group) - slowly(of.second[seed], group) for of in pairs for seed in of.first]
        for group in (FIRST, BETWEEN, NEWEST, LATER)
    }
    values[FIRST_MINUS_LATER] = [first - later for first, later in zip(values[FIRST], values[LATER], strict=True)]
    for words, differences in values.items():
        low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        each = found[words]
        assert (each.mean, each.low, each.high) == pytest.approx((fmean(differences), low, high)), words
        assert each.n == len(differences)


def test_studies_apart_are_compared_by_welch():
    first, second = real("primary")["LwF"], real("objective")["LwF"]
    found = groups.apart("LwF", first, second).differences[NEWEST]
    one, other = (
        [slowly(of.first[seed], NEWEST) - slowly(of.second[seed], NEWEST) for seed in of.first]
        for of in (first, second)
    )
    spread = [math.fsum((x - fmean(of)) ** 2 for x in of) / (len(of) - 1) / len(of) for of in (one, other)]
    freedom = sum(spread) ** 2 / sum(s**2 / (len(of) - 1) for s, of in zip(spread, (one, other), strict=True))
    half = stats.t.ppf(0.975, freedom) * math.sqrt(sum(spread))
    assert found.mean == pytest.approx(fmean(one) - fmean(other))
    assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half))


def test_phase_0s_classes_are_followed_through_the_phases():
    trained = [run([90, 80], [72, 60, 50], [40, 50 + more, 20, 90]) for more in (4, 6, 8)]
    found = groups.first_classes_after([pair("LwF", trained, [SMALL] * 3)])
    assert found == {1: interval([1.0, 1.0, 1.0]), 2: interval([2.0, 3.0, 4.0])}
    of_both = [real("primary")["BiC"], real("objective")["BiC"]]
    last = groups.first_classes_after(of_both)[5]
    values = [
        fmean(100 * int(row[k]) / sum(map(int, row)) for k, row in enumerate(run.results[5].confusion[:10])) * sign
        for of in of_both
        for sign, runs in ((1, of.first), (-1, of.second))
        for run in runs.values()
    ]
    assert last.mean == pytest.approx(sum(values) / last.n)


HIGHER, LOWER, NEITHER = interval([1.0, 1.1, 1.2]), interval([-1.0, -1.1, -1.2]), interval([-1.0, 0.0, 1.0])


def found(of: str, first: Interval, between: Interval, newest: Interval, minus: Interval) -> groups.ByGroup:
    values = {FIRST: first, BETWEEN: between, NEWEST: newest, LATER: NEITHER, FIRST_MINUS_LATER: minus}
    return groups.ByGroup(of, values)


def test_the_sentence_names_groups_and_for_whom_they_differ():
    with_5 = [found("iCaRL", HIGHER, LOWER, NEITHER, HIGHER), found("LUCIR", HIGHER, NEITHER, NEITHER, LOWER)]
    with_20 = [found("BiC, 20 a class", NEITHER, NEITHER, NEITHER, NEITHER)]
    assert groups.in_short(with_5, with_20) == (
        "**Classes of phase 0 and later ones**, means over the phases from 1 on. Forgetting is of phase 0's alone. "
        "With 5 a class, over both objectives, n = 3, trained minus herding's is, on classes of phase 0, lower in "
        "none, higher in 2 (iCaRL · LUCIR); on classes of the phases between, lower in 1 (iCaRL), higher in none; on "
        "classes of the phase, lower in none, higher in none; that it differs between classes of phase 0 and all "
        f"later ones is shown for iCaRL ({HIGHER.without_n}) and LUCIR ({LOWER.without_n}). "
        "With 20 a class, by Eq. 7, n = 3, trained minus herding's is, on classes of phase 0, lower in none, higher "
        "in none; on classes of the phases between, lower in none, higher in none; on classes of the phase, lower in "
        "none, higher in none; that it differs between classes of phase 0 and all later ones is shown for none."
    )


def test_a_gain_lasts_where_it_is_shown_after_every_phase():
    after = {"LwF": {1: HIGHER, 2: NEITHER}, "BiC": {1: LOWER, 2: HIGHER}, "LUCIR": {1: HIGHER, 2: HIGHER}}
    assert groups.lasting(after) == "That classes of phase 0 gain is shown after every phase for LUCIR."
    del after["LUCIR"]
    assert groups.lasting(after).endswith("after every phase for none of them.")


def test_both_groups_are_told_of_each_method():
    said = groups.towards_new(
        [found("LwF", LOWER, NEITHER, HIGHER, NEITHER), found("LUCIR", NEITHER, NEITHER, NEITHER, NEITHER)]
    )
    assert said == (
        "on classes of the phase, lower in none, higher in 1 (LwF); on classes of phase 0, lower in 1 (LwF), higher in "
        f"none (LwF {HIGHER.without_n} and {LOWER.without_n}; LUCIR {NEITHER.without_n} and {NEITHER.without_n})"
    )
