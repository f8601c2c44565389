"""The line under a figure says what it comes from, with links to it, and the list has every record."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from mnemonics_lib.config import read_yaml
from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition import sources
from mnemonics_lib.edition.sources import Page, SourceError, Sources
from mnemonics_lib.paths import RECORDS, ROOT
from tests.made_records import write_arm

HERE = Page("params/quick/digits-n5.yaml", code="0123456789")


@pytest.fixture
def records(tmp_path, monkeypatch) -> Path:
    """A project with records of one study, of two arms, and none of another."""
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    studies = tmp_path / "book" / "studies" / "quick"
    studies.mkdir(parents=True)
    (studies / "digits-n5.yaml").write_text("params: quick/digits-n5\n")
    (studies / "digits-n1.yaml").write_text("grid: {params: [quick/digits-n1, quick/own.yaml]}\n")
    (tmp_path / "book" / "table.csv").write_text("")
    (tmp_path / "book" / "tablet.csv").write_text("")
    found = tmp_path / "book" / "records"
    write_arm(found / "quick" / "digits-n5" / "herding", [80.0, 82.0])
    write_arm(found / "quick" / "digits-n5" / "random", [79.0], exemplars="random")
    return found


@pytest.fixture
def made(records) -> Sources:
    return Sources(lambda text, path: f"[{text}]({path})", "book/list.md", records, records.parent / "studies")


def test_a_cell_that_names_nothing_was_computed_on_its_page(made):
    params = "[`params/quick/digits-n5.yaml`](params/quick/digits-n5.yaml)"
    assert made.line([], HERE) == f"Computed on this page from {params}, code `0123456789`."
    assert made.line(["here"], HERE) == made.line([], HERE)
    assert made.line([], Page()) == "Computed on this page."
    changed = Page(HERE.params, overrides=["seed=3", "budget=2"])
    assert made.line([], changed) == f"Computed on this page from {params} with `seed=3 budget=2`."


def test_records_are_counted_and_linked(made):
    line = made.line(["quick/digits-n5"], HERE)
    assert line.startswith("From [3 records](book/list.md#quick) of `quick/digits-n5` (")
    assert "[parameters](params/quick/digits-n5.yaml), [study](book/studies/quick/digits-n5.yaml)" in line
    assert "[by phase](book/executed/phases/quick/digits-n5.csv)" in line
    assert made.line(["records"], HERE) == line


def test_a_page_may_have_taken_finished_work_of_a_study(made):
    page = Page(HERE.params, overrides=["seed=3"], study="quick/digits-n5", code="0123456789")
    line = made.line(["here"], page)
    assert line.startswith("Computed on this page, code `0123456789`, with finished work of [3 records](book/list.md#")
    assert made.line(["records"], page) == made.line(["quick/digits-n5"], page)


def test_a_study_without_records_says_so_and_has_nothing_by_phase(made):
    line = made.line(["quick/digits-n1"], HERE)
    assert line.startswith("Of `quick/digits-n1` there are no records yet (")
    assert "[parameters](params/quick/digits-n1.yaml), [parameters](params/quick/own.yaml)" in line
    assert "phases" not in line


def test_the_records_of_parameters_that_have_none_are_what_the_page_computes(made):
    for page in (Page("params/quick/digits-n1.yaml"), Page("elsewhere/own.yaml"), Page()):
        assert made.line(["records"], page) == made.line(["here"], page)


def test_several_studies_are_one_sentence_and_files_another(made):
    line = made.line(["quick/digits-n5", "quick/digits-n1", "book/table.csv"], HERE)
    assert line.startswith("From [the records](book/list.md) of `quick/digits-n5` (3) and `quick/digits-n1` (0), code ")
    assert line.endswith(" From [`book/table.csv`](book/table.csv).")


def test_all_records_and_files_by_a_pattern(made):
    assert made.line(["all"], HERE) == "From [all run records](book/list.md)."
    assert made.line(["book/table*.csv"], HERE) == (
        "From [`book/table.csv`](book/table.csv), [`book/tablet.csv`](book/tablet.csv)."
    )


@pytest.mark.parametrize("source", ["quick/digits-n7", "book/none.csv", "Records", "", "/etc/hosts"])
def test_what_is_not_there_is_refused_by_name(made, source):
    with pytest.raises(SourceError, match=re.escape(f"sources = {source!r}: must be")):
        made.line([source], HERE)


def test_commits_are_named_once_and_counted_where_they_are_many(made, records):
    folder = records / "quick" / "digits-n5" / "many"
    write_arm(folder, [80.0, 80.0, 80.0, 80.0])
    assert made.line(["quick/digits-n5"], HERE).count("code `") == 1  # of one commit
    for seed, path in enumerate(sorted(folder.glob("*.json"))):
        rewrite(path, commit=str(seed) * 40)
    again = Sources(made._link, "book/list.md", records, records.parent / "studies")
    assert ", code of 5 commits." in again.line(["quick/digits-n5"], HERE)


def rewrite(path: Path, commit: str) -> None:
    record = read_record(path)
    code = record.code.model_copy(update={"commit": commit, "dirty": True})
    path.unlink()
    write_record(path, record.model_copy(update={"code": code}))


def test_the_list_has_each_record_once(made):
    listed = made.listing("quick")
    assert listed.count("](book/records/") == 3
    assert "| `herding` | [0](book/records/quick/digits-n5/herding/seed-0.json) [1](" in listed
    assert "digits-n1" not in listed
    with pytest.raises(SourceError, match="slow"):
        made.listing("slow")


def test_by_phase_there_is_a_row_for_each_run_and_phase(made, tmp_path):
    made.write_phases(tmp_path / "phases")
    table = pd.read_csv(tmp_path / "phases" / "quick" / "digits-n5.csv")
    assert list(table["phase"]) == [0, 1, 2, 3, 4, 5] * 3
    assert set(table["accuracy"]) == {80.0, 82.0, 79.0}


def test_of_an_unknown_commit_the_list_says_so(made, records):
    path = records / "quick" / "digits-n5" / "random" / "seed-0.json"
    rewrite(path, commit="")
    assert "`unknown`" in made.listing("quick")


# -- the project's own ------------------------------------------------------------------------------------------------


def test_every_folder_of_records_has_a_section_in_the_list():
    page = (ROOT / "book" / "run_records.md").read_text(encoding="utf-8")
    for folder in {place.split("/")[0] for place in sources.places()}:
        assert f"\n## {folder}\n" in page
        assert f"```{{records}} {folder}\n" in page


def test_every_study_has_parameters_that_exist():
    for place in sources.places():
        study = read_yaml(ROOT / "book" / "studies" / f"{place}.yaml")
        for name in [study["params"]] if "params" in study else study["grid"]["params"]:
            assert (ROOT / "params" / f"{name}.yaml").is_file()


def test_every_record_is_in_the_list():
    made = Sources(lambda text, path: f"({path})", "book/run_records.md")
    listed = "".join(made.listing(folder) for folder in sorted({place.split("/")[0] for place in sources.places()}))
    for path in RECORDS.glob("*/*/*/seed-*.json"):
        assert f"({path.relative_to(ROOT).as_posix()})" in listed
