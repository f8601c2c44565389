"""The line under a figure says what it comes from, with links to it."""

from __future__ import annotations

import re

import pytest

from mnemonics_lib.edition.book.recorded import SourceError
from mnemonics_lib.edition.book.source_line import NOT_RECORDED, Page, line
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.paths import RECORDS, ROOT
from tests.edition.book.made import HERE, project
from tests.line_parts import missing, of_html, of_markdown
from tests.made_records import write_arm


def test_a_cell_that_names_nothing_was_computed_on_its_page(made):
    params = "[`params/quick/digits-n5.yaml`](params/quick/digits-n5.yaml)"
    assert line(made, [], HERE) == f"Computed on this page from {params}, code `0123456789`."
    assert line(made, ["here"], HERE) == line(made, [], HERE)
    assert line(made, [], Page()) == "Computed on this page."
    own = "[`params/quick/own.yaml`](params/quick/own.yaml)"
    assert line(made, ["here", "params/quick/own.yaml"], Page()) == f"Computed on this page from {own}."
    assert line(made, ["here", "params/quick/own.yaml"], Page(HERE.params)) == (
        f"Computed on this page from {params} and {own}."
    )
    changed = Page(HERE.params, overrides=["seed=3", "budget=2"])
    assert line(made, [], changed) == f"Computed on this page from {params} with `seed=3 budget=2`."


def test_records_are_counted_and_linked(made):
    said = line(made, ["quick/digits-n5"], HERE)
    assert said.startswith("From [3 records](book/list.md#quickdigits-n5) of `quick/digits-n5` (")
    assert "[parameters](params/quick/digits-n5.yaml), [study](book/studies/quick/digits-n5.yaml)" in said
    assert "[by phase](book/executed/phases/quick/digits-n5.csv)" in said
    assert line(made, ["records"], HERE) == said


def test_a_page_may_have_taken_finished_work_of_a_study(made):
    page = Page(HERE.params, overrides=["seed=3"], study="quick/digits-n5", code="0123456789")
    said = line(made, ["here"], page)
    assert said.startswith("Computed on this page, code `0123456789`, with finished work of [3 records](book/list.md#")
    assert not missing(of_markdown(said))
    assert line(made, ["records"], page) == line(made, ["quick/digits-n5"], page)


def test_a_study_without_records_says_so_and_has_nothing_by_phase(made):
    said = line(made, ["quick/digits-n1"], HERE)
    assert said.startswith("Of `quick/digits-n1` there are no records yet (")
    assert "[parameters](params/quick/digits-n1.yaml), [parameters](params/quick/own.yaml)" in said
    assert "phases" not in said


def test_the_records_of_parameters_that_have_none_are_what_the_page_computes(made):
    for page in (Page("params/quick/digits-n1.yaml"), Page("elsewhere/own.yaml"), Page()):
        assert line(made, ["records"], page) == line(made, ["here"], page)


def test_several_studies_are_one_sentence_and_files_another(made, records):
    (records.parent / "studies" / "quick" / "two.yaml").write_text("params: quick/digits-n1\n")
    write_arm(records / "quick" / "two" / "herding", [80.0])
    said = line(made, ["quick/digits-n5", "quick/digits-n1", "quick/two", "book/table.csv"], HERE)
    links = "[parameters](params/quick/{}.yaml), [study](book/studies/quick/{}.yaml), [by phase]({})"
    of_one = links.format("digits-n5", "digits-n5", "book/executed/phases/quick/digits-n5.csv")
    of_two = links.format("digits-n1", "two", "book/executed/phases/quick/two.csv")
    assert said.startswith(
        f"From [3 records](book/list.md#quickdigits-n5) of `quick/digits-n5` ({of_one}) and "
        f"[1 record](book/list.md#quicktwo) of `quick/two` ({of_two}), code `"
    )
    assert ". Of `quick/digits-n1` there are no records yet (" in said
    assert said.endswith(" From [`book/table.csv`](book/table.csv).")


def test_all_records_have_their_parts_in_the_overview(made):
    assert re.sub("`[0-9a-f]{10}`", "`commit`", line(made, ["all"], HERE)) == (
        "From all [3 records](book/list.md) of 1 study ([parameters, studies, by phase](book/list.md#all-studies)), "
        "code `commit`."
    )


def test_files_by_a_pattern_and_several_are_one_sentence(made):
    both = "From [`book/table.csv`](book/table.csv) and [`book/tablet.csv`](book/tablet.csv)."
    assert line(made, ["book/table*.csv"], HERE) == line(made, ["book/table.csv", "book/tablet.csv"], HERE) == both


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"library": "a71c223", "script": "5ce9a9f:a.py"}', "code `a71c223`, script `5ce9a9f:a.py`"),
        ('{"params": "quick/own"}', "[parameters](params/quick/own.yaml), code not recorded"),
        ("[{}]", "code not recorded"),
        (
            '{"a": [{"commit": "0123456789ab"}, {"commit": "abcdef012345"}], "b": [{"commit": "0123456789ab"}]}',
            "records, with their code, in `0123456789` and `abcdef0123`",
        ),
    ],
)
def test_of_another_measurement_a_line_says_what_its_file_says(made, records, content, said):
    (records / "measured.json").write_text(content)
    file = "[`book/records/measured.json`](book/records/measured.json)"
    assert line(made, ["book/records/measured.json"], HERE) == f"From {file} ({said})."


@pytest.mark.parametrize("source", ["quick/digits-n7", "book/none.csv", "Records", "", "/etc/hosts"])
def test_what_is_not_there_is_refused_by_name(made, source):
    with pytest.raises(SourceError, match=re.escape(f"sources = {source!r}: must be")):
        line(made, [source], HERE)


WHOLE = (
    "From [2 records](a.md#b) of `quick/one` ([parameters](c), [study](d), [by phase](e)) and [1 record](a.md#f) of "
    "`quick/two` ([parameters](c), [study](g), [by phase](h)), code `0123456789` and `9876543210-dirty`. "
    "From [`book/records/search.json`](i) (code `a71c223`)."
)


def test_a_line_with_all_parts_lacks_none():
    assert missing(of_markdown(WHOLE)) == []
    here = "Computed on this page from [`params/a.yaml`](b), code `0123456789`."
    assert missing(of_markdown(here)) == missing(of_markdown(f"{here} {WHOLE}")) == []
    link = '<a class="internal" href="b"><span>{}</span></a>'
    markup = f"Computed on this page from {link.format('<code>params/a.yaml</code>')}, code <code>0123456789</code>."
    assert missing(of_html(markup)) == []


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        (WHOLE.replace("[parameters](c), ", "", 1), ["a link called parameters"]),
        (WHOLE.replace("[study](g)", "study"), ["a link called study"]),
        (WHOLE.replace("[by phase](e)", "a table"), ["a link called by phase"]),
        (WHOLE.replace("[1 record](a.md#f)", "1 record"), ["a link called 1 record"]),
        (WHOLE.replace(", code `0123456789` and `9876543210-dirty`", ""), ["the code"]),
        (WHOLE.replace("(code `a71c223`)", ""), ["the code of book/records/search.json"]),
        ("From all run records.", ["the code", "its parts"]),
        ("From the records of `quick/one` (2) and `quick/two` (1).", ["the records as links"]),
        ("Computed on this page, code `0123456789`.", ["a link to the parameter file"]),
        ("Computed on this page from [`params/a.yaml`](b).", ["the code"]),
        ("Of `quick/one` there are no records yet ([study](d)).", ["a link called parameters"]),
        ("Somewhere.", ["a sentence that says where from, not 'Somewhere.'"]),
    ],
)
def test_of_a_line_that_lacks_a_part_it_is_named(line, lacks):
    assert missing(of_markdown(line)) == lacks


PAGES = sorted([*(ROOT / "book").glob("*.py"), *(ROOT / "notebooks").glob("0*.py")])


WITHOUT_CODE = {
    "book/records/costs.json",
    "book/records/lecture.json",
    *(
        f"book/records/bench/{name}.json"
        for name in (
            *("dry-run-imagenet-n5", "dry-run-imagenet_subset-n5", "hypergradient", "hypergradient-cuda"),
            *("inference", "input", "rounding", "tf32", "training", "training-cuda"),
        )
    ),
}
"""Measurements whose files do not name the commit of the library: these, and no others."""


def test_the_line_of_every_cell_that_names_its_sources_has_every_part():
    found = project()
    named = {tuple(cell.metadata.get("sources", [])) for path in PAGES for cell in read_notebook(path).cells}
    assert len(named) > 10
    for each in sorted(named - {()}):
        said = line(found, each, HERE)
        assert missing(of_markdown(said)) == [], said


def test_every_other_measurement_names_its_code_but_for_those_that_are_known():
    files = [*RECORDS.glob("*.json"), *(RECORDS / "bench").glob("*.json")]
    lines = {path: line(project(), [path], HERE) for path in (file.relative_to(ROOT).as_posix() for file in files)}
    assert all(missing(of_markdown(line)) == [] for line in lines.values())
    assert {path for path, line in lines.items() if NOT_RECORDED in line} == WITHOUT_CODE
