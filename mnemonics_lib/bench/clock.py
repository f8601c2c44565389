"""Seconds of a piece of work, and what every row says about where it ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.benchmark import timer

from mnemonics_lib.device.memory import device_name


def seconds(body: Callable[[], object]) -> float:
    """Wall seconds of one call, without a warm-up, the accelerator's queue emptied before and after.

    For loops that take turns: ``torch.utils.benchmark.Timer`` warms up by two more calls at each measurement.
    """
    started = timer()
    body()
    return timer() - started


def where(device: torch.device) -> dict[str, Any]:
    """Fields of every row: ``threads``, ``device``, ``torch``."""
    return {"threads": torch.get_num_threads(), "device": device_name(device), "torch": torch.__version__}
