"""The committed records are those that the studies of the book ask for, made by what they say."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mnemonics_lib.config import parse_config
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition.studies.plan import PlannedRun, check_present, plan
from mnemonics_lib.edition.studies.study import full_name
from mnemonics_lib.paths import RECORDS, STUDIES

PLANS = [plan(path) for path in sorted(STUDIES.rglob("*.yaml"))]
WANTED: dict[Path, PlannedRun] = {run.record.absolute(): run for each in PLANS for run in each.runs}
THERE = sorted(RECORDS.glob("*/*/*/*.json"))


def test_no_record_is_left_over_and_studies_that_miss_some_stand_among_what_is_wanted():
    assert set(THERE) <= set(WANTED)
    queue = (RECORDS / "WANTED.md").read_text()
    queued = set(re.findall(r"^make study STUDY=(\S+)", queue, re.MULTILINE))
    assert {each.name for each in PLANS if each.missing} == queued


def test_no_record_is_of_other_settings_than_its_study_says():
    check_present(PLANS)


@pytest.mark.parametrize("path", THERE, ids=lambda path: "-".join(path.parts[-3:]))
def test_a_record_was_made_by_its_arm_and_by_committed_code(path: Path):
    record, config = read_record(path), WANTED[path].config
    made = parse_config(record.config)
    assert made.in_effect() == config.in_effect(), "the arm or its parameter file changed: delete it, `make study`"
    if record.config == made.model_dump():  # a record older than a field has the digest of its time
        assert record.config_digest == made.digest
    assert record.recipe == config.recipe
    assert record.code.commit
    assert not record.code.dirty


def test_the_arm_named_after_the_paper_has_its_numbers():
    named = [run for run in WANTED.values() if run.arm.startswith("mnemonics-paper")]
    assert named
    assert all(run.config.recipe == "paper" for run in named)


def test_every_comparison_on_the_embedded_data_has_enough_seeds_for_an_interval():
    of_digits = [each.study for each in PLANS if each.path.parent.name == "quick"]
    assert of_digits
    assert all(len(study.seeds_of(arm)) >= 3 for study in of_digits for arm in study.arms)


def test_a_study_s_comparisons_are_of_arms_that_differ_in_something():
    for each in PLANS:
        first = {run.arm: run.config.in_effect() for run in each.runs if run.seed == 0}
        for comparison, cell in product(each.study.compare, each.study.cells()):
            arm, minus = (full_name(cell, name) for name in (comparison.arm, comparison.minus))
            assert first[arm] != first[minus], (each.path, comparison)
