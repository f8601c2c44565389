"""The rows of a benchmark are those of all its files, and what was not run is said."""

import json

import pytest

from mnemonics_lib.edition.benchmarks import rows


@pytest.fixture
def bench(tmp_path, monkeypatch):
    folder = tmp_path / "bench"
    folder.mkdir()
    monkeypatch.setattr(rows, "RECORDS", tmp_path)
    monkeypatch.setattr(rows, "ROOT", tmp_path)
    return folder


def test_the_rows_of_all_devices_come_file_by_file(bench):
    (bench / "training.json").write_text(json.dumps([{"device": "cpu"}]), encoding="utf-8")
    (bench / "training-cuda.json").write_text(json.dumps([{"device": "cuda"}, {"device": "cuda"}]), encoding="utf-8")
    (bench / "inference.json").write_text(json.dumps([{"device": "other"}]), encoding="utf-8")
    assert [row["device"] for row in rows.benchmark("training")] == ["cuda", "cuda", "cpu"]
    assert rows.named(rows.files("training")) == "`bench/training-cuda.json`, `bench/training.json`"


def test_what_was_not_run_has_no_rows_and_a_sentence(bench):
    assert rows.benchmark("training") == []
    assert rows.not_measured("training") == ("**Not measured yet**: there is no `book/records/bench/training.json`.")


@pytest.mark.parametrize(("count", "words"), [(1, "1 thread"), (2, "2 threads")])
def test_one_thread_is_no_threads(count, words):
    assert rows.threads({"threads": count}) == words
