"""One process at a time; the others wait, say so, and give up when their time is over."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from filelock import Timeout

from mnemonics_lib.durable import locks
from mnemonics_lib.durable.locks import locked
from mnemonics_lib.errors import OutOfTimeError

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.05)


@pytest.fixture
def held(tmp_path):
    """A lock that another process holds until it is told."""
    path, ready, enough = tmp_path / "deep" / "lock", FORK.Event(), FORK.Event()

    def hold(ready: Event, enough: Event) -> None:
        with locked(path, None, "nobody"):
            ready.set()
            enough.wait(60)

    process = FORK.Process(target=hold, args=(ready, enough))
    process.start()
    assert ready.wait(60)
    yield path, enough
    enough.set()
    process.join(60)


def test_a_free_lock_is_taken_without_a_word_and_given_back(tmp_path, capfd):
    for _ in range(2):
        with locked(tmp_path / "lock", time.monotonic() - 1, "it"):
            pass
    assert capfd.readouterr().err == ""


def test_it_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "lock", None, "it"):
        raise KeyboardInterrupt
    with locked(tmp_path / "lock", time.monotonic(), "it"):
        pass


def test_waiting_is_said_and_ends_with_the_time(held, impatient, capfd):
    path, _ = held
    with (
        pytest.raises(OutOfTimeError, match="time limit reached while waiting for another's work"),
        locked(path, time.monotonic() + 0.2, "another's work"),
    ):
        raise AssertionError("two have it")
    assert capfd.readouterr().err.strip() == f"waiting for another's work ({path})"


def test_past_the_limit_it_does_not_wait_for_ever(tmp_path, monkeypatch):
    """Which is what a negative time is to filelock."""
    asked: list[float] = []

    def taken(self, timeout: float) -> None:
        asked.append(timeout)
        raise Timeout(str(tmp_path))

    monkeypatch.setattr("mnemonics_lib.durable.locks.FileLock.acquire", taken)
    with pytest.raises(OutOfTimeError), locked(tmp_path / "lock", time.monotonic() - 10, "another's work"):
        raise AssertionError("two have it")
    assert asked == [0.0, 0.0]


def test_without_a_limit_it_waits_for_as_long_as_it_takes(held, impatient):
    path, enough = held

    def free() -> None:
        time.sleep(0.3)
        enough.set()

    process = FORK.Process(target=free)
    process.start()
    with locked(path, None, "another's work"):
        assert enough.is_set()
    process.join()


def test_a_lock_that_cannot_be_made_is_an_error_of_the_file_system(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), locked(Path(tmp_path / "file" / "lock"), None, "it"):
        raise AssertionError("nothing to lock")
