"""Random streams: one independent, named stream per purpose, all derived from the run's seed.

Because a stream depends on its name alone, a resumed run draws what the uninterrupted one would have drawn, and an
extra draw in one place moves no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream with these names."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> torch.Generator:
    """A fresh CPU generator for the stream with these names."""
    return torch.Generator().manual_seed(derive(seed, *names))


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Run torch code that only knows global generators (layer initialisers, dropout) from a seed.

    Afterwards the CPU's is where it was before, and that of ``device``, where it is a GPU. Those of other GPUs stay as
    the seed has set them.
    """
    with torch.random.fork_rng(devices=[device] if device is not None and device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
