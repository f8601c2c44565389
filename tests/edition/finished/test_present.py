"""What is wrong with a record that is there, in a line."""

from __future__ import annotations

from pathlib import Path

from mnemonics_lib import runs
from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.finished.present import problem
from mnemonics_lib.edition.studies.plan import Plan, plan
from tests.edition.finished.conftest import edit


def problems(found: Plan) -> list[str]:
    return [said for run in found.runs if (said := problem(found, run))]


def test_records_of_the_runs_that_a_study_asks_for_have_none(copied: Path):
    assert problems(plan(copied)) == []


def test_a_record_that_is_not_there_has_none(copied: Path):
    for run in plan(copied).runs:
        run.record.unlink()
    assert problems(plan(copied)) == []


def test_each_of_other_settings_is_named_with_field_and_values(copied: Path):
    edit(copied, budget=3)
    said = problems(plan(copied))
    assert len(said) == 2
    for run, line in zip(plan(copied).runs, said, strict=True):
        assert line.startswith(f"{run.record}: budget = 2 and 3, which ")


def test_other_source_is_told_from_other_settings(copied: Path, monkeypatch):
    monkeypatch.setattr(runs, "source_of", lambda config: "b" * 64)
    first, _ = problems(plan(copied))
    run = plan(copied).runs[0]
    record = read_record(run.record)
    assert record.identity
    assert first.startswith(
        f"{run.record}: identity.source = '{record.identity.source}': must be '{'b' * 64}': made by "
    )


def test_a_record_that_does_not_say_its_source_is_none_of_it(copied: Path):
    run = plan(copied).runs[0]
    write_record(run.record, read_record(run.record).model_copy(update={"identity": None}))
    assert [line.partition(": made by")[0] for line in problems(plan(copied))] == [
        f"{run.record}: identity.source = None: must be '{runs.source_of(run.config)}'"
    ]


def test_a_damaged_record_is_named(copied: Path):
    run = plan(copied).runs[0]
    run.record.write_text("{")
    (said,) = problems(plan(copied))
    assert said.startswith(f"{run.record}: cannot be read as JSON")
