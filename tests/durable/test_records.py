"""Run records: complete, checked, written whole, equal for equal runs."""

from __future__ import annotations

import copy
import json
import math

import pytest
import torch

from mnemonics_lib.device.memory import device_name, peak_memory_mb
from mnemonics_lib.durable import records
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.records import (
    REQUIRED,
    RecordError,
    canonical,
    read_record,
    write_record,
)

RECORD = {
    "dataset": "digits",
    "profile": "quick",
    "phases": 1,
    "method": "lwf",
    "exemplars": "herding",
    "adjust": 0,
    "recipe": "paper",
    "weight_transfer": False,
    "finetune": True,
    "budget": 2,
    "seed": 0,
    "accuracy": [90.0, 80.0],
    "first_classes_accuracy": [90.0, 70.0],
    "average_accuracy": 85.0,
    "forgetting": 20.0,
    "device": "cpu",
    "seconds": 1.0,
    "peak_memory_mb": 100.0,
    "code": {"source": "abc"},
    "versions": {"torch": "2"},
    "config": {"seed": 0},
}

# method.md section 6: the names at the record's top level.
NAMES = {
    *("dataset", "profile", "phases", "method", "exemplars", "adjust", "recipe", "weight_transfer", "finetune"),
    *("budget", "seed", "accuracy", "first_classes_accuracy", "average_accuracy", "forgetting"),
    *("device", "seconds", "peak_memory_mb", "code", "versions"),
}


def test_every_name_of_the_specification_is_required():
    assert set(REQUIRED) >= NAMES


def test_a_record_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "deep" / "er" / "record.json"
    write_record(path, RECORD)
    assert read_record(path) == RECORD
    assert json.loads(path.read_text()) == RECORD
    assert [p.name for p in path.parent.iterdir()] == ["record.json"]  # nothing temporary stays


@pytest.mark.parametrize("field", sorted({*NAMES, "config"}))
def test_a_missing_field_is_named_with_the_file(tmp_path, field):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({key: value for key, value in RECORD.items() if key != field}))
    with pytest.raises(RecordError, match=rf"record\.json: {field} is missing"):
        read_record(path)


@pytest.mark.parametrize("field", sorted({*NAMES, "config"}))
def test_a_field_of_another_type_is_named_with_its_value(tmp_path, field):
    wrong = 7 if REQUIRED[field] is str else "seven"
    for value in (wrong, None):
        path = tmp_path / "record.json"
        path.write_text(json.dumps(RECORD | {field: value}))
        with pytest.raises(RecordError, match=rf"{field} = {value!r}: must be {REQUIRED[field].__name__}"):
            read_record(path)


@pytest.mark.parametrize("field", ["phases", "budget", "adjust", "seed"])
def test_true_is_not_a_number(field):
    with pytest.raises(RecordError, match=f"{field} = True"):
        records.check(RECORD | {field: True}, "it")


@pytest.mark.parametrize("field", ["accuracy", "first_classes_accuracy"])
@pytest.mark.parametrize(
    "values", [[], [90.0], [90.0, 80.0, 70.0], [90.0, "80"], [90.0, 101.0], [90.0, math.nan], [-1.0, 1.0]]
)
def test_there_is_one_accuracy_in_per_cent_for_each_phase(field, values):
    with pytest.raises(RecordError, match=rf"{field} = .*must be 2 numbers in 0\.\.100"):
        records.check(RECORD | {field: values}, "it")


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null"])
def test_a_file_that_is_no_record_is_named(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(RecordError, match=r"record\.json"):
        read_record(path)
    with pytest.raises(RecordError, match=r"none\.json"):
        read_record(tmp_path / "none.json")


def test_an_incomplete_record_is_not_written(tmp_path):
    with pytest.raises(RecordError):
        write_record(tmp_path / "record.json", {"dataset": "digits"})
    assert list(tmp_path.iterdir()) == []


def test_nan_is_not_written_and_the_old_record_stays(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, RECORD)
    before = path.read_bytes()
    with pytest.raises(RecordError, match="average_accuracy = nan"):
        write_record(path, RECORD | {"average_accuracy": math.nan})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "checkpoint.pt"
    write_atomically(path, lambda file: file.write(b"old"))

    def half(file):
        file.write(b"ne")
        file.flush()
        assert path.read_bytes() == b"old"  # not touched before the new one is whole
        raise error

    with pytest.raises(type(error)):
        write_atomically(path, half)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_canonical_form_ignores_time_and_memory_and_nothing_else():
    volatile = {"seconds": 9.0, "phase_seconds": [9.0], "peak_memory_mb": 9.0}
    assert canonical(RECORD | volatile) == canonical(RECORD)
    backwards = {key: RECORD[key] for key in reversed(RECORD)}
    assert canonical(backwards) == canonical(RECORD)
    for field, value in RECORD.items():
        other = copy.deepcopy(RECORD) | {field: [value]}
        assert (canonical(other) == canonical(RECORD)) is (field in volatile), field
    assert canonical(RECORD | {"more": 1}) != canonical(RECORD)


def test_the_source_digest_is_of_the_librarys_own_source(tmp_path, monkeypatch):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.py").write_text("x = 1\n")

    def digest():
        records.source_digest.cache_clear()
        return records.source_digest()

    try:
        monkeypatch.setattr(records, "PACKAGE", tmp_path)
        first = digest()
        assert digest() == first
        (tmp_path / "part" / "a.py").write_text("x = 2\n")
        assert digest() != first
        (tmp_path / "part" / "a.py").write_text("x = 1\n")
        assert digest() == first
        (tmp_path / "figures.py").write_text("colour = 1\n")  # shows runs, and takes no part in them
        assert digest() == first
        (tmp_path / "part" / "a.py").rename(tmp_path / "part" / "b.py")
        assert digest() != first
    finally:
        records.source_digest.cache_clear()


def test_a_record_says_what_made_it():
    assert {"commit", "dirty", "source"} <= set(records.code_version())
    assert records.code_version()["source"] == records.source_digest()
    assert {"python", "torch", "higher", "numpy"} <= set(records.versions())
    assert (
        records.versions()["torch"] == torch.__version__.split("+")[0]
        or records.versions()["torch"] == torch.__version__
    )
    assert device_name(torch.device("cpu")) == "cpu"
    assert peak_memory_mb(torch.device("cpu")) > 10
