"""The list has every record, and the tables every run and phase."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mnemonics_lib.config import read_yaml
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.provenance import Identity
from mnemonics_lib.edition.book.listing import OVERVIEW, listing, overview, write_tables
from mnemonics_lib.edition.book.recorded import SourceError, anchor, margins, places
from mnemonics_lib.edition.book.source_line import line
from mnemonics_lib.kept import Kept, OfPhase
from mnemonics_lib.kept.file import write_kept
from mnemonics_lib.paths import RECORDS, ROOT
from tests.edition.book.made import HERE, project, read, rewrite
from tests.made_records import write_arm


def test_runs_without_a_study_have_a_parameter_file_alone(records):
    write_arm(records / "paper" / "cifar100-n5" / "lucir", [60.0])
    (row,) = [line for line in overview(read(records)).splitlines() if "`paper/cifar100-n5`" in line]
    assert "[parameters](params/paper/cifar100-n5.yaml), [by phase](" in row
    assert "study](" not in row


def test_a_folder_of_parameters_may_have_no_records_yet(made, records):
    (records.parents[1] / "params" / "paper").mkdir()
    assert listing(made, "paper") == "There are none yet."
    with pytest.raises(SourceError, match="folder = 'papers': has no records in"):
        listing(made, "papers")


def test_the_list_has_each_record_once(made):
    listed = listing(made, "quick")
    assert listed.count("](book/records/") == 3
    assert "| `herding` | [0](book/records/quick/digits-n5/herding/seed-0.json) [1](" in listed
    assert "digits-n1" not in listed
    assert "kept" not in listed
    assert listed.startswith("### quick/digits-n5\n")  # to which the lines link
    with pytest.raises(SourceError, match="slow"):
        listing(made, "slow")


def test_the_overview_has_a_row_for_each_study_with_records(made):
    (row,) = overview(made).splitlines()[2:]
    assert row.startswith(
        "| [`quick/digits-n5`](book/list.md#quickdigits-n5) | 3 | [parameters](params/quick/digits-n5."
    )
    assert "digits-n1" not in row


def test_by_phase_there_is_a_row_for_each_run_and_phase(made, tmp_path):
    write_tables(made, tmp_path / "phases")
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
    write_tables(made, tmp_path / "phases")
    table = pd.read_csv(tmp_path / "phases" / "quick" / "digits-n5-margins.csv")
    assert list(table) == ["study", "arm", "seed", "phase", "kind", "class", "exemplar", "margin", "other"]
    assert set(table["study"]) == {"quick/digits-n5"}
    assert set(table["arm"]) == {"herding"}
    assert list(table["phase"]) == [0] * 4 + [5] * 4
    assert list(table["exemplar"]) == [0, 1, 0, 0] * 2  # within class and kind
    for name, values in KEPT_MARGINS.items():
        assert list(table[name]) == list(values) * 2
    margins = "[margins](book/executed/phases/quick/digits-n5-margins.csv)"
    for text in (line(made, ["quick/digits-n5"], HERE), listing(made, "quick"), overview(made)):
        assert f", {margins})" in text or f", {margins} |" in text


def test_what_a_run_keeps_is_in_the_list_beside_its_record(made, records, tmp_path):
    keep(records, "quick/digits-n5/herding", {0: OfPhase()})
    listed = listing(made, "quick")
    assert "| arm | seeds | kept | code |" in listed
    assert listed.count(".safetensors)") == 1
    assert " | [0](book/records/quick/digits-n5/herding/seed-0.safetensors) | `" in listed
    assert "margins" not in listed
    write_tables(made, tmp_path / "phases")
    assert not list(tmp_path.rglob("*-margins.csv"))


def test_of_an_unknown_commit_the_list_says_so(made, records):
    path = records / "quick" / "digits-n5" / "random" / "seed-0.json"
    rewrite(path, commit="")
    assert "`unknown`" in listing(made, "quick")


def test_every_folder_of_records_has_a_section_in_the_list():
    page = (ROOT / "book" / "run_records.md").read_text(encoding="utf-8")
    for folder in {place.split("/")[0] for place in places()}:
        assert f"\n## {folder}\n" in page
        assert f"```{{records}} {folder}\n" in page


def test_every_study_has_parameters_that_exist():
    for place in places():
        if not (ROOT / "book" / "studies" / f"{place}.yaml").is_file():  # runs on their own
            assert (ROOT / "params" / f"{place}.yaml").is_file()
            continue
        study = read_yaml(ROOT / "book" / "studies" / f"{place}.yaml")
        for name in [study["params"]] if "params" in study else study["grid"]["params"]:
            assert (ROOT / "params" / f"{name}.yaml").is_file()


def test_every_record_is_in_the_list():
    listed = "".join(listing(project(), folder) for folder in sorted({place.split("/")[0] for place in places()}))
    for path in RECORDS.glob("*/*/*/seed-*.json"):
        assert f"({path.relative_to(ROOT).as_posix()})" in listed


def test_the_margins_of_every_run_that_keeps_them_are_in_the_table_of_its_study():
    for file in RECORDS.glob("evidence/boundary/*/seed-*.safetensors"):
        assert file.with_suffix(".json").is_file()
    found = margins(project().of("evidence/boundary"))
    runs = {(arm, seed) for arm, seed in zip(found["arm"], found["seed"], strict=True)}
    assert len(runs) == len(list(RECORDS.glob("evidence/boundary/*/seed-*.safetensors"))) > 0
    assert found[["margin", "other", "percentile"]].notna().all().all()


def test_the_list_of_all_records_has_the_overview_where_lines_link_to():
    page = (ROOT / "book" / "run_records.md").read_text(encoding="utf-8")
    assert anchor("All studies") == OVERVIEW
    assert "\n## All studies\n\n```{records}\n```\n" in page


def test_commits_are_named_once_and_counted_where_they_are_many(made, records):
    folder = records / "quick" / "digits-n5" / "many"
    write_arm(folder, [80.0, 80.0, 80.0, 80.0])
    assert line(made, ["quick/digits-n5"], HERE).count("code `") == 1  # of one commit
    for seed, path in enumerate(sorted(folder.glob("*.json"))):
        rewrite(path, commit=str(seed) * 40)
    of_one, of_all = (line(read(records), [source], HERE) for source in ("quick/digits-n5", "all"))
    assert of_one.endswith(", code of [5 commits](book/list.md#quickdigits-n5).")  # where they are named
    assert of_all.endswith(", code of [5 commits](book/list.md#all-studies).")
    for named in (listing(read(records), "quick"), overview(read(records))):
        assert all(f"`{str(seed) * 10}-dirty`" in named for seed in range(4))
