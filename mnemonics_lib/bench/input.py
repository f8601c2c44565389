"""``bench input``: pictures per second from files on disk to normalised batches on the device, beside the usual way.

- *ours*: what a run does. Random views as a training epoch has them (:mod:`mnemonics_lib.data.streamed`), middles as
  evaluation has them (:meth:`mnemonics_lib.data.samples.Samples.parts`): bytes from other processes, normalised on the
  device. Where evaluation's own parts are smaller than a batch, a third row has those.
- *usual*: torchvision's ``ImageFolder`` and a ``DataLoader``, as in PyTorch's own example for ImageNet, with its
  transforms.

Both read the same files, at 224 x 224, with a process for each core, started at each epoch. They take turns, after a
warm-up, so that a slow moment of the machine falls on all. After the warm-up the files are in the system's cache: no
disk is measured.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision import transforms
from torchvision.datasets import ImageFolder
from tqdm import tqdm

from mnemonics_lib.bench.clock import seconds, where
from mnemonics_lib.bench.made_pictures import make_pictures
from mnemonics_lib.data.info import IMAGENET
from mnemonics_lib.data.pictures import cores
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples, part_size
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.data.streamed import epoch_batches
from mnemonics_lib.data.tree import class_folders, parts, require_pictures

SIZE, BATCH = 224, 128
BATCHES = 8
"""Of a measurement: enough for several rounds of a few cores; of more than eight some have none."""
MADE = 64
"""Pictures that are made where none are given."""


def rows(device: str = "cpu", root: Path | None = None, rounds: int = 7) -> list[dict[str, Any]]:
    """Measure all ways of reading.

    Args:
        device: a torch device, where the batches are wanted.
        root: a folder of class folders, or one with such folders ``train`` and ``val``, of which ``train`` is read;
            None for pictures of ImageNet's usual size, made in a temporary folder.
        rounds: measurements of each, of which the median counts; one more warms up.

    Returns:
        One row per way: ``pictures`` ("random views" or "middles"), ``loop``, ``images_per_second``, ``per_core``,
        ``low``, ``high``, ``rounds``, ``batch``, ``workers`` (processes that read), ``files`` (different ones),
        ``kilobytes`` (of a file, median), ``width`` and ``height`` (likewise), ``made`` (whether the pictures were
        made), ``threads``, ``device``, ``torch``.

    Raises:
        DataError: for a folder without class folders, a class without pictures, and a file that is none.
    """
    with tempfile.TemporaryDirectory() as made:
        if root is None:
            make_pictures(Path(made), MADE)
        return _rows(torch.device(device), root or Path(made), rounds, made=root is None)


def _rows(device: torch.device, root: Path, rounds: int, made: bool) -> list[dict[str, Any]]:
    given = Given(device, root)
    todo = given.loops()
    rates: dict[tuple[str, str, int], list[float]] = {key: [] for key in todo}
    for turn in tqdm(range(rounds + 1), desc="rounds", leave=False):
        for key, body in todo.items():
            took = seconds(partial(_all_of, len(given.files), body))
            if turn:
                rates[key].append(len(given.files) / took)
    found = []
    for (pictures, loop, batch), measured in rates.items():
        speed = statistics.median(measured)
        row = {"pictures": pictures, "loop": loop, "images_per_second": speed, "per_core": speed / cores()}
        row |= {"low": min(measured), "high": max(measured), "rounds": rounds, "batch": batch, "workers": cores()}
        found.append(row | facts(given.files) | {"made": made} | where(device))
    return found


def _all_of(count: int, body: Callable[[], int]) -> None:
    """Read pictures once, and see to it that it were all of them: a rate of fewer would be wrong in silence."""
    if (arrived := body()) != count:
        raise RuntimeError(f"{arrived} of {count} pictures arrived")


def facts(files: Iterable[Path]) -> dict[str, Any]:
    """How many different files there are, and what a usual one is like."""
    different = sorted(set(files))
    sizes = []
    for file in different:
        with Image.open(file) as image:
            sizes.append(image.size)
    width, height = (int(statistics.median(side)) for side in zip(*sizes, strict=True))
    kilobytes = statistics.median(file.stat().st_size for file in different) / 1000
    return {"files": len(different), "kilobytes": kilobytes, "width": width, "height": height}


def folder_of(root: Path) -> Path:
    """The folder whose class folders are read: ``root``, or ``train`` in it.

    Raises:
        DataError: where it has no class folders, or a class has no pictures.
    """
    split = parts(root) if root.is_dir() else None
    folder = split[0] if split else root
    require_pictures(class_folders(folder))
    return folder


class Given:
    """The same files for both ways: as many as the batches of a measurement have, in an order of chance.

    Where there are more they are some of them, where there are fewer each comes several times.

    Args:
        device: where the batches are wanted.
        root: as for :func:`rows`.

    Attributes:
        files: in the order in which they are read; of random views each epoch has another one.
    """

    def __init__(self, device: torch.device, root: Path) -> None:
        self.device, folder = device, folder_of(root)
        every = ImageFolder(str(folder), allow_empty=True)
        count, wanted = len(every.samples), BATCH * BATCHES
        order = torch.randperm(count, generator=torch.Generator().manual_seed(0)).repeat(-(-wanted // count))[:wanted]
        self.files = [Path(every.samples[place][0]) for place in order.tolist()]
        self.views = Subset(ImageFolder(str(folder), random_view(), allow_empty=True), order.tolist())
        self.middles = Subset(ImageFolder(str(folder), middle(), allow_empty=True), order.tolist())
        mean, std = (torch.tensor(channel, device=device)[:, None, None] for channel in IMAGENET)
        pixels = Pixels(mean, std, white=255, pad=SIZE // 8, flip=True)
        nothing = torch.zeros(wanted, dtype=torch.int64, device=device)
        self.samples = Samples.real(StoredPictures.of(self.files, SIZE).to(device), nothing, pixels)

    def loops(self) -> dict[tuple[str, str, int], Callable[[], int]]:
        """What to measure, by what is seen of a picture, the way, and the pictures in a batch; each counts them."""
        found = {
            ("random views", "ours", BATCH): self.ours_views(),
            ("random views", "usual", BATCH): self.usual(self.views, shuffle=True),
            ("middles", "ours", BATCH): lambda: self.ours_middles(BATCH),
            ("middles", "usual", BATCH): self.usual(self.middles, shuffle=False),
        }
        own = part_size(self.device, SIZE, SIZE)
        if own < BATCH:
            found["middles", "ours, evaluation's parts", own] = lambda: self.ours_middles(own)
        return found

    def ours_views(self) -> Callable[[], int]:
        """An epoch of a training, without the training."""
        loop = epoch_batches(self.samples, BATCH, augment=True, seed=0)
        return lambda: sum(_arrived(*loop.load(*batch)) for batch in loop.epoch())

    def ours_middles(self, size: int) -> int:
        """All pictures as evaluation has them, so many at a time."""
        return sum(_arrived(images, labels) for images, labels in self.samples.parts(size))

    def usual(self, data: Dataset[tuple[Tensor, int]], shuffle: bool) -> Callable[[], int]:
        """The same by torchvision's transforms and PyTorch's loader."""
        loader = DataLoader(
            data,
            BATCH,
            shuffle=shuffle,
            num_workers=cores(),
            pin_memory=self.device.type == "cuda",
        )

        def body() -> int:
            return sum(
                _arrived(images.to(self.device, non_blocking=True), labels.to(self.device)) for images, labels in loader
            )

        return body


def _arrived(images: Tensor, labels: Tensor) -> int:
    """How many pictures are there, as floats."""
    assert images.dtype == torch.float32
    assert len(images) == len(labels)
    return len(images)


def random_view() -> transforms.Compose:
    """PyTorch's example for training on ImageNet."""
    steps = [transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip()]
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(*IMAGENET)])


def middle() -> transforms.Compose:
    """PyTorch's example for evaluating on ImageNet."""
    steps = [transforms.Resize(round(SIZE * 256 / 224)), transforms.CenterCrop(SIZE)]
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(*IMAGENET)])


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    first = found[0]
    kind = "made" if first["made"] else "different"
    lines = [
        f"{first['files']:,} {kind} files, median {first['width']} x {first['height']} pixels and "
        f"{first['kilobytes']:.0f} kB; {first['workers']} processes read them",
        f"{'pictures':<13} {'loop':<25} {'batch':>5} {'images/s':>9} {'per core':>9}   range of {first['rounds']}",
    ]
    for row in found:
        rate, each, low, high = (f"{row[key]:,.0f}" for key in ("images_per_second", "per_core", "low", "high"))
        lines.append(f"{row['pictures']:<13} {row['loop']:<25} {row['batch']:>5} {rate:>9} {each:>9}   {low} to {high}")
    return "\n".join(lines)
