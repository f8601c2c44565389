"""The committed records are those that the studies of the book ask for, made by what they say."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mnemonics_lib.config import parse_config
from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.studies.plan import Plan, PlannedRun, check_present, plan
from mnemonics_lib.edition.studies.study import full_name
from mnemonics_lib.paths import RECORDS, STUDIES


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [plan(path) for path in sorted(STUDIES.rglob("*.yaml"))]


@pytest.fixture(scope="module")
def asked(plans: list[Plan]) -> dict[Path, PlannedRun]:
    """All runs that studies ask for, by their records."""
    return {run.record.absolute(): run for each in plans for run in each.runs}


@pytest.fixture(scope="module")
def there() -> list[Path]:
    return sorted(RECORDS.glob("*/*/*/*.json"))


def test_no_record_is_left_over_and_studies_that_miss_some_stand_among_what_is_wanted(plans, asked, there):
    assert set(there) <= set(asked)
    queue = (RECORDS / "WANTED.md").read_text()
    queued = set(re.findall(r"^make study STUDY=(\S+)", queue, re.MULTILINE))
    assert {each.name for each in plans if each.missing} == queued


def test_no_record_is_of_other_settings_than_its_study_says(plans):
    check_present(plans)


def test_a_run_that_several_studies_have_came_out_the_same_in_all_of_them(there):
    """A copy that is older than a run that was made again would be one run with two results on one page.

    A run that keeps files for figures is made where these are wanted, and may be of another machine. Another one may be
    made again on the processor of a study's other runs; then its page says so (``edition.studies.other_makings``).
    """
    found: dict[tuple[str, ...], dict[Path, tuple[float, ...]]] = {}
    for path in there:
        record = read_record(path)
        if record.identity and not path.with_suffix(".safetensors").exists():
            processors = sorted({str(where.processor) for where in record.environments})
            run = (record.identity.config, record.identity.data, record.identity.source, *processors)
            found.setdefault(run, {})[path] = tuple(record.accuracy)
    several = [outcomes for outcomes in found.values() if len(outcomes) > 1]
    assert several
    assert [outcomes for outcomes in several if len(set(outcomes.values())) > 1] == []


def test_records_were_made_by_their_arms_and_by_committed_code(asked, there):
    assert there
    said = {path.relative_to(RECORDS).as_posix(): wrong(read_record(path), asked[path]) for path in there}
    assert {path: words for path, words in said.items() if words} == {}


def wrong(record: Record, run: PlannedRun) -> str:
    """What is wrong with a record; nothing where it is as its study asks."""
    made = parse_config(record.config)
    if made.in_effect() != run.config.in_effect():
        return "the arm or its parameter file changed: delete the record, `make study`"
    # A record older than a field has the digest of its time.
    if record.config == made.model_dump() and record.config_digest != made.digest:
        return f"digest {record.config_digest}, of its configuration {made.digest}"
    if record.recipe != run.config.recipe:
        return f"recipe {record.recipe}, its study's {run.config.recipe}"
    if not record.code.commit or record.code.dirty:
        return "made by code that is no commit's"
    return ""


def test_what_is_wrong_with_a_record_is_found(asked):
    path = RECORDS / "evidence" / "primary" / "lwf-herding-5" / "seed-0.json"
    record, run = read_record(path), asked[path]
    assert record.config == parse_config(record.config).model_dump()  # so that its digest is that of today
    dirty = record.code.model_copy(update={"dirty": True})
    assert not wrong(record, run)
    for changed, said in (
        ({"config_digest": "0"}, "digest 0, of its configuration"),
        ({"recipe": "another"}, "recipe another"),
        ({"code": dirty}, "no commit"),
        ({"config": record.config | {"budget": 3}}, "changed: delete the record"),
    ):
        assert said in wrong(record.model_copy(update=changed), run)


def test_the_arm_named_after_the_paper_has_its_numbers(asked):
    named = [run for run in asked.values() if run.arm.startswith("mnemonics-paper")]
    assert named
    assert all(run.config.recipe == "paper" for run in named)


def test_every_comparison_on_the_embedded_data_has_enough_seeds_for_an_interval(plans):
    of_digits = [each.study for each in plans if each.path.parent.name == "quick"]
    assert of_digits
    assert all(len(study.seeds_of(arm)) >= 3 for study in of_digits for arm in study.arms)


def test_a_study_s_comparisons_are_of_arms_that_differ_in_something(plans):
    for each in plans:
        first: dict[str, object] = {}
        for run in each.runs:
            first.setdefault(run.arm, run.config.in_effect())
        for comparison, cell in product(each.study.compare, each.study.cells()):
            arm, minus = (full_name(cell, name) for name in (comparison.arm, comparison.minus))
            assert first[arm] != first[minus], (each.path, comparison)
