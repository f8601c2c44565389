"""Differences after phase 1, over two studies: from made runs, whose numbers are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.regimes.after_phase_1 import READINGS, AfterPhase1, after_phase_1, in_words
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.by_phase import FIRST
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def run(before, after) -> Any:
    results = [SimpleNamespace(), SimpleNamespace(accuracy_before_finetuning=before)]
    return SimpleNamespace(method="lwf", seed=0, results=results, accuracy=[90.0, after])


def pair(name, befores, afters, first_seed=0) -> Any:
    """Trained exemplars' runs differ from herding's by so many points before fine-tuning, and after it."""
    seeds = range(first_seed, first_seed + len(befores))
    trained = {s: run(40.0 + b, 50.0 + a) for s, b, a in zip(seeds, befores, afters, strict=True)}
    return PairedRuns(name, trained, {seed: run(40.0, 50.0) for seed in seeds}, SimpleNamespace(), True)  # type: ignore[arg-type]


PRIMARY = [
    pair("LwF, 5 a class", [0.0, 1.0, 0.5], [1.0, 2.0, 1.5]),
    pair("iCaRL, 5 a class", [0.0, -1.0, -0.5], [-1.0, -2.0, -1.6]),
]
SECOND = [pair("LwF", [1.0, 0.0], [3.0, 1.0], 10), pair("iCaRL", [0.0, 0.0], [0.0, 0.5], 10)]


def test_runs_of_both_studies_are_of_one_and_fine_tuning_is_apart():
    lwf, icarl, readings = after_phase_1([PRIMARY, SECOND])
    assert (lwf.method, icarl.method, readings.method) == ("LwF", "iCaRL", READINGS)
    assert lwf.differences == {
        "before fine-tuning": interval([0.0, 1.0, 0.5, 1.0, 0.0]),
        "fine-tuning adds": interval([1.0, 1.0, 1.0, 2.0, 1.0]),
        FIRST: interval([1.0, 2.0, 1.5, 3.0, 1.0]),
    }
    assert readings.differences[FIRST].mean == pytest.approx(-2.52)
    assert readings.differences[FIRST].low == pytest.approx(interval([-2.0, -4.0, -3.1, -3.0, -0.5]).low)
    assert lwf.row["seeds"] == "5"
    assert lwf.row["fine-tuning adds"].startswith("**+1.20 [")


def test_without_both_readings_there_is_no_difference_of_them():
    assert [each.method for each in after_phase_1([PRIMARY[:1]])] == ["LwF"]


def test_studies_of_other_methods_are_refused():
    with pytest.raises(ValueError, match=r"methods = \[\['LwF', 'iCaRL'\], \['LwF'\]\]: must be the same"):
        after_phase_1([PRIMARY, SECOND[:1]])


def test_a_phase_without_fine_tuning_is_refused():
    bare = pair("LwF", [0.0], [0.0])
    bare.first[0].results[1].accuracy_before_finetuning = None
    with pytest.raises(ValueError, match="lwf, seed 0: its phase 1 has no fine-tuning"):
        after_phase_1([[bare]])


def test_words_name_who_is_ahead_and_what_new_seeds_say_of_it():
    both, second = after_phase_1([PRIMARY, SECOND]), after_phase_1([SECOND])
    lwf, icarl, readings = (each.differences[FIRST] for each in both)
    said = in_words(both, second)
    assert f"n = 5, trained minus herding's is {lwf.without_n} (LwF) and {icarl.without_n} (iCaRL). LwF and" in said
    assert f"iCaRL's difference minus LwF's is {readings.without_n}. That" in said
    assert "adds more is shown for LwF (+1.20 [" in said
    assert "What is shown for LwF may be too large" in said
    assert said.endswith(f"alone it is {second[0].differences[FIRST].without_n} (LwF).")


def test_where_nothing_is_shown_nothing_is_said_to_be_too_large():
    nothing = interval([-1.0, 0.0, 1.0])
    found = [AfterPhase1("BiC", {"before fine-tuning": nothing, "fine-tuning adds": nothing, FIRST: nothing})]
    said = in_words(found, found)
    assert said.endswith("adds more is shown for none.")
    assert "iCaRL" not in said
