"""The time that is left, and the summary of what failed and why."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import write_yaml
from mnemonics_lib.durable.records import write_record
from mnemonics_lib.edition.studies.jobs import Job, jobs
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.progress import COPIED, StudyProgress, TimeLeft, in_words, known_seconds
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
    assert TimeLeft(todo, {(study, "a"): [20.0]}, 40).seconds() == 20  # there are no more than four to run at a time


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


def test_what_fails_and_what_waits_for_it_is_waited_for_no_more(todo, planned):
    left = TimeLeft(todo, {(planned.name, "a"): [10.0]}, 1)
    phase_0 = next(job for job in todo if job.stamps)
    waiting = [job for job in todo if phase_0.output in job.needs]
    assert waiting
    assert left.seconds() == 40
    left.failed(phase_0.name)
    assert left.seconds() == 40 - 10 * len(waiting)
    left.done(phase_0.name, 3.0)  # a cluster submitted it again
    assert left.seconds() == 40


def test_what_failed_and_was_made_at_another_attempt_is_made(watched):
    progress, runs, make = watched
    fail(progress, runs["a", 0], "time limit reached after phase 2; the same command goes on there")
    make(runs["a", 0])
    progress.finished(runs["a", 0].name, 1.0)
    assert progress.summary().splitlines()[0] == "Records: 1 made, 0 there before, 0 failed, 3 not run."


@pytest.fixture
def watched(planned, todo):
    """The progress of the study, the jobs of its runs by arm and seed, and what makes a run's files."""
    progress = StudyProgress([planned], todo, 1)

    def make(job):
        job.run.record.parent.mkdir(parents=True, exist_ok=True)
        job.run.record.touch()

    return progress, {(job.run.arm, job.run.seed): job for job in todo if not job.stamps}, make


def fail(progress, job, words):
    job.log.parent.mkdir(parents=True, exist_ok=True)
    job.log.write_text(f"some rows\n{words}\n")
    progress.failed(job.name)


def test_the_summary_groups_what_failed_by_its_last_words(watched, planned):
    progress, runs, make = watched
    make(runs["a", 0])
    progress.finished(runs["a", 0].name, 1.0)
    for key in (("a", 1), ("b", 0)):
        fail(progress, runs[key], "diverged: it is NaN")
    study = planned.name
    assert progress.summary().splitlines() == [
        "Records: 1 made, 0 there before, 2 failed, 1 not run.",
        "  diverged: it is NaN",
        f"    {study}  a  seed 1, log: {runs['a', 1].log}",
        f"    {study}  b  seed 0, log: {runs['b', 0].log}",
        "The same command goes on from what is there.",
    ]


def test_what_was_stopped_has_not_failed(watched):
    progress, runs, _ = watched
    fail(progress, runs["a", 0], "stopped by SIGINT in phase 1: model: 3 of 8 steps are done; the same command goes on")
    fail(progress, runs["a", 1], "time limit reached after phase 2; the same command goes on there")
    assert progress.summary().splitlines() == [
        "Records: 0 made, 0 there before, 0 failed, 2 stopped, 2 not run.",
        "The same command goes on from what is there.",
    ]


def test_logs_of_earlier_calls_are_not_this_one_s(watched):
    progress, runs, _ = watched
    runs["a", 0].log.parent.mkdir(parents=True)
    runs["a", 0].log.write_text("diverged: long ago\n")
    assert progress.summary().splitlines()[0] == "Records: 0 made, 0 there before, 0 failed, 4 not run."


def test_the_summary_of_a_study_that_is_complete_is_one_line_and_one_of_copies(watched, planned, monkeypatch):
    progress, runs, make = watched
    for job in runs.values():
        make(job)
        progress.finished(job.name, 1.0)
    assert progress.summary() == "Records: 4 made, 0 there before, 0 failed, 0 not run."
    monkeypatch.setattr(Job, "is_copy", property(lambda job: job.run.arm == "b"))
    assert progress.summary().splitlines() == [
        "Records: 2 made, 2 copied, 0 there before, 0 failed, 0 not run.",
        COPIED,
    ]
    assert StudyProgress([planned], [], 1).summary() == "Records: 0 made, 4 there before, 0 failed, 0 not run."
