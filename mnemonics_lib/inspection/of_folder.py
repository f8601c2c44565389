"""What a folder of pictures holds, and what of it would go wrong in a run; every picture is read once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from PIL import Image
from torch import Tensor

from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.facts import check_not_constant
from mnemonics_lib.data.folder import split_of
from mnemonics_lib.data.held_out import FILE
from mnemonics_lib.data.pictures import decode
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.tree import ClassFolders, class_folders, parts
from mnemonics_lib.data.wording import listed


@dataclass(frozen=True)
class Part:
    """The pictures to train or to test on.

    Attributes:
        root: the folder they are in.
        counts: class -> pictures that could be read.
        damaged: file -> why it could not.
        sizes: width and height of each picture, before scaling.
        files: those that could be read.
        seen: of each of them the digest of its pixels after scaling.
    """

    root: Path
    counts: dict[str, int]
    damaged: dict[Path, str]
    sizes: list[tuple[int, int]]
    files: list[Path]
    seen: list[bytes]


@dataclass(frozen=True)
class FolderReport:
    """What :func:`inspect_folder` found.

    Attributes:
        split: where the split into training and test pictures comes from, in words.
        train: the pictures to train on.
        test: the pictures to test on.
        others: files in class folders that are no pictures.
        loose: pictures outside of class folders.
        twins: a test picture and a training picture that are the same, pixel for pixel.
        folder: the section of a configuration that describes them.
    """

    split: str
    train: Part
    test: Part
    others: list[Path]
    loose: list[Path]
    twins: list[tuple[Path, Path]]
    folder: Folder


def inspect_folder(root: Path, size: int, grey: bool, held_out: float = 0.2) -> FolderReport:
    """Read all pictures of a folder, and say what is there.

    Args:
        root: the folder.
        size: height and width that the pictures are brought to.
        grey: one channel instead of three.
        held_out: share of each class that is tested on, where the folder is not split.

    Raises:
        DataError: for a folder that is none of class folders, for a class of which nothing can be read, and for
            training pictures of which a channel has one value alone.
    """
    given = parts(root)
    found = [class_folders(folder) for folder in given or (root,)]
    kept = (root / FILE).exists()
    (train, images), (test, _) = (_part(part, size, grey) for part in split_of(root, held_out))
    for part in (train, test):
        if empty := [name for name, count in part.counts.items() if not count]:
            raise DataError(f"{part.root}: of class {listed(empty)} no picture can be read")
    check_not_constant("folder", Split(images, torch.zeros(len(images), dtype=torch.int64)))
    if given:
        split = f"{given[0].name}/ and {given[1].name}/"
    else:
        split = f"{FILE}, {'which was there' if kept else f'made now, with {held_out:.0%} of each class held out'}"
    damaged = bool(train.damaged or test.damaged)
    folder = Folder(
        path=str(root.resolve()),
        classes=len(train.counts),
        images_per_class=min(train.counts.values()),
        size=size,
        grey=grey,
        held_out=held_out,
        damaged="skip" if damaged else "stop",
    )
    others = [file for part in found for file in part.others]
    loose = [file for part in found for file in part.loose]
    return FolderReport(split, train, test, others, loose, list(_twins(train, test)), folder)


def _part(folders: ClassFolders, size: int, grey: bool) -> tuple[Part, Tensor]:
    """What there is of a part, and the pictures that can be read, [n, c, size, size]."""
    files = [file for of_class in folders.files.values() for file in of_class]
    names = [name for name, of_class in folders.files.items() for _ in of_class]
    decoded = decode(files, size, grey)
    chosen = decoded.kept.tolist()
    counts = Counter(names[k] for k in chosen)
    readable = [files[k] for k in chosen]
    found = Part(
        folders.root,
        {name: counts[name] for name in folders.files},
        decoded.damaged,
        [_size(file) for file in readable],
        readable,
        [_digest(image) for image in decoded.images],
    )
    return found, decoded.images


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def _digest(image: Tensor) -> bytes:
    return hashlib.sha256(image.numpy().tobytes()).digest()


def _twins(train: Part, test: Part) -> Iterator[tuple[Path, Path]]:
    """Test pictures that were trained on under another name: what is measured on them is no test."""
    trained = dict(zip(train.seen, train.files, strict=True))
    for digest, file in zip(test.seen, test.files, strict=True):
        if digest in trained:
            yield file, trained[digest]


def lines(report: FolderReport) -> Iterator[str]:
    """The report in words, a line for each thing."""
    size, channels = report.folder.size, 1 if report.folder.grey else 3
    yield f"classes: {report.folder.classes} ({listed(report.train.counts)})"
    yield f"split: {report.split}"
    for name, part in (("train", report.train), ("test", report.test)):
        counts, shorter = sorted(part.counts.values()), sorted(min(size) for size in part.sizes)
        yield (
            f"{name}: {sum(counts):,} pictures, {counts[0]:,} to {counts[-1]:,} a class (median {median(counts):,g}); "
            f"shorter side {shorter[0]} to {shorter[-1]} pixels (median {median(shorter):g})"
        )
        if part.damaged:
            named = listed((f"{file} ({reason})" for file, reason in part.damaged.items()), most=5)
            yield f"damaged in {name}: {len(part.damaged)}: {named}"
    shown = report.train.sizes + report.test.sizes
    if small := sum(min(each) < size for each in shown):
        yield f"smaller than {size} pixels, so enlarged: {small:,}"
    if report.twins:
        pairs = listed((f"{one} is {other}" for one, other in report.twins), most=3)
        yield f"in test and in train, pixel for pixel: {len(report.twins):,}: {pairs}"
    if report.others:
        yield f"no pictures by their ending, left out: {len(report.others):,}: {listed(report.others, most=3)}"
    if report.loose:
        yield f"in no class folder, left out: {len(report.loose):,}: {listed(report.loose, most=3)}"
    yield f"in memory: {len(shown) * channels * size**2 / 1e6:,.1f} MB, as {channels} x {size} x {size} bytes each"
