"""Seconds of a piece of work, and what every row says about where it ran."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from mnemonics_lib.device.memory import device_name


def seconds(body: Callable[[], object], device: torch.device) -> float:
    """Wall seconds of a call, the device's queue emptied before and after."""
    wait(device)
    started = time.perf_counter()
    body()
    wait(device)
    return time.perf_counter() - started


def wait(device: torch.device) -> None:
    """Until all that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def where(device: torch.device) -> dict[str, Any]:
    """Fields of every row: ``threads``, ``device``, ``torch``."""
    return {"threads": torch.get_num_threads(), "device": device_name(device), "torch": torch.__version__}
