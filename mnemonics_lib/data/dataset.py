"""Data sets by name. A new one is a loader here and a line of facts in :mod:`mnemonics_lib.data.info`."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mnemonics_lib.data import digits
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.split import Split

LOADERS = {"digits": digits.load}


@dataclass(frozen=True)
class Dataset:
    """A data set on a device: raw splits and their pixel space."""

    train: Split
    test: Split
    pixels: Pixels


def load_dataset(name: str, device: torch.device | str = "cpu") -> Dataset:
    """Load a data set whole onto a device.

    Mean and standard deviation are those of the training images, per channel.

    Raises:
        ValueError: for a name that is not in ``LOADERS``.
    """
    if name not in LOADERS:
        raise ValueError(f"dataset = {name!r}: must be one of {', '.join(LOADERS)}")
    device, info = torch.device(device), DATASETS[name]
    train, test = LOADERS[name]()
    scaled = train.images.double() / info.white
    mean = scaled.mean(dim=(0, 2, 3)).float()[:, None, None].to(device)
    std = scaled.std(dim=(0, 2, 3), correction=0).float()[:, None, None].to(device)
    pixels = Pixels(mean, std, white=info.white, pad=info.pad, flip=info.flip)
    return Dataset(train.to(device), test.to(device), pixels)
