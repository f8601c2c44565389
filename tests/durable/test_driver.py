"""A run that stops in the middle of anything goes on to the same bits."""

from __future__ import annotations

import copy
import itertools
import json
import re
import time
from pathlib import Path

import pytest
import torch

from mnemonics_lib import runs
from mnemonics_lib.__main__ import main
from mnemonics_lib.config import RunConfig
from mnemonics_lib.durable import driver
from mnemonics_lib.durable.clock import deadline_in
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.durable.journal import Journal, JournalError
from mnemonics_lib.durable.provenance import Environment, environment
from mnemonics_lib.durable.sealed import read_sealed, write_sealed
from mnemonics_lib.durable.shared import Shared
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.loops import walk
from mnemonics_lib.training import Descent

CPU, ELSEWHERE = torch.device("cpu"), torch.device("meta")
"""ELSEWHERE stands for a GPU: whatever is sent there is not on the host any more, and cannot come back."""

HERE = environment(CPU)
OTHER = HERE.model_copy(update={"threads": 99})
"""Another environment, in which last digits are others."""


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
        network={"width": 4},
        training={"epochs": 3, "milestones": [0.6]},
        finetuning={"epochs": 3, "milestones": [0.3]},
        exemplar_level={"epochs": 2, "adjust_epochs": 2, "inner_steps": 2, "val_batch": 150, "halve_every": 1},
        **changes,
    )


def results(record):
    """All of a record that is not time, place or version."""
    return json.dumps([[row.model_dump() for row in record.results], record.accuracy, record.config])


@pytest.mark.parametrize(("phase", "stays"), [(0, False), (1, True)])
def test_shared_loops_and_those_after_them_go_on_on_another_processor_and_begin_again_with_other_threads(
    tmp_path, phase, stays
):
    """In later phases no loop is shared, so all go on anywhere."""
    cases: list[tuple[dict[str, object], bool]] = [({"processor": "a 286"}, True), ({"threads": 99}, stays)]
    for elsewhere, goes_on in cases:
        journal = Journal()
        at_work = Driver(journal, Shared(tmp_path, {"model": {}}), CPU)
        at_work.begin(phase)
        at_work.work_in(HERE)
        for name in ("model", "from scratch"):  # the second is trained on what the first has given
            journal.loops[name], journal.making[name] = {}, 1.0
        found = at_work.work_in(HERE.model_copy(update=elsewhere))
        assert len(found) == 2
        assert journal.loops.keys() == journal.making.keys() == ({"model", "from scratch"} if goes_on else set())


def test_without_shared_work_all_goes_on_in_another_environment():
    journal = Journal()
    alone = Driver(journal)
    alone.begin(0)
    alone.work_in(HERE)
    journal.loops["model"] = {}
    alone.work_in(OTHER)
    assert "model" in journal.loops


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
    for where in ("phase 0: model: 2 of 3", "phase 1: model: 3 of 3", "exemplars: 1 of", "fine-tuning: 2 of 3"):
        assert where in found, where
    (parts,) = {int(total) for total in re.findall(r"adjustment: \d+ of (\d+)", found)}
    assert all(f"adjustment: {done} of {parts}" in found for done in range(1, parts + 1))
    assert len(stops) == len(set(stops))  # every session got further than the one before
    assert not list(tmp_path.rglob(runs.JOURNAL))


def test_a_crash_between_two_writes_costs_what_came_after_the_last(straight, tmp_path, monkeypatch):
    """Not a time limit but a kill, with a write at every step before it."""
    keep, seen = Driver._keep, []

    def crashing(self, loop, name, ear):
        self.interval = 0.0
        keep(self, loop, name, ear)
        seen.append((name, loop.done))
        if name == "phase 1: adjustment" and loop.done == 3 and seen.count((name, 3)) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Driver, "_keep", crashing)
    monkeypatch.setattr(driver, "SPARING", 0)
    with pytest.raises(KeyboardInterrupt):
        runs.run(small(), tmp_path)
    before = len(seen)
    record, _ = runs.run(small(), tmp_path)
    assert results(record) == straight["lwf"]
    assert seen[before] == ("phase 1: adjustment", 4)  # what came before was not done again


def journal(path, *, identity="a", phase=3) -> Journal:
    """At the beginning of a phase."""
    book = Journal(path, {"source": identity})
    book.begin(phase)
    return book


class Counting:
    """A loop that adds one to a tensor at each step."""

    def __init__(self, steps: int = 4) -> None:
        self.value, self.steps, self.asked = torch.zeros(3), steps, 0

    @property
    def done(self) -> int:
        return int(self.value[0])

    def __len__(self) -> int:
        return self.steps

    def step(self) -> None:
        self.value += 1

    def state(self):
        self.asked += 1
        return {"value": self.value}

    def load_state(self, state):
        self.value.copy_(state["value"])


def test_a_driver_does_what_a_plain_walk_does():
    plain, driven = Counting(), Counting()
    walk(plain)
    Driver()(driven, "x")
    assert plain.done == driven.done == 4
    Driver()(driven, "x")  # nothing is left to do
    assert driven.done == 4


@pytest.mark.parametrize(
    ("changes", "mine"),
    [({}, True), ({"identity": "b"}, False), ({"phase": 4}, False)],
    ids=["same", "source", "phase"],
)
def test_another_identity_or_phase_does_not_go_on_from_it(tmp_path, changes, mine):
    path = tmp_path / "unfinished.pt"
    with pytest.raises(OutOfTimeError, match="x: 1 of 4 steps are done"):
        Driver(journal(path), deadline=deadline_in(0))(Counting(), "x")
    later, steps = Driver(journal(path, **changes)), Counting()
    first: list[int] = []
    real = steps.step

    def step() -> None:
        first.append(steps.done)
        real()

    steps.step = step  # type: ignore[method-assign]
    later(steps, "x")
    assert first == ([1, 2, 3] if mine else [0, 1, 2, 3])
    assert Driver(journal(path, **changes)).journal.loops.keys() == ({"x"} if mine else set())


def test_what_a_journal_holds_is_read_to_the_host_wherever_the_run_computes(tmp_path):
    path = tmp_path / "unfinished.pt"
    with pytest.raises(OutOfTimeError):
        Driver(journal(path), device=ELSEWHERE, deadline=deadline_in(0))(Counting(), "x")
    later, loop = Driver(Journal(path, {"source": "a"}), device=ELSEWHERE), Counting()
    later.begin(3)
    assert later.journal.loops["x"]["value"].device == CPU
    later(loop, "x")  # which copies it to where the loop has its own
    assert loop.value.tolist() == [4, 4, 4]


def test_a_damaged_journal_is_one_message_that_names_it(tmp_path):
    path = tmp_path / "unfinished.pt"
    path.write_bytes(b"half of")
    with pytest.raises(JournalError, match=r"unfinished\.pt: cannot be used; delete it"):
        Journal(path).begin(0)


def test_nothing_is_written_between_two_writes_and_a_finished_loop_is_kept_as_it_was(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(driver, "SPARING", 0)
    path = tmp_path / "unfinished.pt"
    walker, finished = Driver(journal(path), interval=1000.0), Counting()
    walker(finished, "model")
    finished.value += 1  # goes on to change
    assert not path.exists()
    walker.interval = 0.0
    walker(Counting(2), "exemplars")
    kept = journal(path).loops
    assert kept["model"]["value"].tolist() == [4, 4, 4]
    assert kept["exemplars"]["value"].tolist() == [2, 2, 2]


def one_step_in(now: Environment, path: Path) -> int:
    """A session of one step of a shared loop, in an environment: how many steps are done after it."""
    shared, loop = Shared(path.parent / "phase-0", {"x": {"threads": now.threads}}), Counting()
    session = Driver(journal(path, phase=0), shared, deadline=deadline_in(0))
    session.work_in(now)
    with pytest.raises(OutOfTimeError):
        session(loop, "x")
    return loop.done


def test_shared_work_begins_again_where_the_environment_changes_and_goes_on_where_it_does_not(tmp_path):
    path = tmp_path / "unfinished.pt"
    done = [one_step_in(now, path) for now in (HERE, HERE, OTHER, OTHER, OTHER, HERE, HERE)]
    assert done == [1, 2, 1, 2, 3, 1, 2]


@pytest.mark.parametrize(
    ("earlier", "done"), [([HERE], 3), ([OTHER], 1), ([OTHER, HERE], 1)], ids=["here", "elsewhere", "both"]
)
def test_a_journal_that_does_not_say_where_it_was_written_last_is_gone_on_from_where_that_is_sure(
    tmp_path, earlier, done
):
    """One of an older version of the library, which knows all environments and not the last one."""
    path = tmp_path / "unfinished.pt"
    for _ in range(2):
        one_step_in(HERE, path)
    key, content = read_sealed(path, "journal")
    content["environments"] = [each.model_dump() for each in earlier]
    del content["latest_environment"]
    write_sealed(path, "journal", key, content)
    assert one_step_in(HERE, path) == done
    assert one_step_in(HERE, path) == done + 1  # from then on it says


class Watch:
    """A clock that goes on when it is told to."""

    def __init__(self, monkeypatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def ticking(self, loop: Counting, seconds: float) -> Counting:
        """A loop whose steps take so long."""
        step = loop.step

        def slowly() -> None:
            self.now += seconds
            step()

        loop.step = slowly  # type: ignore[method-assign]
        return loop


def test_between_two_writes_there_is_a_minute_and_twenty_times_what_the_last_one_took(tmp_path, monkeypatch):
    watch, takes, began = Watch(monkeypatch), iter([9.0, 2.0, 3.5, 0.0]), []
    write = Journal.write

    def slowly(book: Journal) -> None:
        began.append(watch.now)
        write(book)
        watch.now += next(takes)

    monkeypatch.setattr(Journal, "write", slowly)
    Driver(journal(tmp_path / "unfinished.pt"))(watch.ticking(Counting(40), 10.0), "x")
    # A minute; then 20 * 9 seconds after the end of the first; then a minute again; then 20 * 3.5 seconds.
    assert began == [60.0, 60.0 + 9 + 180, 249.0 + 2 + 60, 311.0 + 3.5 + 70]


def test_what_is_not_finished_is_written_from_where_it_is_and_not_kept_twice(tmp_path, monkeypatch):
    loop, found = Counting(), []
    walker = Driver(journal(tmp_path / "unfinished.pt"), interval=0.0)
    write = Journal.write

    def looking(book: Journal) -> None:
        found.append(book.loops["x"]["value"] is loop.value)
        write(book)

    monkeypatch.setattr(driver, "SPARING", 0)
    monkeypatch.setattr(Journal, "write", looking)
    walker(loop, "x")
    assert found == [True, True, True, False]  # the last is of the finished one, which others may change
    assert walker.journal.loops["x"]["value"].tolist() == [4, 4, 4]


class Breaking(Counting):
    """Stops in the middle of its third step."""

    def step(self) -> None:
        self.value[0] += 1
        if self.value[0] == 3:
            raise KeyboardInterrupt
        self.value[1:] += 1


def test_a_step_that_breaks_off_leaves_what_the_last_write_has(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "SPARING", 0)
    path = tmp_path / "unfinished.pt"
    walker = Driver(journal(path), interval=0.0)
    walker(Counting(2), "model")
    with pytest.raises(KeyboardInterrupt):
        walker(Breaking(), "exemplars")
    walker.write_if_it_can()
    kept = journal(path).loops
    assert kept["model"]["value"].tolist() == [2, 2, 2]
    assert kept["exemplars"]["value"].tolist() == [2, 2, 2]
    # The same after another session has begun, whose own steps are not written yet.
    again = Driver(journal(path), interval=1000.0)
    again(Counting(2), "model")
    with pytest.raises(KeyboardInterrupt):
        again(Breaking(), "exemplars")
    assert "exemplars" not in again.journal.loops
    again.write_if_it_can()
    assert journal(path).loops["exemplars"]["value"].tolist() == [2, 2, 2]


def test_a_loop_that_is_finished_is_written_when_something_else_goes_wrong(tmp_path):
    path = tmp_path / "unfinished.pt"
    walker = Driver(journal(path), interval=1000.0)
    walker(Counting(2), "model")
    with pytest.raises(KeyboardInterrupt):
        walker(Breaking(), "exemplars")
    assert not path.exists()
    walker.write_if_it_can()
    assert journal(path).loops.keys() == {"model"}


def test_work_that_runs_share_is_not_in_the_journal_once_it_is_kept_there(tmp_path, monkeypatch):
    shared = Shared(tmp_path / "phase-0", {"x": {"seed": 1}})
    walker, loop = Driver(journal(tmp_path / "unfinished.pt"), shared), Counting()

    def refuse(value: object) -> object:
        raise AssertionError("nothing needs a copy")

    monkeypatch.setattr(copy, "deepcopy", refuse)
    walker(loop, "x")
    assert walker.journal.loops == {}
    assert len(list((tmp_path / "phase-0").glob("*.pt"))) == 1


def test_a_state_is_asked_for_only_when_it_is_kept(tmp_path, clock):
    without, within = Counting(), Counting()
    Driver()(without, "x")
    Driver(journal(tmp_path / "unfinished.pt"), interval=1000.0)(within, "x")
    assert without.asked == 0
    assert within.asked == 1  # when it was finished


def test_a_loop_that_does_not_fit_is_refused_before_its_first_step():
    class Large(Counting):
        def fit_into(self, free: float) -> None:
            assert free > 1e6
            raise MemoryError("too large")

    loop = Large()
    with pytest.raises(MemoryError):
        Driver()(loop, "x")
    assert loop.done == 0


@pytest.mark.parametrize("device", [CPU, ELSEWHERE])
def test_the_host_is_asked_for_room_beside_a_device_and_not_where_it_is_the_device(monkeypatch, device):
    monkeypatch.setattr(driver, "free_bytes", lambda of: {CPU: 1.0, ELSEWHERE: 2.0}[of])
    asked: dict[str, float] = {}

    class Both(Counting):
        def fit_into(self, free: float) -> None:
            asked["device"] = free

        def fit_into_host(self, free: float) -> None:
            asked["host"] = free

    Driver(device=device)(Both(), "x")
    assert asked == ({"device": 1.0} if device == CPU else {"device": 2.0, "host": 1.0})


def in_sessions(config, directory):
    """A run that stops at every step: its record, and the number of sessions."""
    for sessions in range(1, 200):
        try:
            record, _ = runs.run(config, directory, minutes=0)
            return record, sessions
        except OutOfTimeError:
            continue
    raise AssertionError("it does not get anywhere")


def test_a_run_that_changes_its_environment_in_phase_0_gets_on_and_does_all_of_it_again_once(tmp_path, monkeypatch):
    config = small(exemplars="random", from_scratch=2).replace(adjust=0, finetune=False)
    stops = list[str]()

    def stopping() -> bool:
        try:
            runs.run(config, tmp_path, minutes=0)
            return False
        except OutOfTimeError as stop:
            stops.append(re.sub(r" steps are done.*", "", str(stop)))
            return True

    for _ in range(4):
        assert stopping()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    while stopping():
        assert len(stops) < 30
    model = [f"time limit reached in phase 0: model: {done} of 3" for done in (1, 2, 3)]
    scratch = [f"time limit reached in phase 0: from scratch: {done} of 2" for done in (1, 2)]
    assert [stop for stop in stops if "in phase 0" in stop] == [*model, scratch[0], *model, *scratch]


@pytest.mark.parametrize("passes", [0, 4])
def test_seconds_of_all_sessions_count_once(tmp_path, monkeypatch, passes):
    """By a clock that goes on in the epochs of the model level alone, a quarter of a second in each.

    Those of a network from scratch come after phase 0's shared work, so that sessions find that work and go on.
    """
    watch, step = Watch(monkeypatch), Descent.step

    def slowly(self):
        watch.now += 0.25
        step(self)

    monkeypatch.setattr(Descent, "step", slowly)
    config = small(exemplars="random", from_scratch=passes).replace(adjust=0, finetune=False)
    alone = 0.25 * passes
    record, sessions = in_sessions(config, tmp_path)
    assert sessions >= 7 + 2 * passes  # three epochs in each of two phases, and the end of the first
    assert record.phase_seconds == [0.75 + alone] * 2
    (shared,) = (tmp_path / "phase-0").glob("model-*.pt")
    assert read_sealed(shared, "finished-loop")[1]["seconds"] == 0.75
    # Another run finds phase 0 made, and counts what it took, though it does none of it.
    began = watch.now
    other, _ = runs.run(config.replace(phases=5), tmp_path)
    assert other.phase_seconds == [0.75 + alone] * 6
    assert watch.now - began == 5 * 0.75 + 6 * alone


def test_a_limit_that_is_over_after_the_last_phase_ends_nothing(tmp_path, monkeypatch):
    """All is done by then: the record is written, and no further session is asked for."""
    config = small(exemplars="random").replace(phases=1, adjust=0, finetune=False)
    late = iter([False, True])  # asked after a phase, since nothing has steps of its own here
    monkeypatch.setattr(Driver, "__call__", lambda self, loop, name: walk(loop, name))
    monkeypatch.setattr(Driver, "_late", lambda self: next(late))
    record, _ = runs.run(config, tmp_path, minutes=0)
    assert len(record.results) == 2


def test_the_peak_of_all_sessions_counts(tmp_path, monkeypatch):
    peaks = itertools.chain([5.0, 900.0], itertools.repeat(7.0))
    monkeypatch.setattr(runs, "peak_memory_mb", lambda device: next(peaks))
    record, *_ = in_sessions(small(exemplars="random").replace(phases=5, adjust=0, finetune=False), tmp_path)
    assert record.peak_memory_mb == 900


@pytest.mark.parametrize(("device", "reached"), [("cpu", "2 of 3"), ("cuda", "1 of 3")])
def test_a_journal_of_another_kind_of_device_is_not_gone_on_from(tmp_path, device, reached):
    with pytest.raises(OutOfTimeError, match="phase 0: model: 1 of 3 steps are done"):
        runs.run(small(), tmp_path, minutes=0)
    (path,) = tmp_path.rglob(runs.JOURNAL)
    key, content = read_sealed(path, "journal")
    assert key["identity"]["device"] == "cpu"
    write_sealed(path, "journal", {**key, "identity": {**key["identity"], "device": device}}, content)
    with pytest.raises(OutOfTimeError, match=f"phase 0: model: {reached} steps are done"):
        runs.run(small(), tmp_path, minutes=0)


@pytest.mark.parametrize("minutes", ["nan", "-3", "inf", "ten"])
def test_a_time_limit_that_is_none_is_refused(minutes, capsys):
    with pytest.raises(SystemExit):
        main(["run", "params/quick/digits-n5.yaml", "--minutes", minutes])
    assert f"minutes = '{minutes}': must be a number >= 0" in capsys.readouterr().err


def test_the_command_line_says_where_it_stopped_and_goes_on(tmp_path, capsys):
    params = tmp_path / "p.yaml"
    params.write_text(small().to_yaml())
    command = ["run", str(params), "--out", str(tmp_path), "--quiet", "--minutes"]
    assert main([*command, "0"]) == OutOfTimeError.status == 75
    assert "phase 0: model: 1 of 3 steps are done; the same command goes on" in capsys.readouterr().err
    assert main([*command, "60"]) == 0
    assert "average accuracy" in capsys.readouterr().out
