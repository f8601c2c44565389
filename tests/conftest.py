"""What the tests share: one thread, no deadlines, and the smallest settings at which every part of a run still runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.data.pixels import Pixels

torch.set_num_threads(1)
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")

TINY: dict[str, Any] = {
    "profile": "test",
    "network": {"depth": 8, "width": 4},
    "training": {"epochs": 1, "milestones": []},
    "finetuning": {"epochs": 2, "milestones": [1]},
    "exemplar_level": {"epochs": 1, "inner_steps": 2, "val_batch": 300, "alpha": 0.05, "beta": 1.0},
}


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture
def tiny() -> RunConfig:
    """All of digits, N = 5, in about a second."""
    return parse_config(TINY)


@pytest.fixture
def pixels() -> Pixels:
    """A pixel space of two channels in which black, white, padding and mirror images can be told apart."""
    mean, std = torch.tensor([0.3, 0.6])[:, None, None], torch.tensor([0.2, 0.5])[:, None, None]
    return Pixels(mean, std, white=255, pad=2, flip=True)


@pytest.fixture
def grey() -> Pixels:
    """A pixel space of one channel without augmentation."""
    return Pixels(torch.full((1, 1, 1), 0.5), torch.full((1, 1, 1), 0.25), white=16, pad=0, flip=False)
