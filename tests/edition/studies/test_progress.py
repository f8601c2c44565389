"""The time that is left, and the summary of what failed and why."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import write_yaml
from mnemonics_lib.durable.records import write_record
from mnemonics_lib.edition.studies.jobs import jobs
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.progress import TimeLeft, in_words, known_seconds, summary
from tests.made_records import made

ARMS = {"a": {"set": {"exemplars": "herding"}}, "b": {"set": {"exemplars": "herding", "budget": 1}}}


@pytest.fixture
def planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.yaml"
    path.write_text(write_yaml({"title": "t", "params": "quick/digits-n5", "seeds": 2, "arms": ARMS}))
    return plan(path)


@pytest.fixture
def todo(planned, tmp_path):
    return jobs([planned], [], tmp_path / "records", tmp_path / "stamps")


def name(todo, arm, seed):
    return next(job.name for job in todo if not job.stamps and (job.run.arm, job.run.seed) == (arm, seed))


def test_nothing_is_said_while_nothing_is_known(todo):
    assert TimeLeft(todo, {}, 1).seconds() is None


def test_an_arm_takes_what_its_records_took_and_one_without_records_what_the_study_s_took(todo, planned):
    study = planned.name
    assert TimeLeft(todo, {(study, "a"): [10.0, 30.0, 20.0], (study, "b"): [5.0]}, 1).seconds() == 2 * 20 + 2 * 5
    assert TimeLeft(todo, {(study, "a"): [10.0, 30.0, 20.0]}, 1).seconds() == 4 * 20
    assert TimeLeft(todo, {("other", "x"): [7.0]}, 1).seconds() == 4 * 7
    assert TimeLeft(todo, {(study, "a"): [20.0]}, 2).seconds() == 4 * 20 / 2


def test_what_has_ended_says_how_fast_this_machine_is(todo, planned):
    left = TimeLeft(todo, {(planned.name, "a"): [10.0], (planned.name, "b"): [10.0]}, 1)
    left.done(name(todo, "a", 0), 30.0)
    assert left.seconds() == 30 + 2 * 10 * 3
    left.done(name(todo, "a", 1), 10.0)
    assert left.seconds() == 2 * 10 * 2


def test_without_records_what_has_ended_stands_for_the_rest(todo):
    left = TimeLeft(todo, {}, 1)
    for job in todo:
        if job.stamps:
            left.done(job.name, 100.0)
    assert left.seconds() is None
    left.done(name(todo, "a", 0), 30.0)
    assert left.seconds() == 3 * 30
    left.done(name(todo, "b", 0), 10.0)
    assert left.seconds() == 30 + 10


def test_seconds_are_those_of_the_records_that_are_there(planned):
    for seed in (0, 1):
        write_record(planned.records / "a" / f"seed-{seed}.json", made(seed))
    assert known_seconds([planned]) == {(planned.name, "a"): [6.0, 6.0]}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (119, "2 min"), (125, "2 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_time_in_words(seconds, said):
    assert in_words(seconds) == said


def test_the_summary_groups_what_failed_by_its_last_words(planned, todo):
    runs = {(job.run.arm, job.run.seed): job for job in todo if not job.stamps}
    runs["a", 0].output.parent.mkdir(parents=True)
    runs["a", 0].output.touch()
    for key in (("a", 1), ("b", 0)):
        runs[key].log.parent.mkdir(parents=True, exist_ok=True)
        runs[key].log.write_text("some rows\ndiverged: it is NaN\n")
    study = planned.name
    assert summary([planned], todo).splitlines() == [
        "Records: 1 made, 0 there before, 2 failed, 1 not run.",
        "  diverged: it is NaN",
        f"    {study}  a  seed 1, log: {runs['a', 1].log}",
        f"    {study}  b  seed 0, log: {runs['b', 0].log}",
        "The same command goes on from what is there.",
    ]


def test_the_summary_of_a_study_that_is_complete_is_one_line(planned, todo):
    for run in planned.runs:
        run.record.parent.mkdir(parents=True, exist_ok=True)
        run.record.touch()
    assert summary([planned], todo) == "Records: 4 made, 0 there before, 0 failed, 0 not run."
    assert summary([planned], []) == "Records: 0 made, 4 there before, 0 failed, 0 not run."
