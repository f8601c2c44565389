"""``python -m mnemonics_lib bench WHAT``: speed and memory on this machine, as rows for a table or a file."""

from __future__ import annotations

import importlib
from types import ModuleType

BENCHMARKS = ("hypergradient", "inference", "input", "rounding", "tf32", "training")

READS = "input"
"""The one of them that a folder of pictures can be given to."""


def benchmark(name: str) -> ModuleType:
    """One of :data:`BENCHMARKS`: ``rows(device)`` measures, ``table(rows)`` shows; :data:`READS` takes a ``root`` too.

    Imported when it is asked for: PyTorch's timer looks for a compiler, and says so where there is none.
    """
    return importlib.import_module(f"{__name__}.{name}")
