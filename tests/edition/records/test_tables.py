"""A tidy table of any records: a row per run or phase, with where each lies and what differs."""

import shutil

import pandas as pd
import pytest

from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.records.arms import ArmError
from mnemonics_lib.edition.records.measures import OF_PHASE, OF_RUN
from mnemonics_lib.edition.records.tables import Placed, read_places, table
from mnemonics_lib.paths import RECORDS
from tests.made_records import COMMITTED, made, write_arm


@pytest.fixture
def study(tmp_path):
    write_arm(tmp_path / "quick" / "n5" / "slow", [80.0, 82.0], exemplars="herding")
    write_arm(tmp_path / "quick" / "n5" / "fast", [81.0, 84.0, 87.0], exemplars="random", training={"rate": 0.3})
    return tmp_path


def test_a_row_per_run_says_where_it_lies_and_what_differs(study):
    rows = table(read_places([study]))
    assert list(rows["study"].unique()) == ["quick/n5"]
    assert list(zip(rows["arm"], rows["seed"], strict=True)) == [
        (arm, seed) for arm, n in (("fast", 3), ("slow", 2)) for seed in range(n)
    ]
    assert list(rows["average_accuracy"]) == [81.0, 84.0, 87.0, 80.0, 82.0]
    assert list(rows["training.rate"]) == [0.3, 0.3, 0.3, 0.1, 0.1]
    fixed = ["study", "arm", "seed", "dataset", "phases", "method", "exemplars"]
    assert list(rows.columns) == [*fixed, "training.rate", *OF_RUN, "device", "commit", "source"]
    assert set(rows["source"]) == {"a" * 10}
    assert set(rows["commit"]) == {str(read_record(COMMITTED).code.commit)[:10]}


def test_runs_are_in_the_order_of_their_seeds_and_not_of_their_files_names(tmp_path):
    write_arm(tmp_path / "herding", [80.0] * 11)
    assert [each.record.seed for each in read_places([tmp_path])] == list(range(11))


def test_a_row_per_phase(study):
    rows = table(read_places([study / "quick" / "n5" / "slow"]), by="phase")
    assert list(rows["phase"]) == [*range(6), *range(6)]
    assert list(rows["classes_seen"][:6]) == [5, 6, 7, 8, 9, 10]
    assert list(rows["accuracy"]) == [80.0] * 6 + [82.0] * 6
    assert set(OF_PHASE) < set(rows.columns)
    assert rows["accuracy_before_finetuning"].isna().sum() == 2  # phase 0 has none
    assert set(zip(rows["study"], rows["arm"], strict=True)) == {("n5", "slow")}


def test_all_fields_are_those_of_the_configurations(study):
    rows = table(read_places([study]), all_fields=True)
    assert set(rows["exemplar_level.engine"]) == {"higher"}
    assert set(rows["finetuning.milestones"]) == {"[0.2, 0.4, 0.6, 0.8]"}
    assert "seed" in rows
    assert rows.columns.is_unique


def test_a_field_that_an_older_record_lacks_is_missing_and_makes_no_difference():
    old, new = (Placed("s", arm, made(uneven=value)) for arm, value in (("old", None), ("new", False)))
    assert "uneven" not in table([old, new])
    rows = table([old, new], all_fields=True)
    assert str(rows["uneven"].dtype) == "boolean"
    assert list(rows["uneven"].isna()) == [True, False]


def test_several_places_keep_their_paths_and_no_record_is_taken_twice(study):
    arms = [study / "quick" / "n5" / name for name in ("slow", "fast")]
    rows = table(read_places([*arms, arms[0] / "seed-1.json", study]))
    assert list(rows["study"].unique()) == [(study / "quick" / "n5").as_posix()]
    assert len(rows) == 5
    (study / "link").symlink_to(arms[1])
    assert len(read_places([*arms, study / "link"])) == 5  # by whatever path
    (alone,) = read_places([arms[0] / "seed-1.json"])
    assert (alone.arm, alone.record.seed) == ("slow", 1)


def test_an_arm_that_is_none_is_refused_and_runs_beside_one_another_are_not(study, tmp_path):
    runs = tmp_path / "runs"
    for name, budget in (("one", 2), ("two", 3)):
        write_record(runs / "quick" / name / "record.json", made(budget=budget))
    assert list(table(read_places([runs]))["budget"]) == [2, 3]
    shutil.copy(study / "quick" / "n5" / "fast" / "seed-2.json", study / "quick" / "n5" / "slow" / "seed-2.json")
    with pytest.raises(
        ArmError, match=r"slow/seed-0.json and .*slow/seed-2.json: exemplars = 'herding' and 'random': "
    ):
        read_places([study])


def test_columns_have_one_type_and_the_committed_records_are_all_in_the_table():
    rows = table(read_places([RECORDS]))
    assert len(rows) == len(list(RECORDS.glob("*/*/*/seed-*.json")))
    assert set(map(str, rows.dtypes)) <= {"string", "Int64", "Float64", "boolean"}
    assert not rows.duplicated(["study", "arm", "seed"]).any()
    assert rows["source"].str.len().eq(10).all()
    assert pd.api.types.is_integer_dtype(rows["seed"])


def test_a_commit_that_was_modified_says_so():
    record = made()
    dirty = record.model_copy(update={"code": record.code.model_copy(update={"dirty": True})})
    nowhere = record.model_copy(update={"code": record.code.model_copy(update={"commit": None, "dirty": None})})
    rows = table([Placed("s", "a", dirty), Placed("s", "b", nowhere)])
    assert rows["commit"][0].endswith("-dirty")
    assert pd.isna(rows["commit"][1])


def test_a_study_that_is_given_alone_has_its_name(study):
    assert {each.study for each in read_places([study / "quick" / "n5"])} == {"n5"}
