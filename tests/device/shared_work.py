"""What two processes of torchrun do for tests/device/test_processes.py: trainings whose end is written down.

torchrun --nproc-per-node=2 tests/device/shared_work.py FOLDER
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.config import Optimisation
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device.group import lead_or_follow, taking_part
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.loops import walk
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.training import Descent

FOLDER = Path(sys.argv[1] if __name__ == "__main__" else "")
COUNTS = {"odd": (13, 5), "one": (1, 5), "even": (16, 8)}
"""Images, and most of them in a mini-batch: 5, 4 and 4; one that leaves a process with none; two of 8."""


class Watched(Descent):
    """Writes down in each process what it has come to after each epoch."""

    name = ""

    def values(self) -> tuple[Any, ...]:
        return (*super().values(), self.name)

    def __init__(self, *values: Any) -> None:
        *own, self.name = values
        super().__init__(*own)

    def step(self) -> None:
        super().step()
        number = os.environ["RANK"] if self.processes.count > 1 else "alone"
        found = {"model": self.model.state_dict(), "losses": self.losses, "crops": self.batches.state()["crops"]}
        torch.save(found, FOLDER / f"{self.name}-{self.done}-{number}.pt")


def in_double(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with 15 digits, so that nothing hides behind the rounding."""
    return cross_entropy(model(images.double()), labels)


class BadPictureError(ReportedError):
    """Something that only one process comes upon."""

    status = 17


def refused(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The same, and an error in one process."""
    if os.environ["RANK"] == sys.argv[2]:
        raise BadPictureError("cannot be read")
    return in_double(model, images, labels)


def ended(work: Callable[[], int]) -> int:
    """As the command line does."""
    try:
        return work()
    except ReportedError as error:
        print(f"process {os.environ['RANK']}: {error}", file=sys.stderr)
        return error.status


def work() -> int:
    """Each training by this process alone, and by two."""
    if sys.argv[2:]:
        train("failing", 13, 5, "batch", alone=False, loss=refused)
    for name, (count, size) in COUNTS.items():
        for batch_norm in ("running", "batch"):
            if (name, batch_norm) == ("one", "batch"):
                continue  # one image has no statistics
            train(f"{name}-{batch_norm}", count, size, batch_norm)
    return 0


def train(name: str, count: int, size: int, batch_norm: str, alone: bool = True, loss: Any = in_double) -> None:
    """By this process alone, and by two."""
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 8, 8, generator=generator)
    labels = torch.arange(count) % 5
    pixels = Pixels(torch.zeros(3, 1, 1), torch.ones(3, 1, 1), white=255, pad=1, flip=True)
    raw = torch.randint(0, 256, (count // 2, 3, 8, 8), generator=generator, dtype=torch.uint8)
    samples = Samples(raw, images[count // 2 :], labels, pixels)
    network: IncrementalNet = build_network(8, 4, 3, 5, seed=1).double()
    values = {"epochs": 2, "batch_size": size, "rate": 0.01, "milestones": [0.5], "batch_norm": batch_norm}
    sgd = Optimisation.model_validate({"augment": True, **values})
    for together in (False, True) if alone else (True,):
        model = copy.deepcopy(network)
        make = partial(Watched, model, partial(loss, model), samples, sgd, 7, name)
        if together:
            with taking_part("cpu"):
                walk(make())
        else:
            walk(make())


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(lead_or_follow(work, ended))
