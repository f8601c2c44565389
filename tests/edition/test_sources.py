"""The line under a figure says what it comes from, with links to it, and the list has every record."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pandas as pd
import pytest

from mnemonics_lib.config import read_yaml
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition import sources
from mnemonics_lib.edition.pairs import read_notebook
from mnemonics_lib.edition.sources import Page, SourceError, Sources
from mnemonics_lib.kept import Kept, OfPhase
from mnemonics_lib.kept.file import write_kept
from mnemonics_lib.paths import RECORDS, ROOT
from tests.line_parts import missing, of_html, of_markdown
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
    (tmp_path / "params" / "quick").mkdir(parents=True)
    (tmp_path / "params" / "quick" / "own.yaml").write_text("")
    found = tmp_path / "book" / "records"
    write_arm(found / "quick" / "digits-n5" / "herding", [80.0, 82.0])
    write_arm(found / "quick" / "digits-n5" / "random", [79.0], exemplars="random")
    return found


@pytest.fixture
def made(records) -> Sources:
    return read(records)


def read(records: Path) -> Sources:
    """The project as it is now."""
    return Sources(lambda text, path: f"[{text}]({path})", "book/list.md", records, records.parent / "studies")


def test_a_cell_that_names_nothing_was_computed_on_its_page(made):
    params = "[`params/quick/digits-n5.yaml`](params/quick/digits-n5.yaml)"
    assert made.line([], HERE) == f"Computed on this page from {params}, code `0123456789`."
    assert made.line(["here"], HERE) == made.line([], HERE)
    assert made.line([], Page()) == "Computed on this page."
    own = "[`params/quick/own.yaml`](params/quick/own.yaml)"
    assert made.line(["here", "params/quick/own.yaml"], Page()) == f"Computed on this page from {own}."
    assert made.line(["here", "params/quick/own.yaml"], Page(HERE.params)) == (
        f"Computed on this page from {params} and {own}."
    )
    changed = Page(HERE.params, overrides=["seed=3", "budget=2"])
    assert made.line([], changed) == f"Computed on this page from {params} with `seed=3 budget=2`."


def test_runs_without_a_study_have_a_parameter_file_alone(records):
    write_arm(records / "paper" / "cifar100-n5" / "lucir", [60.0])
    (row,) = [line for line in read(records).overview().splitlines() if "`paper/cifar100-n5`" in line]
    assert "[parameters](params/paper/cifar100-n5.yaml), [by phase](" in row
    assert "study](" not in row


def test_a_folder_of_parameters_may_have_no_records_yet(made, records):
    (records.parents[1] / "params" / "paper").mkdir()
    assert made.listing("paper") == "There are none yet."
    with pytest.raises(SourceError, match="folder = 'papers': has no records in"):
        made.listing("papers")


def test_records_are_counted_and_linked(made):
    line = made.line(["quick/digits-n5"], HERE)
    assert line.startswith("From [3 records](book/list.md#quickdigits-n5) of `quick/digits-n5` (")
    assert "[parameters](params/quick/digits-n5.yaml), [study](book/studies/quick/digits-n5.yaml)" in line
    assert "[by phase](book/executed/phases/quick/digits-n5.csv)" in line
    assert made.line(["records"], HERE) == line


def test_a_page_may_have_taken_finished_work_of_a_study(made):
    page = Page(HERE.params, overrides=["seed=3"], study="quick/digits-n5", code="0123456789")
    line = made.line(["here"], page)
    assert line.startswith("Computed on this page, code `0123456789`, with finished work of [3 records](book/list.md#")
    assert not missing(of_markdown(line))
    assert made.line(["records"], page) == made.line(["quick/digits-n5"], page)


def test_a_study_without_records_says_so_and_has_nothing_by_phase(made):
    line = made.line(["quick/digits-n1"], HERE)
    assert line.startswith("Of `quick/digits-n1` there are no records yet (")
    assert "[parameters](params/quick/digits-n1.yaml), [parameters](params/quick/own.yaml)" in line
    assert "phases" not in line


def test_the_records_of_parameters_that_have_none_are_what_the_page_computes(made):
    for page in (Page("params/quick/digits-n1.yaml"), Page("elsewhere/own.yaml"), Page()):
        assert made.line(["records"], page) == made.line(["here"], page)


def test_several_studies_are_one_sentence_and_files_another(made, records):
    (records.parent / "studies" / "quick" / "two.yaml").write_text("params: quick/digits-n1\n")
    write_arm(records / "quick" / "two" / "herding", [80.0])
    line = made.line(["quick/digits-n5", "quick/digits-n1", "quick/two", "book/table.csv"], HERE)
    links = "[parameters](params/quick/{}.yaml), [study](book/studies/quick/{}.yaml), [by phase]({})"
    of_one = links.format("digits-n5", "digits-n5", "book/executed/phases/quick/digits-n5.csv")
    of_two = links.format("digits-n1", "two", "book/executed/phases/quick/two.csv")
    assert line.startswith(
        f"From [3 records](book/list.md#quickdigits-n5) of `quick/digits-n5` ({of_one}) and "
        f"[1 record](book/list.md#quicktwo) of `quick/two` ({of_two}), code `"
    )
    assert ". Of `quick/digits-n1` there are no records yet (" in line
    assert line.endswith(" From [`book/table.csv`](book/table.csv).")


def test_all_records_have_their_parts_in_the_overview(made):
    assert re.sub("`[0-9a-f]{10}`", "`commit`", made.line(["all"], HERE)) == (
        "From all [3 records](book/list.md) of 1 study ([parameters, studies, by phase](book/list.md#all-studies)), "
        "code `commit`."
    )


def test_files_by_a_pattern_and_several_are_one_sentence(made):
    both = "From [`book/table.csv`](book/table.csv) and [`book/tablet.csv`](book/tablet.csv)."
    assert made.line(["book/table*.csv"], HERE) == made.line(["book/table.csv", "book/tablet.csv"], HERE) == both


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
    assert made.line(["book/records/measured.json"], HERE) == f"From {file} ({said})."


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
    of_one, of_all = (read(records).line([source], HERE) for source in ("quick/digits-n5", "all"))
    assert of_one.endswith(", code of [5 commits](book/list.md#quickdigits-n5).")  # where they are named
    assert of_all.endswith(", code of [5 commits](book/list.md#all-studies).")
    for named in (read(records).listing("quick"), read(records).overview()):
        assert all(f"`{str(seed) * 10}-dirty`" in named for seed in range(4))


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
    assert "kept" not in listed
    assert listed.startswith("### quick/digits-n5\n")  # to which the lines link
    with pytest.raises(SourceError, match="slow"):
        made.listing("slow")


def test_the_overview_has_a_row_for_each_study_with_records(made):
    (row,) = made.overview().splitlines()[2:]
    assert row.startswith(
        "| [`quick/digits-n5`](book/list.md#quickdigits-n5) | 3 | [parameters](params/quick/digits-n5."
    )
    assert "digits-n1" not in row


def test_by_phase_there_is_a_row_for_each_run_and_phase(made, tmp_path):
    made.write_tables(tmp_path / "phases")
    table = pd.read_csv(tmp_path / "phases" / "quick" / "digits-n5.csv")
    assert set(table["study"]) == {"quick/digits-n5"}
    assert list(table["phase"]) == [0, 1, 2, 3, 4, 5] * 3
    assert set(table["accuracy"]) == {80.0, 82.0, 79.0}
    assert [path.name for path in (tmp_path / "phases" / "quick").iterdir()] == ["digits-n5.csv"]


KEPT_MARGINS = pd.DataFrame(
    {
        "class": [3, 3, 4, 3],
        "kind": ["random", "random", "random", "trained"],
        "margin": [0.5, -0.25, 0.75, 0.125],
        "other": [1.0, 2.0, float("inf"), 3.0],
    }
)


def keep(records: Path, arm: str, phases: dict[int, OfPhase]) -> None:
    """Keep something beside an arm's first record."""
    identity = Identity(config="c", data="d", source="s")
    write_kept(records / arm / "seed-0.safetensors", Kept(identity, Keep(phases=[0, 5]), phases))


def test_margins_that_runs_keep_are_a_table_to_which_lines_link(made, records, tmp_path):
    keep(records, "quick/digits-n5/herding", {0: OfPhase(margins=KEPT_MARGINS), 5: OfPhase(margins=KEPT_MARGINS)})
    made.write_tables(tmp_path / "phases")
    table = pd.read_csv(tmp_path / "phases" / "quick" / "digits-n5-margins.csv")
    assert list(table) == ["study", "arm", "seed", "phase", "kind", "class", "exemplar", "margin", "other"]
    assert set(table["study"]) == {"quick/digits-n5"}
    assert set(table["arm"]) == {"herding"}
    assert list(table["phase"]) == [0] * 4 + [5] * 4
    assert list(table["exemplar"]) == [0, 1, 0, 0] * 2  # within class and kind
    for name, values in KEPT_MARGINS.items():
        assert list(table[name]) == list(values) * 2
    margins = "[margins](book/executed/phases/quick/digits-n5-margins.csv)"
    for text in (made.line(["quick/digits-n5"], HERE), made.listing("quick"), made.overview()):
        assert f", {margins})" in text or f", {margins} |" in text


def test_what_a_run_keeps_is_in_the_list_beside_its_record(made, records, tmp_path):
    keep(records, "quick/digits-n5/herding", {0: OfPhase()})
    listed = made.listing("quick")
    assert "| arm | seeds | kept | code |" in listed
    assert listed.count(".safetensors)") == 1
    assert " | [0](book/records/quick/digits-n5/herding/seed-0.safetensors) | `" in listed
    assert "margins" not in listed
    made.write_tables(tmp_path / "phases")
    assert not list(tmp_path.rglob("*-margins.csv"))


def test_of_an_unknown_commit_the_list_says_so(made, records):
    path = records / "quick" / "digits-n5" / "random" / "seed-0.json"
    rewrite(path, commit="")
    assert "`unknown`" in made.listing("quick")


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


# -- the project's own ------------------------------------------------------------------------------------------------


def test_every_folder_of_records_has_a_section_in_the_list():
    page = (ROOT / "book" / "run_records.md").read_text(encoding="utf-8")
    for folder in {place.split("/")[0] for place in sources.places()}:
        assert f"\n## {folder}\n" in page
        assert f"```{{records}} {folder}\n" in page


def test_every_study_has_parameters_that_exist():
    for place in sources.places():
        if not (ROOT / "book" / "studies" / f"{place}.yaml").is_file():  # runs on their own
            assert (ROOT / "params" / f"{place}.yaml").is_file()
            continue
        study = read_yaml(ROOT / "book" / "studies" / f"{place}.yaml")
        for name in [study["params"]] if "params" in study else study["grid"]["params"]:
            assert (ROOT / "params" / f"{name}.yaml").is_file()


def test_every_record_is_in_the_list():
    listed = "".join(
        project().listing(folder) for folder in sorted({place.split("/")[0] for place in sources.places()})
    )
    for path in RECORDS.glob("*/*/*/seed-*.json"):
        assert f"({path.relative_to(ROOT).as_posix()})" in listed


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


@functools.cache
def project() -> Sources:
    return Sources(lambda text, path: f"[{text}]({path})", "book/run_records.md")


def test_the_line_of_every_cell_that_names_its_sources_has_every_part():
    found = project()
    named = {tuple(cell.metadata.get("sources", [])) for path in PAGES for cell in read_notebook(path).cells}
    assert len(named) > 10
    for each in sorted(named - {()}):
        line = found.line(each, HERE)
        assert missing(of_markdown(line)) == [], line


def test_every_other_measurement_names_its_code_but_for_those_that_are_known():
    files = [*RECORDS.glob("*.json"), *(RECORDS / "bench").glob("*.json")]
    lines = {path: project().line([path], HERE) for path in (file.relative_to(ROOT).as_posix() for file in files)}
    assert all(missing(of_markdown(line)) == [] for line in lines.values())
    assert {path for path, line in lines.items() if sources.NOT_RECORDED in line} == WITHOUT_CODE


def test_the_margins_of_every_run_that_keeps_them_are_in_the_table_of_its_study():
    for file in RECORDS.glob("evidence/boundary/*/seed-*.safetensors"):
        assert file.with_suffix(".json").is_file()
    found = sources.margins(project()._of("evidence/boundary"))
    runs = {(arm, seed) for arm, seed in zip(found["arm"], found["seed"], strict=True)}
    assert len(runs) == len(list(RECORDS.glob("evidence/boundary/*/seed-*.safetensors"))) > 0
    assert found[["margin", "other", "percentile"]].notna().all().all()


def test_the_list_of_all_records_has_the_overview_where_lines_link_to():
    page = (ROOT / "book" / "run_records.md").read_text(encoding="utf-8")
    assert sources.anchor("All studies") == sources.OVERVIEW
    assert "\n## All studies\n\n```{records}\n```\n" in page
