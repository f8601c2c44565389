"""Runs that were made a second time."""

import json

import pytest

from mnemonics_lib.edition.records import first_time as module
from mnemonics_lib.edition.records.first_time import FILE, MADE_TWICE, first_commits, first_time, of_both, told_of


def test_the_mean_of_two_makings_is_that_of_the_seeds_that_both_have():
    assert of_both({0: 50.0, 1: 60.0, 2: 10.0}, {1: 61.0, 0: 40.0, 3: 99.0}) == {0: 45.0, 1: 60.5}


@pytest.mark.parametrize("study", MADE_TWICE)
def test_what_came_out_first_is_in_the_file_by_arm_and_seed(study):
    (written,) = json.loads(FILE.read_text(encoding="utf-8"))[study]
    found = first_time(study)
    assert found.keys() == written["average_accuracy"].keys()
    assert found["herding"][3] == written["average_accuracy"]["herding"]["3"]
    assert first_commits(study) == [written["commit"]]


def test_a_study_that_was_made_once_has_nothing():
    assert first_time("small/cifar100-n5") == {}
    assert first_commits("small/cifar100-n5") == []


def test_records_that_were_replaced_at_several_commits_come_together(tmp_path, monkeypatch):
    replaced = [
        {"commit": "a" * 40, "average_accuracy": {"herding": {"0": 50.0}, "trained": {"0": 51.0}}},
        {"commit": "b" * 40, "average_accuracy": {"trained": {"2": 52.0}}},
    ]
    file = tmp_path / "first_time.json"
    file.write_text(json.dumps({"a/study": replaced}), encoding="utf-8")
    monkeypatch.setattr(module, "FILE", file)
    module._file.cache_clear()
    try:
        assert first_time("a/study") == {"herding": {0: 50.0}, "trained": {0: 51.0, 2: 52.0}}
        assert first_commits("a/study") == ["a" * 40, "b" * 40]
    finally:
        module._file.cache_clear()


def test_it_is_said_of_studies_made_twice_alone():
    assert all("made twice" in told_of(study) for study in MADE_TWICE)
    assert told_of("evidence/primary") == told_of("") == ""
