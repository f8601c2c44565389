"""What the tests share: one thread, no deadlines, and the smallest settings at which every part of a run still runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.checkpoint import Account, load_checkpoint, save_checkpoint
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State
from mnemonics_lib.paths import data_root
from mnemonics_lib.runs import identity_of

collect_ignore = ["cases"]  # inputs that go wrong, to be run by hand
torch.set_num_threads(1)
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")

TINY: dict[str, Any] = {
    "profile": "test",
    "network": {"depth": 8, "width": 4},
    "training": {"epochs": 1, "milestones": []},
    "finetuning": {"epochs": 2, "milestones": [0.5]},
    "exemplar_level": {
        "epochs": 1,
        "adjust_epochs": 1,
        "inner_steps": 2,
        "val_batch": 300,
        "alpha": 0.05,
        "beta": 1.0,
        "start": "theta",  # perturbed starts make a panel of four, which takes most of such a run
    },
}

LONG = [
    "project/test_snakefile.py",
    "project/test_notebooks.py",
    "device/test_processes.py",
    "test_runs.py",
    "durable/test_driver.py",
    "kept/test_runs_that_keep.py",
    "project/test_cluster.py",
    "bench/test_bench.py",
    "exemplars/test_full_size.py",
    "test_refusing_file_system.py",
    "edition/deck/test_lecture.py",
]
"""Files that take a minute or more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first: of two processes neither is left alone with one of them at the end."""
    first = {(Path(__file__).parent / name).resolve(strict=True): place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path.resolve(), len(first)))


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No test finds the figures of another open."""
    yield
    if drawn := sys.modules.get("matplotlib.pyplot"):
        drawn.close("all")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def cifar_root(root) -> Path:
    """A directory with the real CIFAR-100: the user's own, or one unpacked from the archive beside the checkout."""
    if (data_root() / "cifar-100-python").is_dir():
        return data_root()
    unpack, target = root.parent / "shared" / "data" / "unpack.py", root / "build" / "test-data"
    if not unpack.exists():
        pytest.skip(f"no CIFAR-100: neither {data_root() / 'cifar-100-python'} nor {unpack} is there")
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "lock"):  # leaves alone what is there and whole
        done = subprocess.run([sys.executable, unpack, target, "cifar-100"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no CIFAR-100: {unpack} failed: {done.stderr.strip()[-500:]}")
    return target


@pytest.fixture(scope="session")
def tiny_values() -> dict[str, Any]:
    """What ``tiny`` sets, for fixtures of a wider scope."""
    return TINY


@pytest.fixture
def tiny() -> RunConfig:
    """All of digits, N = 5, in about a second."""
    return parse_config(TINY)


@pytest.fixture
def small(tiny) -> RunConfig:
    """A run without an exemplar level."""
    return tiny.replace(exemplars="random")


@pytest.fixture
def reloaded(tmp_path) -> Callable[[Experiment, State], State]:
    """Save the state of a run between two phases, and give back what its checkpoint holds."""

    def save_and_load(experiment: Experiment, state: State) -> State:
        path, identity = tmp_path / "checkpoint.pt", identity_of(experiment)
        save_checkpoint(path, experiment, state, Account(), identity)
        return load_checkpoint(path, experiment, identity)[0]

    return save_and_load


@pytest.fixture
def pixels() -> Pixels:
    """A pixel space of two channels in which black, white, padding and mirror images can be told apart."""
    mean, std = torch.tensor([0.3, 0.6])[:, None, None], torch.tensor([0.2, 0.5])[:, None, None]
    return Pixels(mean, std, white=255, pad=2, flip=True)


@pytest.fixture
def grey() -> Pixels:
    """A pixel space of one channel without augmentation."""
    return Pixels(torch.full((1, 1, 1), 0.5), torch.full((1, 1, 1), 0.25), white=16, pad=0, flip=False)
