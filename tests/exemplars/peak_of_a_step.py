"""In a process of its own: what an outer step on pictures of full size takes of memory, as forecast and as measured.

python -m tests.exemplars.peak_of_a_step ROOT OPTIMIZER HELD EXEMPLARS; it prints two numbers, in bytes.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import psutil
import torch

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.device.memory import resident_peak
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.models import build_network


def main(root: str, optimizer: str, held: bool, exemplars: int) -> None:
    files = sorted(Path(root).rglob("*.JPEG"))
    pixels = Pixels(torch.full((3, 1, 1), 0.45), torch.full((3, 1, 1), 0.22), white=255, pad=28, flip=True)
    pictures = Samples.real(StoredPictures.of(files), torch.arange(len(files)) % 10, pixels)
    images, labels = pictures.to_keep(torch.arange(exemplars) % len(files))
    if not held:
        images = images.read()
    level = PAPER_EXEMPLAR_LEVEL.model_copy(
        update={
            "engine": "adjoint",
            "inner_steps": 2,
            "inner_batch": 8,
            "inner_augment": True,
            "val_batch": 16,
            "optimizer": optimizer,
        }
    )
    model = build_network(32, 16, 3, 10, 0, "cosine", "resnet18").train()
    context = images[torch.arange(0)], labels[:0]
    training = ExemplarTraining(model, (images, labels), pictures, context, level, seed=0)
    forecast = training.forecast(level, exemplars).peak(16)
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that from here on
    before = psutil.Process().memory_info().rss
    training.step()
    print(int(forecast), int(resident_peak()) - before)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], sys.argv[2], sys.argv[3] == "held", int(sys.argv[4]))
