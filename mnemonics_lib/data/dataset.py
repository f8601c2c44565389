"""Data sets by name. A new one is a loader here and a line of facts in :mod:`mnemonics_lib.data.info`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data import cifar100, digits
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.facts import check_facts, check_loaded, check_not_constant
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.split import Split

LOADERS: dict[str, Callable[[], tuple[Split, Split]]] = {"digits": digits.load, "cifar100": cifar100.load}


@dataclass(frozen=True)
class Dataset:
    """A data set on a device: raw splits and their pixel space."""

    train: Split
    test: Split
    pixels: Pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images, at the resolution loaded."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width


@functools.lru_cache(
    maxsize=2
)  # runs that share a process (a notebook, the tests) share the tensors: none is written to
def load_dataset(name: str, device: torch.device, resolution: int = 0) -> Dataset:
    """Load a data set whole onto a device.

    Args:
        name: one of ``LOADERS``.
        device: where the tensors live.
        resolution: height and width to average the images down to, a divisor of the native ones; 0 keeps them.

    Raises:
        ValueError: for a name or a resolution that there is not.
        DataError: for files that cannot be read, and data that are not what the facts say.
    """
    if name not in LOADERS or name not in DATASETS:
        known = ", ".join(each for each in LOADERS if each in DATASETS)
        raise ValueError(f"dataset = {name!r}: must be one of {known}, which have a loader and facts")
    info = DATASETS[name]
    check_facts(name, info)
    native = info.shape[1]
    if resolution and resolution not in info.resolutions():
        raise ValueError(f"resolution = {resolution}: must be 0 or one of {info.resolutions()}")
    train, test = (shrink(split, native // (resolution or native)) for split in read(name, info))
    if info.normalisation is None:
        check_not_constant(name, train)
    mean, std = (torch.tensor(c)[:, None, None] for c in info.normalisation or channel_moments(train, info))
    pad = round(info.pad * (resolution or native) / native)
    pixels = Pixels(mean.to(device), std.to(device), white=info.white, pad=pad, flip=info.flip)
    return Dataset(train.to(device), test.to(device), pixels)


def read(name: str, info: DatasetInfo) -> tuple[Split, Split]:
    """What a data set's loader gives, checked against its facts, on the host and whole in memory.

    Raises:
        DataError: for files that cannot be read, and data that are not what the facts say.
    """
    try:
        loaded = LOADERS[name]()
    except OSError as error:
        raise DataError(f"{name}: its loader cannot read its files: {error}") from error
    train, test = (split.to(torch.device("cpu")) for split in check_loaded(name, info, loaded))
    # The same images give the same bits, whatever the order in which a loader has them in memory.
    return train.contiguous(), test.contiguous()


def shrink(split: Split, factor: int) -> Split:
    """Each image averaged over blocks of ``factor`` x ``factor`` pixels and rounded to uint8 again."""
    if factor == 1:
        return split

    def average(images: Tensor) -> Tensor:
        return F.avg_pool2d(images.float(), factor).round().to(torch.uint8)

    return Split(torch.cat([average(part) for part in split.images.split(5000)]), split.labels)


def channel_moments(split: Split, info: DatasetInfo) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of a split's pixels, scaled to [0, 1], per channel."""
    scaled = split.images.double() / info.white
    return scaled.mean(dim=(0, 2, 3)).tolist(), scaled.std(dim=(0, 2, 3), correction=0).tolist()
