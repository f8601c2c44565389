"""Shared work: made once whoever asks and how many at once, for exactly the runs that have it in common."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from mnemonics_lib import global_bop, runs
from mnemonics_lib.config.presets import preset
from mnemonics_lib.durable import records, shared
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.durable.sealed import read_sealed
from mnemonics_lib.durable.shared import Shared, SharedError
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import LoopState

NAME = "phase 0: model"
KEY: dict[str, Any] = {"seed": 1, "network": {"depth": 8, "width": 4}}


def store(directory: Path, key: dict[str, Any] | None = None, name: str = NAME) -> Shared:
    return Shared(directory, {name: KEY if key is None else key})


class Maker:
    """Makes something new at each call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> tuple[LoopState, float]:
        self.calls += 1
        weights = torch.randn(3, 4, generator=torch.Generator().manual_seed(self.calls))
        return {"model": {"a.weight": weights}, "losses": [0.5, float(self.calls)]}, 3.25


@pytest.fixture
def make() -> Maker:
    return Maker()


def files(directory: Path) -> list[str]:
    """What is kept, but for locks."""
    return sorted(path.name for path in directory.rglob("*") if path.is_file() and path.suffix != ".lock")


def test_it_is_made_once_and_then_found_with_the_seconds_it_took(tmp_path, make):
    first, seconds = store(tmp_path / "phase-0").get(NAME, make)
    again, found = store(tmp_path / "phase-0", dict(reversed(KEY.items()))).get(NAME, make)
    assert make.calls == 1
    assert found == seconds == 3.25
    assert torch.equal(again["model"]["a.weight"], first["model"]["a.weight"])
    assert again["losses"] == first["losses"] == [0.5, 1.0]
    (name,) = files(tmp_path)
    assert name.startswith("model-")


def test_what_is_found_can_be_changed_without_changing_what_is_kept(tmp_path, make):
    one = store(tmp_path)
    expected = one.get(NAME, make)[0]["model"]["a.weight"].clone()
    for _ in range(2):
        found = one.get(NAME, make)[0]["model"]["a.weight"]
        assert torch.equal(found, expected)
        found.zero_()


@pytest.mark.parametrize("what", ["key", "deep", "name", "directory"])
def test_it_is_made_again_for_anything_else(tmp_path, make, what):
    store(tmp_path).get(NAME, make)
    name, other = NAME, store(tmp_path)
    if what == "key":
        other = store(tmp_path, {**KEY, "seed": 2})
    elif what == "deep":
        other = store(tmp_path, {**KEY, "network": {"depth": 8, "width": 5}})
    elif what == "name":
        name = "phase 0: exemplars"
        other = store(tmp_path, name=name)
    else:
        other = store(tmp_path / "other")
    other.get(name, make)
    assert make.calls == 2
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("damage", ["empty", "garbage", "half", "foreign", "list"])
def test_a_damaged_file_is_named_and_left_for_its_owner_to_delete(tmp_path, make, damage):
    one = store(tmp_path)
    one.get(NAME, make)
    path = tmp_path / files(tmp_path)[0]
    whole = path.read_bytes()
    if damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, path)
    elif damage == "list":
        torch.save([1, 2], path)
    else:
        path.write_bytes({"empty": b"", "garbage": b"garbage", "half": whole[: len(whole) // 2]}[damage])
    before = path.read_bytes()
    with pytest.raises(SharedError) as caught:
        one.get(NAME, make)
    assert str(path) in str(caught.value)
    assert "delete" in str(caught.value)
    assert make.calls == 1
    assert path.read_bytes() == before
    path.unlink()  # as it says
    one.get(NAME, make)
    assert make.calls == 2


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_a_failing_make_leaves_nothing_behind_and_the_next_one_is_not_hindered(tmp_path, make, error):
    def fail() -> tuple[LoopState, float]:
        raise error

    one = store(tmp_path)
    with pytest.raises(type(error)):
        one.get(NAME, fail)
    assert files(tmp_path) == []
    one.get(NAME, make)
    assert make.calls == 1


def test_what_cannot_be_kept_leaves_nothing_behind(tmp_path):
    with pytest.raises(Exception, match="pickle"):
        store(tmp_path).get(NAME, lambda: ({"function": lambda: None}, 1.0))
    assert files(tmp_path) == []


def test_of_several_processes_at_once_one_makes_it_and_all_get_it(tmp_path):
    start = multiprocessing.get_context("fork").Event()

    def child(number: int) -> None:
        def make() -> tuple[LoopState, float]:
            (tmp_path / f"made-{os.getpid()}").touch()
            time.sleep(0.3)
            return {"value": torch.full((2,), float(number))}, 1.0 + number

        start.wait(30)
        content, seconds = store(tmp_path / "shared").get(NAME, make)
        torch.save((content["value"], seconds), tmp_path / f"result-{number}.pt")

    children = [multiprocessing.get_context("fork").Process(target=child, args=(k,)) for k in range(4)]
    for process in children:
        process.start()
    start.set()
    for process in children:
        process.join(60)
    assert len(list(tmp_path.glob("made-*"))) == 1
    results = [torch.load(tmp_path / f"result-{k}.pt") for k in range(4)]
    assert all(torch.equal(value, results[0][0]) for value, _ in results)
    assert len({seconds for _, seconds in results}) == 1  # of the making: three waited, and that does not count


# What runs have in common


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Each loop that is walked from now on."""
    calls: list[str] = []
    real = Driver._walk

    def spy(self: Driver, loop: Any, name: str) -> None:
        calls.append(name)
        real(self, loop, name)

    monkeypatch.setattr(Driver, "_walk", spy)
    return calls


MODEL, EXEMPLARS = "phase 0: model", "phase 0: exemplars"


def phase_0(config: Any, directory: Path) -> global_bop.State:
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state, runs.driver_for(experiment, directory, progress=False))
    return state


ALIKE: dict[str, dict[str, Any]] = {
    "fewer phases": {"phases": 1},
    "fewer classes later": {"classes": [0, 8], "first_share": 0.625, "phases": 2, "uneven": True},
    "icarl": {"method": "icarl"},
    "kind": {"exemplars": "random"},
    "herding": {"exemplars": "herding", "adjust": 2},
    "joint": preset("joint"),
    "finetune": preset("finetune"),
    "budget": {"budget": 7},
    "total": {"budget": 40, "budget_rule": "total", "storage": "uint8"},
    "later": {"weight_transfer": True, "finetune": False, "adjust": 2, "finetuning": {"rate": 0.5}},
    "distillation": {"training": {"lam": 0.1, "temperature": 4.0}},
    "level": {"exemplar_level": {"inner_steps": 1, "beta": 0.1}},
    "from scratch": {"from_scratch": 1},
    "name": {"profile": "other"},
    "head by name": {"network": {"head": "linear"}},
}

OTHER: dict[str, dict[str, Any]] = {
    "lucir": {"method": "lucir"},
    "cosine": {"network": {"head": "cosine"}},
    "bic": {"method": "bic", "budget": 4},
    "seed": {"seed": 1},
    "classes": {"order_seed": 7},
    "slice": {"classes": [1, 10], "first_share": 0.6, "phases": 4},
    "first share": {"first_share": 0.6, "phases": 4},
    "resolution": {"resolution": 4},
    "depth": {"network": {"depth": 14}},
    "width": {"network": {"width": 5}},
    "epochs": {"training": {"epochs": 2}},
    "rate": {"training": {"rate": 0.02}},
    "batch": {"training": {"batch_size": 64}},
    "augmentation": {"training": {"augment": False}},
    "decay": {"training": {"weight_decay": 0.0}},
    "statistics": {"training": {"batch_norm": "running"}},
}


@pytest.mark.parametrize("name", ALIKE)
def test_runs_that_differ_in_what_comes_later_share_the_first_model(tiny, tmp_path, made, name):
    one = phase_0(tiny, tmp_path)
    other = phase_0(tiny.replace(**ALIKE[name]), tmp_path)
    assert made.count(MODEL) == 1
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert one.results[0]["training_loss"] == other.results[0]["training_loss"]
    # And it is what the run would have made by itself.
    alone = phase_0(tiny.replace(**ALIKE[name]), tmp_path / "alone")
    assert made.count(MODEL) == 2
    assert alone.results == other.results
    assert torch.equal(alone.memory.images, other.memory.images)


@pytest.mark.parametrize("name", OTHER)
def test_runs_that_differ_in_what_phase_0_depends_on_do_not_share_it(tiny, tmp_path, made, name):
    one = phase_0(tiny.replace(exemplars="random"), tmp_path)
    other = phase_0(tiny.replace(exemplars="random").replace(**OTHER[name]), tmp_path)
    assert made.count(MODEL) == 2
    assert one.results[0]["training_loss"] != other.results[0]["training_loss"]


def test_methods_with_the_same_head_share_it_and_so_do_runs_of_bic(tiny, tmp_path, made):
    base = tiny.replace(exemplars="herding", budget=4)
    cosine: Any = {"network": {"head": "cosine"}}
    for config in (base.replace(method="lucir"), base.replace(**cosine), base.replace(method="icarl", **cosine)):
        phase_0(config, tmp_path)
    assert made.count(MODEL) == 1
    for config in (base.replace(method="bic"), base.replace(method="bic", phases=1, budget=9)):
        phase_0(config, tmp_path)  # one held out of 4, and of 9
    assert made.count(MODEL) == 2
    phase_0(base.replace(method="bic", budget=11), tmp_path)  # two of 11
    assert made.count(MODEL) == 3


@pytest.mark.parametrize("name", ["fewer phases", "icarl", "later", "distillation"])
def test_exemplars_trained_in_phase_0_are_shared_too(tiny, tmp_path, made, name):
    one = phase_0(tiny, tmp_path)
    other = phase_0(tiny.replace(**ALIKE[name]), tmp_path)
    assert made == [MODEL, EXEMPLARS]
    assert torch.equal(one.memory.images, other.memory.images)
    assert one.results[0]["exemplars"] == other.results[0]["exemplars"] is not None


def test_the_training_is_shared_by_runs_that_shuffle_its_displacements_whoever_comes_first(tiny, tmp_path, made):
    shuffling = tiny.replace(exemplar_level={"displacement": "shuffled"})
    alone = phase_0(shuffling, tmp_path / "alone")
    for name, configs in {"own first": (tiny, shuffling), "own last": (shuffling, tiny)}.items():
        made.clear()
        first, second = (phase_0(config, tmp_path / name) for config in configs)
        assert made == [MODEL, EXEMPLARS]
        own, other = (first, second) if name == "own first" else (second, first)
        assert torch.equal(other.memory.images, alone.memory.images)
        assert not torch.equal(other.memory.images, own.memory.images)
        assert own.results[0]["exemplars"]["steps"] == other.results[0]["exemplars"]["steps"]
        assert other.results == alone.results


@pytest.mark.parametrize(
    "change",
    [
        {"budget": 3},
        {"exemplar_level": {"inner_steps": 1}},
        {"exemplar_level": {"init": "herding"}},
        {"exemplar_level": {"beta": 0.5}},
        {"exemplar_level": {"inner_batch": 4}},
    ],
    ids=str,
)
def test_other_trained_exemplars_are_not(tiny, tmp_path, made, change):
    one = phase_0(tiny, tmp_path)
    other = phase_0(tiny.replace(**change), tmp_path)
    assert made == [MODEL, EXEMPLARS, EXEMPLARS]
    assert one.results[0]["exemplars"] != other.results[0]["exemplars"]


@pytest.mark.parametrize(
    "name", ["lwf-with-mnemonics", "icarl-with-mnemonics", "bic-with-mnemonics", "lucir-with-mnemonics", "joint"]
)
def test_a_run_that_found_phase_0_made_equals_the_one_that_made_it(tiny, tmp_path, made, name):
    config = tiny.replace(phases=1, budget=4).preset(name)
    alone, _ = runs.run(config, tmp_path / "alone")
    runs.run(config.replace(phases=5), tmp_path / "shared")
    assert made.count(MODEL) == 2
    found, _ = runs.run(config, tmp_path / "shared")
    assert made.count(MODEL) == 2
    assert records.canonical(found) == records.canonical(alone)
    files_made = (tmp_path / "shared" / "phase-0").glob("*.pt")
    kept = [read_sealed(path, "finished-loop")[1]["seconds"] for path in files_made]
    assert found.phase_seconds[0] > sum(kept) > 0  # what was found is counted
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == ["phase-0", "test"]


def test_a_damaged_first_model_is_named_by_the_run_that_wants_it(tiny, tmp_path):
    config = tiny.replace(exemplars="random", phases=1)
    runs.run(config, tmp_path)
    (path,) = (tmp_path / "phase-0").glob("model-*.pt")
    path.write_bytes(path.read_bytes()[:500])
    runs.run(config, tmp_path)  # finished: it needs nothing
    with pytest.raises(SharedError, match=path.name):
        runs.run(config.replace(phases=5), tmp_path)


def test_a_plain_walk_shares_and_keeps_nothing(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment = Experiment.of(tiny)
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    assert list(tmp_path.iterdir()) == []


def test_another_environment_or_source_does_not_share(tiny, tmp_path, made, monkeypatch):
    config = tiny.replace(exemplars="random")
    phase_0(config, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: 7)
        phase_0(config, tmp_path)
    assert made.count(MODEL) == 2
    with monkeypatch.context() as patch:
        patch.setattr(shared, "library_source", lambda roots, excluded: "other")
        phase_0(config, tmp_path)
    assert made.count(MODEL) == 3
    phase_0(config, tmp_path)
    assert made.count(MODEL) == 3
