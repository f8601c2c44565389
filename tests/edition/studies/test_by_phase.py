"""Differences after each phase, by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.studies.by_phase import HERE, accuracies_after, again_in_others, row_by_phase
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def pair(*gains: tuple[float, float]) -> PairedRuns:
    """Runs that differ by so much after phases 1 and 2, seed by seed."""
    first, second = (
        {
            seed: SimpleNamespace(
                phases=2,
                accuracy=[50.0, 50.0 + more * one, 50.0 + more * two],
                average_accuracy=50.0 + more * (one + two) / 3,
            )
            for seed, (one, two) in enumerate(gains)
        }
        for more in (1, 0)
    )
    made: Any = PairedRuns
    return made("LwF", first, second, None, True)


def test_accuracies_after_each_phase_are_those_of_the_runs():
    assert accuracies_after(pair((1.0, 0.0), (-2.0, 0.5))) == {1: {0: 1.0, 1: -2.0}, 2: {0: 0.0, 1: 0.5}}


def test_a_row_has_every_phase_and_the_slope_and_marks_what_is_clear_of_zero():
    row = row_by_phase(pair((1.0, 0.0), (1.1, 0.1), (0.9, -0.1)))
    assert list(row) == ["phase 1", "phase 2", "points a phase"]
    assert row["phase 1"].startswith("**+1.00 [")
    assert row["phase 2"].startswith("+0.00 [")
    assert row["points a phase"].startswith("**-1.00 [")


def test_a_comparison_is_told_of_every_study_and_of_the_first_two_together():
    here = replace(pair((1.0, 0.0), (3.0, 0.0)), name="LwF, 5 a class")
    other, third = pair((2.0, 1.0), (2.0, 1.0), (2.0, 1.0)), pair((-1.0, 0.0))
    found = again_in_others(
        [here, replace(here, name="BiC, 5 a class")], {"b": [other, replace(other, name="BiC")], "c": [third]}
    )
    assert [(each.method, each.study, each.seeds) for each in found] == [
        ("LwF", HERE, 2),
        ("LwF", "b", 3),
        ("LwF", "c", 1),
        ("LwF", "the first two together", 5),
    ]
    rows = [each.row for each in found]
    assert rows[1]["after phase 1"].startswith("**+2.00 [")
    assert rows[1]["average accuracy"].startswith("**+1.00 [")
    assert rows[3]["after phase 1"].startswith("**+2.00 [")
    assert rows[3]["seeds"] == "5"
    assert found[3].differences["after the last phase"].mean == pytest.approx(0.6)
