"""Differences after each phase, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mnemonics_lib.edition.paired.by_phase import accuracies_after, row_by_phase
from mnemonics_lib.edition.paired.paired_runs import PairedRuns


def pair(*gains: tuple[float, float]) -> PairedRuns:
    """Runs that differ by so much after phases 1 and 2, seed by seed."""
    first, second = (
        {
            seed: SimpleNamespace(phases=2, accuracy=[50.0, 50.0 + more * one, 50.0 + more * two])
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
