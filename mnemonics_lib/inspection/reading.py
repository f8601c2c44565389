"""Pictures from disk per second, by the reader that a run has: ahead of the loop, and where a step waits for them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from mnemonics_lib.bench.input import MADE
from mnemonics_lib.bench.made_pictures import make_pictures
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.data.streamed import epoch_batches
from mnemonics_lib.inspection.measured import Measured, repeat

MANY, WAITED_FOR = 256, 32
"""Pictures of a measurement: by the processes that read ahead, and by the one that waits."""


@dataclass(frozen=True)
class Reading:
    """What reading takes.

    Attributes:
        views: random views, for training.
        middles: for what is computed without a gradient.
        waited: middles that the loop itself reads, for the meta loss of Eq. 9.
    """

    views: Measured
    middles: Measured
    waited: Measured


@contextmanager
def some_pictures(there: StoredPictures | None, size: int) -> Iterator[StoredPictures]:
    """Pictures of the data set in an order of chance; where they are not there, some that are made, for as long."""
    with tempfile.TemporaryDirectory() as folder:
        if there is None:
            make_pictures(Path(folder), MADE)
            store = StoredPictures.of(sorted(Path(folder).rglob("*.jpg")), size)
        else:
            store = there[torch.randperm(len(there), generator=torch.Generator().manual_seed(0))[:MANY]]
        yield store[torch.arange(MANY) % len(store)]


def reading(store: StoredPictures, pixels: Pixels, batch: int, device: torch.device, times: int) -> Reading:
    """Read some pictures in all three ways.

    Args:
        store: at least :data:`MANY`.
        pixels: their pixel space, on the device.
        batch: of the training.
        device: where they go.
        times: measurements of each, after one that warms up.

    Raises:
        DataError: naming a file that cannot be read.
    """
    labels = torch.zeros(len(store), dtype=torch.int64, device=device)
    samples = Samples.real(store.to(device), labels, pixels)
    loop = epoch_batches(samples, batch, augment=True, seed=0)
    few = torch.arange(WAITED_FOR, device=device)

    def measure(what: str, count: int, body: Callable[[], object]) -> Measured:
        return Measured(what, repeat(body, 1, times), count, count, f"{count} pictures")

    return Reading(
        measure("random views from disk", len(store), lambda: sum(1 for _ in loop.epoch())),
        measure("middles from disk", len(store), lambda: sum(1 for _ in samples.parts())),
        measure("middles that a step waits for", WAITED_FOR, lambda: samples.batch(few)),
    )
