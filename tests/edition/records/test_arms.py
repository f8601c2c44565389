"""An arm is one way of doing things: records that are not are refused, with both files, the field and its values."""

import re
import shutil
from pathlib import Path

import pytest

from mnemonics_lib.durable.records import Record, RecordError, read_record, write_record
from mnemonics_lib.edition.records import arms
from mnemonics_lib.edition.records.arms import ArmError, arm_of, read_files, record_paths
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import RECORDS
from tests.made_records import made, write_arm


def read_arm(place):
    return arm_of(read_files(record_paths(place)))


def refusal(place) -> str:
    with pytest.raises(ArmError) as caught:
        read_arm(place)
    assert isinstance(caught.value, ReportedError)
    return str(caught.value)


def test_an_arm_has_its_seeds_in_order(tmp_path):
    write_arm(tmp_path, [float(value) for value in range(11)])
    arm = read_arm(tmp_path)
    assert list(arm) == list(range(11))
    assert arm[10].path == tmp_path / "seed-10.json"
    assert arm[10].record.average_accuracy == 10.0


def test_every_committed_arm_is_one():
    folders = {path.parent for path in RECORDS.glob("*/*/*/seed-*.json")}
    assert len(folders) > 20
    for folder in folders:
        assert read_arm(folder)


def test_two_files_of_one_seed_are_refused(tmp_path):
    write_arm(tmp_path, [80.0])
    shutil.copy(tmp_path / "seed-0.json", tmp_path / "seed-1.json")
    expected = (
        f"{tmp_path / 'seed-0.json'} and {tmp_path / 'seed-1.json'}: seed = 0 in both: an arm has one record a seed"
    )
    assert refusal(tmp_path) == expected


def test_a_file_named_after_another_seed_is_refused(tmp_path):
    write_record(tmp_path / "seed-3.json", made(seed=4))
    expected = f"{tmp_path / 'seed-3.json'}: seed = 4: a record of this seed must be called seed-4.json"
    assert refusal(tmp_path) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": {"rate": 0.3}}, "training.rate = 0.1 and 0.3"),
        ({"budget": 3}, "budget = 2 and 3"),
        ({"order_seed": 7}, "order_seed = 1993 and 7"),
        ({"finetuning": {"milestones": [0.5]}}, "finetuning.milestones = [0.2, 0.4, 0.6, 0.8] and [0.5]"),
    ],
)
def test_another_setting_is_refused(tmp_path, changes, said):
    write_arm(tmp_path, [80.0, 81.0])
    write_record(tmp_path / "seed-2.json", made(2, **changes))
    expected = (
        f"{tmp_path / 'seed-0.json'} and {tmp_path / 'seed-2.json'}: {said}: must be equal within an arm, "
        "whose records may differ in seed and classes alone"
    )
    assert refusal(tmp_path) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": [0, 6]},
        {"exemplar_level": {"engine": "adjoint"}},
        {"exemplar_level": {"beta": 9.0}},  # which herding never reads
        {"uneven": None},  # as a record from before there was such a field
    ],
)
def test_classes_what_decides_nothing_and_what_is_unknown_are_no_other_setting(tmp_path, changes):
    write_arm(tmp_path, [80.0])
    write_record(tmp_path / "seed-1.json", made(1, **changes))
    assert list(read_arm(tmp_path)) == [0, 1]


def test_a_difference_is_found_behind_a_record_that_does_not_have_the_field(tmp_path):
    for seed, value in enumerate([None, 0.5, 0.6]):
        write_record(tmp_path / f"seed-{seed}.json", made(seed, first_share=value))
    said = refusal(tmp_path)
    assert said.startswith(f"{tmp_path / 'seed-1.json'} and {tmp_path / 'seed-2.json'}: first_share = 0.5 and 0.6: ")


def test_the_search_takes_records_and_no_other_json(tmp_path):
    write_arm(tmp_path / "a" / "herding", [80.0])
    write_record(tmp_path / "b" / "record.json", made())
    for name in ("costs.json", "diverged.json", "a/herding/.seed-1.json.unfinished-x", "a/evidence.yaml"):
        (tmp_path / name).write_text("{}")
    assert record_paths(tmp_path) == [tmp_path / "a" / "herding" / "seed-0.json", tmp_path / "b" / "record.json"]
    assert record_paths(tmp_path / "costs.json") == [tmp_path / "costs.json"]  # asked for by its name
    with pytest.raises(RecordError, match=r"costs\.json"):
        read_files(record_paths(tmp_path / "costs.json"))


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(ArmError, match=re.escape(f"{tmp_path / 'no'}: no such file or folder, seen from ")):
        record_paths(tmp_path / "no")
    with pytest.raises(ArmError, match=r"no records here: must hold files called seed-\*\.json or record\.json"):
        record_paths(tmp_path)


def test_a_file_is_parsed_again_when_it_changed_and_not_before(tmp_path, monkeypatch):
    parsed: list[Path] = []

    def counting(path: Path) -> Record:
        parsed.append(path)
        return read_record(path)

    monkeypatch.setattr(arms, "read_record", counting)
    path = tmp_path / "seed-0.json"
    write_record(path, made(0, 80.0))
    monkeypatch.chdir(tmp_path)
    for asked in (path, Path("seed-0.json"), path):
        (file,) = arms.read_files([asked])
        assert (file.path, file.record.average_accuracy) == (asked, 80.0)
    assert len(parsed) == 1
    write_record(path, made(0, 81.25))
    assert [file.record.average_accuracy for file in arms.read_files([path])] == [81.25]
    assert len(parsed) == 2


def test_a_file_that_has_gone_is_an_error_again(tmp_path):
    path = tmp_path / "seed-0.json"
    write_record(path, made(0, 80.0))
    arms.read_files([path])
    path.unlink()
    with pytest.raises(RecordError, match=r"seed-0\.json"):
        arms.read_files([path])
