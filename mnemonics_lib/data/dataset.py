"""Data sets by name. A new one is a loader here and a line of facts in :mod:`mnemonics_lib.data.info`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data import cifar100, digits, folder, imagenet, tiny_imagenet
from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.facts import check_facts, check_loaded, check_not_constant
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.paths import data_root

LOADERS: dict[str, Callable[[], Loaded | tuple[Split, Split]]] = {
    "digits": digits.load,
    "cifar100": cifar100.load,
    "tiny_imagenet": tiny_imagenet.load,
    "tiny_imagenet_100": tiny_imagenet.load_100,
    "imagenet_subset": imagenet.load_subset,
    "imagenet": imagenet.load,
}


@dataclass(frozen=True)
class Dataset:
    """A data set on a device.

    Attributes:
        train: raw images to train on.
        test: raw images to test on.
        pixels: their pixel space.
        names: of the classes, by class id; empty where nobody has named them.
    """

    train: Split
    test: Split
    pixels: Pixels
    names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images, at the resolution loaded."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width


def load_dataset(name: str, device: torch.device, resolution: int = 0, pictures: Folder | None = None) -> Dataset:
    """Load a data set onto a device, whole, or as pictures that stay on the disk.

    Runs that share a process (a notebook, the tests) share the tensors, none of which is written to. Where the
    directory of data sets, the loader or the facts are others, or of a folder a picture or its place in the split
    changed, all are read anew.

    Args:
        name: one of ``LOADERS``, or ``folder``.
        device: where the tensors live.
        resolution: height and width to average the images down to, a divisor of the native ones; 0 keeps them.
        pictures: the folder's description, for ``folder``.

    Raises:
        ValueError: for a name or a resolution that there is not.
        DataError: for files that cannot be read, and data that are not what the facts say.
    """
    if pictures is None and (name not in LOADERS or name not in DATASETS):
        known = ", ".join(each for each in LOADERS if each in DATASETS)
        raise ValueError(f"dataset = {name!r}: must be one of {known}, which have a loader and facts")
    made_by = (LOADERS[name], repr(DATASETS[name])) if pictures is None else ()
    return _load(name, device, resolution, pictures, (*made_by, data_root(), *_files(pictures)))


def _files(pictures: Folder | None) -> Iterator[tuple[Path, int, int]]:
    """Path, size and time of change of each picture of a folder, in the order in which it is read."""
    if pictures is None:
        return
    try:
        for part in folder.pictures_of(pictures):
            for file in (file for of_class in part.files.values() for file in of_class):
                found = file.stat()
                yield file, found.st_size, found.st_mtime_ns
            yield part.root, -1, -1  # between the two parts
    except OSError:  # of which the loader tells
        return


@functools.lru_cache(maxsize=2)
def _load(
    name: str, device: torch.device, resolution: int, pictures: Folder | None, files: tuple[object, ...]
) -> Dataset:
    """The data set; ``files`` is by what and from what it is read, so that what has changed is told from the last."""
    info = DATASETS[name] if pictures is None else pictures.facts()
    check_facts(name, info)
    native = info.shape[1]
    if resolution and resolution not in info.resolutions():
        raise ValueError(f"resolution = {resolution}: must be 0 or one of {info.resolutions()}")
    loader = LOADERS[name] if pictures is None else functools.partial(folder.load, pictures)
    whole = read(name, info, loader)
    train, test = (shrink(split, native // (resolution or native)) for split in (whole.train, whole.test))
    normalisation = info.normalisation or channel_moments(check_not_constant(name, train), info)
    mean, std = (torch.tensor(channel)[:, None, None] for channel in normalisation)
    pad = round(info.pad * (resolution or native) / native)
    pixels = Pixels(mean.to(device), std.to(device), white=info.white, pad=pad, flip=info.flip)
    return Dataset(train.to(device), test.to(device), pixels, whole.names)


def read(name: str, info: DatasetInfo, loader: Callable[[], object]) -> Loaded:
    """What a data set's loader gives, checked against its facts, on the host.

    Raises:
        DataError: for files that cannot be read, and data that are not what the facts say.
    """
    try:
        loaded = loader()
    except OSError as error:
        raise DataError(f"{name}: its loader cannot read its files: {error}") from error
    checked = check_loaded(name, info, loaded)
    train, test = (split.to(torch.device("cpu")) for split in (checked.train, checked.test))
    # The same images give the same bits, whatever the order in which a loader has them in memory.
    return Loaded(train.contiguous(), test.contiguous(), checked.names)


def shrink(split: Split, factor: int) -> Split:
    """Each image averaged over blocks of ``factor`` x ``factor`` pixels and rounded to uint8 again.

    Pictures on disk are scaled to that size when they are read.
    """
    if factor == 1:
        return split
    if isinstance(split.images, StoredPictures):
        return Split(split.images.smaller(factor), split.labels)

    def average(images: Tensor) -> Tensor:
        return F.avg_pool2d(images.float(), factor).round().to(torch.uint8)

    return Split(torch.cat([average(part) for part in split.images.split(5000)]), split.labels)


def channel_moments(images: Tensor, info: DatasetInfo) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the pixels of images, scaled to [0, 1], per channel.

    From how often each level occurs, since the pixels as floats would take eight times the memory of the images.
    """
    levels = torch.arange(256, dtype=torch.float64) / info.white
    means, deviations = [], []
    for channel in images.unbind(dim=1):
        counts = torch.bincount(channel.flatten(), minlength=256).double()
        mean = (counts * levels).sum() / counts.sum()
        means.append(mean.item())
        deviations.append(((counts * (levels - mean) ** 2).sum() / counts.sum()).sqrt().item())
    return means, deviations
