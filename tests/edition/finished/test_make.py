"""The command that makes finished work, and the work that is committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib import runs
from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.book.left_out import again, study_of
from mnemonics_lib.edition.finished import make
from mnemonics_lib.edition.finished.make import as_made_here, forget, main
from mnemonics_lib.edition.finished.store import NAME, read_store
from mnemonics_lib.edition.finished.take import TakenRuns
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import records_of, study_file
from tests.edition.finished.conftest import Study, edit

SHOWN = sorted({study_of(page) for page in again()})


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_committed_was_made_by_committed_code_of_the_source_that_is_here(name: str):
    """Where this fails, ``make finished STUDY=...`` makes it again; it takes some minutes, and CIFAR-100."""
    file = study_file(name)
    found = plan(file)
    taken = TakenRuns(name, found.leading.config)
    store, record = taken.store, read_record(found.leading.record)
    assert record.identity == store.header.identity
    assert store.header.study == name
    assert store.header.code["commit"]
    assert store.header.code["dirty"] is False
    assert taken.load_run(found.leading.record.absolute()).results["accuracy"].tolist() == record.accuracy
    assert (records_of(file) / NAME).stat().st_size < 8e6


def test_records_of_this_source_stay(copied: Path):
    assert forget(plan(copied)) == []


def test_records_of_other_source_are_deleted_with_what_is_kept_beside_them(copied: Path, monkeypatch, capsys):
    monkeypatch.setattr(runs, "source_of", lambda config: "b" * 64)
    assert main(["--forget", str(copied)]) == 0
    left = {path.name for path in copied.with_suffix("").rglob("*.*")}
    assert left == {NAME}  # which the command writes anew
    assert capsys.readouterr().out.count("deleted, for it was made by other source") == 3


def test_records_of_other_settings_are_deleted_too(copied: Path):
    edit(copied, budget=3)
    assert len(forget(plan(copied))) == 3
    assert {path.name for path in copied.with_suffix("").rglob("*.*")} == {NAME}


def test_what_is_kept_without_its_record_is_deleted(copied: Path):
    (run,) = (run for run in plan(copied).runs if run.keep)
    run.record.unlink()
    assert forget(plan(copied)) == [run.files[1]]


def test_a_record_that_came_out_otherwise_elsewhere_is_replaced_by_what_is_made_here(copied: Path, study: Study):
    (run,) = (run for run in plan(copied).runs if run.keep)
    at_first = [file.read_bytes() for file in run.files]
    as_made_here(run, study.folder / "runs")
    assert [file.read_bytes() for file in run.files] == at_first
    here = read_record(run.record)
    first, *rest = here.results
    elsewhere = here.model_copy(update={"results": [first.model_copy(update={"train_loss": 0.5}), *rest]})
    write_record(run.record, elsewhere)
    run.files[1].write_bytes(b"of that run")
    as_made_here(run, study.folder / "runs")
    assert read_record(run.record).results == here.results
    assert run.files[1].read_bytes() == at_first[1]


def test_without_the_records_nothing_is_made(copied: Path, capsys):
    (copied.with_suffix("") / "random" / "seed-0.json").unlink()
    assert main([str(copied)]) == 2
    assert "seed-0.json: not there; `make study STUDY=" in capsys.readouterr().err


def test_what_is_made_names_the_commit_that_its_making_began_with(copied: Path, study: Study, monkeypatch):
    now = {"commit": "a" * 40, "dirty": False}
    monkeypatch.setattr(make, "code_version", lambda: dict(now))
    monkeypatch.setattr(make, "as_made_here", lambda run: now.update(commit="b" * 40))
    monkeypatch.setattr(make, "RUNS", study.folder / "runs")
    assert read_store(make.make(str(copied), [])).header.code == {"commit": "a" * 40, "dirty": False}


@pytest.mark.parametrize("arguments", [["shown"], ["--forget", "shown"]])
def test_a_name_of_several_studies_is_refused(arguments: list[str], capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("study = 'shown': must be one study; there are shown/cifar100, ")
