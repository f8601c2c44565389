"""The parts of a difference are named in their order, and make up the whole."""

from __future__ import annotations

import re
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.edition.evidence.paper_tables.attribution import STEPS, WHOLE, attribution, rows
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_files

ARMS = ["without", "transfer", "herding", "trained", "adjusted"]


def differences(accuracies: dict[str, list[float]]) -> dict[Any, Any]:
    """Of arms with these accuracies, a seed each."""
    return {
        (arm, minus): interval([a - b for a, b in zip(accuracies[arm], accuracies[minus], strict=True)])
        for arm, minus in [*STEPS, WHOLE]
    }


def test_each_change_is_told_with_what_it_added():
    accuracies = {
        "without": [50.0, 51.0, 52.0],
        "transfer": [50.1, 50.9, 52.0],
        "herding": [60.1, 61.0, 62.2],
        "trained": [60.0, 61.2, 62.1],
        "adjusted": [59.0, 60.1, 61.0],
    }
    said = attribution("lwf", differences(accuracies))
    assert said.startswith("LwF, all four: +9.03 [")
    parts = said.split("One after the other: ")[1].rstrip(".").split("; ")
    assert [re.sub(r" [-+].*", "", part) for part in parts] == list(STEPS.values())
    assert ["not shown to differ from 0" in part for part in parts] == [True, False, True, False]


@given(st.lists(st.lists(st.floats(0, 100), min_size=5, max_size=5), min_size=3, max_size=6))
def test_the_parts_make_up_the_whole(runs):
    found = differences({arm: [run[place] for run in runs] for place, arm in enumerate(ARMS)})
    assert sum(found[pair].mean for pair in STEPS) == pytest.approx(found[WHOLE].mean, abs=1e-9)


def test_a_part_that_is_missing_is_no_zero():
    with pytest.raises(KeyError):
        attribution("lucir", {WHOLE: interval([1.0, 2.0, 3.0])})


def test_two_seeds_are_no_verdict():
    with pytest.raises(ValueError, match="must be of three values or more"):
        attribution("lucir", dict.fromkeys([*STEPS, WHOLE], interval([1.0, 2.0])))


def test_the_study_compares_them():
    asked = {(each.arm, each.minus) for each in plan(*study_files("evidence/split")).study.compare}
    assert {*STEPS, WHOLE} <= asked


@pytest.mark.parametrize("field", ["average_accuracy", "forgetting"])
def test_a_row_has_what_each_change_adds_to_a_number_of_the_same_seeds(field):
    study = studied("evidence/split")
    found = rows(study, attrgetter(field))
    assert [row["method"] for row in found] == ["LwF", "LUCIR"]
    for row, method in zip(found, ("lwf", "lucir"), strict=True):
        assert list(row) == ["method", "seeds", *STEPS.values(), "all four"]
        assert row["seeds"] == "5"
        for (arm, minus), name in {**STEPS, WHOLE: "all four"}.items():
            first, second = (study.records[f"{method}-{which}"] for which in (arm, minus))
            of = interval([getattr(first[seed], field) - getattr(second[seed], field) for seed in first])
            assert of.without_n == row[name].strip("*")
            assert row[name].startswith("**") == (of.verdict in ("higher", "lower"))


def test_a_change_of_which_runs_are_missing_has_no_verdict():
    study = studied("evidence/split")
    found = rows(study, attrgetter("average_accuracy"))
    gone = replace(study.plan.runs[0], record=Path("not_there.json"))
    unfinished = replace(study, plan=replace(study.plan, runs=[gone, *study.plan.runs[1:]]))
    changed = {
        (row["method"], name): cell
        for row, before in zip(rows(unfinished, attrgetter("average_accuracy")), found, strict=True)
        for name, cell in row.items()
        if cell != before[name]
    }
    assert changed
    assert {method for method, _ in changed} == {NAMES[gone.config.method]}
    assert not any("*" in cell for cell in changed.values())


def test_a_method_without_records_has_no_row():
    study = studied("evidence/split")
    half = [each for each in study.compared if each[0].startswith("lucir")]
    assert [row["method"] for row in rows(replace(study, compared=half), attrgetter("forgetting"))] == ["LUCIR"]
