"""Ctrl-C between two steps: the step is done, all is kept, and the same call goes on."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from mnemonics_lib import runs
from mnemonics_lib.durable import records
from mnemonics_lib.durable.signals import HEARD, StoppedError, listening
from mnemonics_lib.training import Descent


@pytest.mark.parametrize("number", HEARD)
def test_a_signal_is_noted_and_what_listened_before_listens_again(number, capfd):
    before = [signal.getsignal(each) for each in HEARD]
    with listening() as ear:
        assert ear.heard is None
        os.kill(os.getpid(), number)
        assert ear.heard == number
    assert [signal.getsignal(each) for each in HEARD] == before
    assert "once more stops at once" in capfd.readouterr().err


def test_a_second_one_stops_at_once():
    with listening():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StoppedError, match="stopped by SIGINT at once") as end:
            os.kill(os.getpid(), signal.SIGINT)
    assert end.value.status == 130


def test_in_another_thread_nothing_is_heard_and_all_goes_on():
    heard: list[int | None] = []

    def work() -> None:
        with listening() as ear:
            heard.append(ear.heard)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [None]


@pytest.mark.parametrize("number", HEARD)
def test_a_run_ends_after_the_step_and_goes_on_from_there(tiny, tmp_path, monkeypatch, number):
    config = tiny.replace(exemplars="random", phases=1, training={"epochs": 4})
    straight, _ = runs.run(config, tmp_path / "straight")
    done, step = [], Descent.step

    def counted(self: Descent) -> None:
        step(self)
        done.append(self.done)
        if len(done) == 2:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Descent, "step", counted)
    with pytest.raises(StoppedError, match="phase 0: model: 2 of 4 steps are done; the same command goes on") as end:
        runs.run(config, tmp_path / "stopped")
    assert end.value.status == 128 + number
    assert done == [1, 2]
    record, _ = runs.run(config, tmp_path / "stopped")
    assert done[2:4] == [3, 4]
    assert records.canonical(record) == records.canonical(straight)
