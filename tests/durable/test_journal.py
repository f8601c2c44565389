"""A run that stops in the middle of anything goes on to the same bits."""

from __future__ import annotations

import itertools
import json
import time

import pytest
import torch

from mnemonics_lib import global_bop, runs
from mnemonics_lib.__main__ import STOPPED, main
from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable.journal import ALONE, Journal, JournalError, OutOfTimeError
from mnemonics_lib.training import train

CPU = torch.device("cpu")


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told to: one second per look."""
    seconds = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))


def small(**changes) -> RunConfig:
    """Two phases with every loop in them: model, exemplars, two parts of adjustment, fine-tuning."""
    return RunConfig().replace(
        phases=1,
        adjust=2,
        training={"epochs": 3, "milestones": [0.6]},
        finetuning={"epochs": 3, "milestones": [0.3]},
        exemplar_level={"epochs": 2, "adjust_epochs": 2, "inner_steps": 2, "val_batch": 150, "halve_every": 1},
        **changes,
    )


def results(record):
    """All of a record that is not time, place or version."""
    return json.dumps([record["results"], record["accuracy"], record["config"]])


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The run without a stop."""
    return {
        name: results(runs.run(config, tmp_path_factory.mktemp("straight"))[0])
        for name, config in {"lwf": small(), "lucir": small(method="lucir", weight_transfer=True)}.items()
    }


@pytest.mark.parametrize("name", ["lwf", "lucir"])
def test_a_run_stopped_after_every_single_step_ends_with_the_same_bits(name, straight, tmp_path):
    config = small() if name == "lwf" else small(method="lucir", weight_transfer=True)
    stops: list[str] = []
    while True:
        assert len(stops) < 200
        try:
            record, _ = runs.run(config, tmp_path, minutes=0)
            break
        except OutOfTimeError as stop:
            stops.append(str(stop))
    assert results(record) == straight[name]
    found = " ".join(stops)
    for where in (
        "phase 0, model: 2 of 3",
        "phase 1, model: 3 of 3",
        "exemplars: 1 of",
        "adjust 1: 2 of",
        "adjust 2: 1 of",
    ):
        assert where in found, where
    assert "phase 1, fine-tuning: 2 of 3" in found
    assert len(stops) == len(set(stops))  # every session got further than the one before
    assert not list(tmp_path.rglob(runs.JOURNAL))


def test_a_crash_between_two_writes_costs_what_came_after_the_last(straight, tmp_path, monkeypatch):
    """Not a time limit but a kill, with a write at every step before it."""
    keep, seen = Journal.keep, []

    def crashing(self, name, content, done, total):
        keep(self, name, content, done, total)
        seen.append((name, done))
        if name == "adjust 1" and done == 1 and seen.count((name, done)) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "__post_init__", _often(Journal.__post_init__))
    monkeypatch.setattr(Journal, "keep", crashing)
    with pytest.raises(KeyboardInterrupt):
        runs.run(small(), tmp_path)
    before = len(seen)
    record, _ = runs.run(small(), tmp_path)
    assert results(record) == straight["lwf"]
    assert seen[before] == ("adjust 1", 2)  # what came before was not done again


def _often(init):
    def initialised(self):
        self.interval = 0.0
        init(self)

    return initialised


def test_another_configuration_or_source_or_phase_does_not_go_on_from_it(tmp_path):
    path = tmp_path / "unfinished.pt"
    first = Journal(path, {"config": 1, "source": "a"}, interval=0.0)
    first.begin(3, CPU)
    first.loop("model").keep(lambda: {"weights": torch.ones(2)}, 1, 5)
    for identity, phase, mine in [
        ({"config": 1, "source": "a"}, 3, True),
        ({"config": 2, "source": "a"}, 3, False),
        ({"config": 1, "source": "b"}, 3, False),
        ({"config": 1, "source": "a"}, 4, False),
    ]:
        later = Journal(path, identity)
        later.begin(phase, CPU)
        assert (later.loop("model").reached() is not None) == mine
        assert later.loop("another").reached() is None


def test_a_damaged_journal_is_one_message_that_names_it(tmp_path):
    path = tmp_path / "unfinished.pt"
    path.write_bytes(b"half of")
    with pytest.raises(JournalError, match=r"unfinished\.pt: cannot be read; delete it"):
        Journal(path).begin(0, CPU)


def test_nothing_is_written_between_two_writes_and_a_finished_loop_is_kept_as_it_was(tmp_path, clock):
    path = tmp_path / "unfinished.pt"
    book = Journal(path, interval=1000.0)
    book.begin(0, CPU)
    weights = torch.zeros(3)
    book.loop("model").keep(lambda: {"weights": weights}, 5, 5)
    weights += 1  # goes on to change
    assert not path.exists()
    book.interval = 0.0
    book.loop("exemplars").keep(lambda: {"images": weights}, 1, 9)
    again = Journal(path)
    again.begin(0, CPU)
    finished, partial = again.loop("model").reached(), again.loop("exemplars").reached()
    assert finished is not None
    assert partial is not None
    assert finished["weights"].tolist() == [0, 0, 0]
    assert partial["images"].tolist() == [1, 1, 1]


def test_content_is_asked_for_only_when_it_is_kept(clock):
    def expensive():
        raise AssertionError("asked for")

    ALONE.keep(expensive, 1, 2)
    ALONE.keep(expensive, 2, 2)
    assert ALONE.reached() is None


def in_sessions(config, directory):
    """A run that stops at every step: its record, the number of sessions, and the seconds all of them took."""
    began = time.monotonic()
    for sessions in range(1, 200):
        try:
            record, _ = runs.run(config, directory, minutes=0)
            return record, sessions, time.monotonic() - began
        except OutOfTimeError:
            continue
    raise AssertionError("it does not get anywhere")


def test_seconds_of_all_sessions_count_once(tmp_path, monkeypatch):
    pause = 0.3

    def slowly(*arguments):
        time.sleep(pause)
        return train(*arguments)

    monkeypatch.setattr(global_bop, "train", slowly)
    config = small(exemplars="random").replace(adjust=0, finetune=False)
    record, sessions, wall = in_sessions(config, tmp_path)
    assert sessions >= 8  # three epochs and a phase's end, twice
    assert all(seconds >= 3 * pause for seconds in record["phase_seconds"])  # three sessions slept in each phase
    assert sum(record["phase_seconds"]) <= wall
    (shared,) = (tmp_path / "phase-0").glob("model-*.pt")
    took = torch.load(shared, weights_only=True)["seconds"]
    assert 3 * pause <= took <= record["phase_seconds"][0]
    # Another run finds phase 0 made, and counts what it took; its own seconds are few.
    other, _ = runs.run(config.replace(phases=5), tmp_path)
    assert took <= other["phase_seconds"][0] <= took + 3


def test_the_peak_of_all_sessions_counts(tmp_path, monkeypatch):
    peaks = itertools.chain([5.0, 900.0], itertools.repeat(7.0))
    monkeypatch.setattr(global_bop, "peak_memory_mb", lambda device: next(peaks))
    record, *_ = in_sessions(small(exemplars="random").replace(phases=5, adjust=0, finetune=False), tmp_path)
    assert record["peak_memory_mb"] == 900


def test_a_journal_of_another_kind_of_device_is_not_gone_on_from(tmp_path, monkeypatch):
    with pytest.raises(OutOfTimeError):
        runs.run(small(), tmp_path, minutes=0)
    (path,) = tmp_path.rglob(runs.JOURNAL)
    assert torch.load(path, weights_only=True)["identity"]["device"] == "cpu"


@pytest.mark.parametrize("minutes", ["nan", "-3", "inf", "ten"])
def test_a_time_limit_that_is_none_is_refused(minutes, capsys):
    with pytest.raises(SystemExit):
        main(["run", "params/quick/digits-n5.yaml", "--minutes", minutes])
    assert f"minutes = '{minutes}': must be a number >= 0" in capsys.readouterr().err


def test_the_command_line_says_where_it_stopped_and_goes_on(tmp_path, capsys):
    params = tmp_path / "p.yaml"
    params.write_text(small().to_yaml())
    command = ["run", str(params), "--out", str(tmp_path), "--quiet", "--minutes"]
    assert main([*command, "0"]) == STOPPED == 75
    assert "phase 0, model: 1 of 3 steps are done; the same command goes on" in capsys.readouterr().err
    assert main([*command, "60"]) == 0
    assert "average accuracy" in capsys.readouterr().out
