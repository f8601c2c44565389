"""Fresh networks on exemplars alone: what the study's runs ask for, and the widest of intervals made by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.evidence.regimes.fresh_networks import set_up, widest
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file


def test_what_is_said_is_what_the_runs_ask_for():
    of = plan(study_file("evidence/from_scratch"))
    assert set_up(of) == (
        "A fresh ResNet-8 of width 16, with its head for all classes seen (10 after phase 0 and 20 after phase 1), is "
        "trained for 300 passes over their exemplars alone, and tested on all test images of these classes (16 × 16 "
        "pixels)."
    )
    run, *rest = of.runs
    longer = replace(run, config=run.config.model_copy(update={"from_scratch": 7}))
    assert "for 7 passes" in set_up(replace(of, runs=[longer]))
    with pytest.raises(ValueError, match="in 2 ways"):
        set_up(replace(of, runs=[longer, *rest]))


def compared(arm: str, minus: str, field: str, values: list[float]) -> Any:
    return arm, minus, SimpleNamespace(field=field, difference=interval(values))


def test_the_widest_interval_of_those_asked_about_is_named():
    found = [
        compared("trained-1", "herding-1", "from_scratch_accuracy[0]", [1.0, 1.1, 0.9]),
        compared("trained-5", "herding-5", "from_scratch_accuracy[1]", [0.0, 1.0, 2.0]),
        compared("trained-1", "random-1", "from_scratch_accuracy[0]", [-9.0, 0.0, 9.0]),
    ]
    assert widest(found, "trained", "herding") == (
        "the widest of the 2 intervals is that of trained-5 − herding-5, phase 1, +1.00 [-1.48, +3.48], n = 3, 2.5 "
        "points to either side"
    )
    (only,) = [compared("a", "b", "average_accuracy", [1.0, 1.1, 0.9])]
    assert widest([only], "", "") == (
        "the widest of the 1 intervals is that of a − b, +1.00 [+0.75, +1.25], n = 3, 0.2 points to either side"
    )
