"""What training did in phase 0 beside what was gained after phase 1: from made runs, whose numbers are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnemonics_lib.edition.evidence.meta_loss.fall_and_gain import mean_correlation
from mnemonics_lib.edition.evidence.meta_loss.first_fall import (
    DEPLOYED,
    MINIMISED,
    RISES,
    FirstFall,
    as_deployed_in_words,
    by_method_in_words,
    correlations,
    correlations_in_words,
    first_falls,
)
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.by_phase import ENDS, FIRST
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def run(fall: float, running: float, rise: float, after_phase_1: float) -> Any:
    """A run of two phases; the second one's panel falls farther than what is asked of phase 0."""

    def phase(fall: float, running: float) -> Any:
        panel = SimpleNamespace(before=1.0, after=1.0 - fall, before_running=2.0, after_running=2.0 - running)
        of = SimpleNamespace(panel=panel, noise_displacement=0.01, own_loss_before=0.1, own_loss_after=0.1 + rise)
        return SimpleNamespace(exemplars=of, displacement_new=0.03)

    results = [phase(fall, running), phase(9.0, 9.0)]
    return SimpleNamespace(
        method="lwf", seed=0, results=results, accuracy=[90.0, after_phase_1, 10.0], config={"classes": [20, 40]}
    )


FALLS, RUNNING, RISE, GAINS = [0.1, 0.2, 0.3, 0.4], [0.1, -0.1, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1], [1.0, 2.0, 2.5, 4.0]


def pair(name: str, first_seed: int = 0, gains: list[float] = GAINS, running: list[float] = RUNNING) -> PairedRuns:
    seeds = range(first_seed, first_seed + len(gains))
    trained = {
        seed: run(fall, of_running, rise, 50.0 + gain)
        for seed, fall, of_running, rise, gain in zip(seeds, FALLS, running, RISE, gains, strict=True)
    }
    herding = {seed: run(0.0, 0.0, 0.0, 50.0) for seed in seeds}
    return PairedRuns(name, trained, herding, SimpleNamespace(), True)  # type: ignore[arg-type]


def test_the_fall_is_of_phase_0_and_the_gain_after_phase_1():
    assert ENDS[FIRST](run(0.0, 0.0, 0.0, 55.0)) == 55.0
    (found,) = first_falls([pair("LwF, 5 a class")])
    assert (found.method, found.budget) == ("LwF", "5 a class")
    assert [*found.changes[MINIMISED].values()] == pytest.approx(FALLS)
    assert [*found.changes[DEPLOYED].values()] == pytest.approx(RUNNING)
    assert [*found.changes[RISES].values()] == pytest.approx(RISE)
    assert found.gains == pytest.approx(dict(enumerate(GAINS)))
    assert found.correlation(MINIMISED) == pytest.approx(np.corrcoef(FALLS, GAINS)[0, 1])
    assert found.row == {
        "exemplars (seeds)": "5 a class (4)",
        "method": "LwF",
        "loss falls, each batch": "**+0.250 [+0.045, +0.455]**",
        "loss falls, running": "+0.075 [-0.125, +0.275]",
        "gain, phase 1 (points)": "**+2.38 [+0.39, +4.36]**",
        "r, each batch": "+0.98; +0.98",
        "r, running": "+0.19; +0.19",
        "r, own loss rises": "-0.98; -0.98",
    }


def test_runs_of_a_second_study_are_put_to_those_of_their_method():
    lwf, bic = first_falls([pair("LwF, 5 a class"), pair("BiC, 5 a class")], [pair("LwF", 10)])
    assert [*lwf.gains] == [0, 1, 2, 3, 10, 11, 12, 13]
    assert lwf.fall(MINIMISED).mean == pytest.approx(0.25)
    assert [*bic.gains] == [0, 1, 2, 3]
    assert first_falls([]) == []


def test_studies_with_a_seed_in_common_are_refused():
    with pytest.raises(ValueError, match="LwF: its studies must have no seed in common"):
        first_falls([pair("LwF, 5 a class")], [pair("LwF", 3)])


def test_a_fall_as_deployed_is_told_with_what_followed_by_number_of_exemplars():
    at_20 = [pair("LwF, 20 a class", gains=[1.0, -1.0, 0.5, -0.5], running=[0.10, 0.11, 0.12, 0.11])]
    at_5 = [pair("LwF, 5 a class"), pair("iCaRL, 5 a class", gains=[-value for value in GAINS])]
    said = as_deployed_in_words([*first_falls(at_20), *first_falls(at_5)])
    assert "fell with 20 a class, n = 4, by +0.110 nat, which is shown for LwF, and the accuracy after phase 1" in said
    assert "is worse in none, better in none; with 5 a class, n = 4, by +0.075 nat, which is shown for none" in said
    assert "after phase 1 is worse in 1 (iCaRL), better in 1 (LwF) (95 %" in said


def first_fall(
    method: str, changes: list[float], gains: list[float], slices: int = 1, budget: str = "5 a class"
) -> FirstFall:
    of, parts = dict(enumerate(changes)), {seed: seed % slices for seed in range(len(gains))}
    return FirstFall(method, budget, {MINIMISED: of, DEPLOYED: of, RISES: of}, dict(enumerate(gains)), parts)


def test_correlations_are_means_over_methods_without_those_that_train_alike():
    lwf, icarl = first_fall("LwF", FALLS, [1.0, 3.0, 2.0, 4.0]), first_fall("iCaRL", FALLS, [4.0, 1.0, 2.0, 3.0])
    bic = first_fall("BiC", [0.3, 0.1, 0.4, 0.2], [0.1, 0.2, 0.4, 0.1])
    expected = mean_correlation([lwf.points(MINIMISED), bic.points(MINIMISED)])
    assert correlations([lwf, icarl, bic], MINIMISED) == {"5 a class": expected}
    assert correlations([icarl], MINIMISED) == {"5 a class": mean_correlation([icarl.points(MINIMISED)])}
    r, low, high = expected
    said = correlations_in_words([lwf, icarl, bic])
    both = f"{r:+.2f} [{low:+.2f}, {high:+.2f}], within slices {r:+.2f} [{low:+.2f}, {high:+.2f}], with 5 a class; for"
    assert f"for the fall of the loss that is minimised {both}" in said
    assert said.endswith("Of the 9 single ones, judged together, those that are shown: none; within slices: none.")


UP, DOWN = [1.0, 6.0, 2.0, 7.0, 3.0, 8.0], [3.0, 8.0, 2.0, 7.0, 1.0, 6.0]
"""Of two slices that differ by five; in each the numbers rise with the seed, or fall."""


def test_within_slices_a_method_has_the_correlation_that_its_slices_hide():
    found = first_fall("BiC", UP, DOWN, slices=2)
    assert found.correlation(MINIMISED) == pytest.approx(np.corrcoef(UP, DOWN)[0, 1])
    assert found.correlation(MINIMISED) > 0.5
    assert found.within_slices(MINIMISED) == pytest.approx(-1)
    assert found.free == 5  # of six seeds, one for the mean of the second slice
    assert found.row["r, each batch"] == f"{found.correlation(MINIMISED):+.2f}; -1.00"
    (r,) = correlations([found], MINIMISED, within_slices=True).values()
    assert r == pytest.approx((-1.0, -1.0, -1.0))


def test_methods_that_disagree_in_sign_leave_nothing_to_be_read():
    up, down = first_fall("LwF", UP, UP, 2), first_fall("BiC", UP, DOWN, 2)
    icarl = first_fall("iCaRL", UP, DOWN, 2)
    assert by_method_in_words([up, icarl, down], MINIMISED) == (
        "By method, within slices: LwF +1.00, BiC -1.00 with 5 a class. Methods disagree in sign, so that nothing "
        "general can be read from their mean."
    )
    agree = [first_fall(method, UP, UP, 2, "20 a class") for method in ("LwF", "BiC")]
    assert by_method_in_words(agree, MINIMISED) == "By method, within slices: LwF +1.00, BiC +1.00 with 20 a class."
    assert by_method_in_words([*agree, up, down], MINIMISED).endswith("from their mean with 5 a class.")


def test_single_correlations_within_slices_are_judged_by_what_is_free_there():
    found = first_fall("LwF", UP, DOWN, slices=2)
    assert correlations_in_words([found]).endswith(
        f"shown: none; within slices: LwF, 5 a class, {MINIMISED}; LwF, 5 a class, {DEPLOYED}; LwF, 5 a class, {RISES}."
    )


def test_single_correlations_that_are_beyond_the_bound_are_named():
    seeds = [float(seed) for seed in range(12)]
    clear = first_fall("LwF", seeds, [seed + (-1) ** int(seed) for seed in seeds])
    assert correlations_in_words([clear]).endswith(
        "; ".join(f"LwF, 5 a class, {change}" for change in (MINIMISED, DEPLOYED, RISES))
        + "; within slices: "
        + "; ".join(f"LwF, 5 a class, {change}" for change in (MINIMISED, DEPLOYED, RISES))
        + "."
    )


def test_an_interval_of_falls_is_students():
    (found,) = first_falls([pair("LwF, 5 a class")])
    assert found.fall(DEPLOYED).low == pytest.approx(interval(RUNNING).low)
