"""The processor of this machine, in words that tell apart those that may round otherwise."""

from __future__ import annotations

import functools
import platform
import re
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")


@functools.cache
def processor_name() -> str:
    """Its name, family and model, as far as the system says them, and the instructions that PyTorch computes with.

    Libraries choose their kernels by these, and kernels add in another order.
    """
    said = dict(re.findall(r"^(model name|cpu family|model)\s*: (.+)$", _cpuinfo(), re.MULTILINE))
    numbers = [f"{word} {said[key]}" for key, word in (("cpu family", "family"), ("model", "model")) if key in said]
    name = said.get("model name") or platform.processor() or platform.machine()
    return ", ".join([name, *numbers, torch.backends.cpu.get_cpu_capability()])


def _cpuinfo() -> str:
    return CPUINFO.read_text(encoding="utf-8", errors="replace") if CPUINFO.exists() else ""
