"""ImageNet (ILSVRC-2012), as people have it on disk, and the subset of 100 classes that LUCIR and the paper use.

In the directory of data sets it is the folder ``imagenet``: ``train/`` with a folder for each class, and ``val/``
likewise, or ``val/`` as it comes, beside it Kaggle's ``LOC_val_solution.csv``, which has the classes of its pictures.
Any of them may be a link. Classes go by their WordNet ids, in whose order ``ImageFolder`` numbers them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torchvision.models import ResNet18_Weights

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.data.tree import ClassFolders, class_folders, require_pictures, require_same_classes
from mnemonics_lib.data.wording import listed
from mnemonics_lib.paths import data_root

FOLDER = "imagenet"
SOLUTION = "LOC_val_solution.csv"
CLASSES, SUBSET, SEED = 1000, 100, 1993


def load() -> Loaded:
    """All 1,000 classes.

    Raises:
        DataError: for a folder that is not there or not whole.
    """
    train, test = _parts(data_root() / FOLDER)
    return _loaded(train, test, list(train.files))


def load_subset() -> Loaded:
    """The 100 classes of :func:`subset`, numbered in the order of their WordNet ids.

    Raises:
        DataError: as :func:`load`.
    """
    train, test = _parts(data_root() / FOLDER)
    wnids = list(train.files)
    return _loaded(train, test, [wnids[index] for index in sorted(subset())])


def subset(classes: int = CLASSES, count: int = SUBSET, seed: int = SEED) -> list[int]:
    """Which classes LUCIR's generator draws, in the order in which it draws them: 54, 7, 894, 512, ...

    It calls ``numpy.random.choice(..., replace=False)``, which takes the first of a permutation. Its pictures are then
    numbered in the order of their WordNet ids again, and only that numbering is shuffled into a class order.
    """
    return [int(index) for index in np.random.RandomState(seed).permutation(classes)[:count]]


def _parts(root: Path) -> tuple[ClassFolders, ClassFolders]:
    """The class folders to train and to test on."""
    if not root.is_dir():
        raise DataError(
            f"{root}: not there; must be ILSVRC-2012 with train/ and val/, or a link to it, or set MNEMONICS_DATA to "
            "the directory that holds it"
        )
    train = class_folders(root / "train")
    if len(train.files) != CLASSES:
        raise DataError(f"{train.root}: has {len(train.files)} class folders: must have {CLASSES}")
    solution, val = root / SOLUTION, root / "val"
    flat = val.is_dir() and not any((val / name).is_dir() for name in train.files)
    if flat and not solution.exists():
        raise DataError(
            f"{val}: has no class folders: must have one for each class, or {solution} must say of which class each "
            "picture is"
        )
    test = _solved(val, solution) if flat else class_folders(val)
    require_same_classes(train, test)
    for part in (train, test):
        require_pictures(part)
    return train, test


def _solved(val: Path, solution: Path) -> ClassFolders:
    """Pictures of all classes in one folder, by a table with their names and, first of a list, their class."""
    files: dict[str, list[Path]] = {}
    with solution.open(newline="", encoding="utf-8") as table:
        rows = csv.DictReader(table)
        if missing := {"ImageId", "PredictionString"} - set(rows.fieldnames or ()):
            raise DataError(
                f"{solution}: has no column {listed(sorted(missing))}: must have ImageId and PredictionString"
            )
        for row in rows:
            name, (wnid, *_) = row["ImageId"], (row["PredictionString"] or "").split() or ("",)
            if not name or not wnid:
                raise DataError(f"{solution}: line {rows.line_num}: must name a picture and its class")
            files.setdefault(wnid, []).append(val / f"{name}.JPEG")
    there = {file.name for file in val.iterdir()}
    if lacking := [file for of_class in files.values() for file in of_class if file.name not in there]:
        raise DataError(
            f"{val}: lacks {len(lacking)} of the pictures that {solution.name} names: {listed(lacking, most=3)}"
        )
    return ClassFolders(val, {name: sorted(files[name]) for name in sorted(files)}, [], [])


def _loaded(train: ClassFolders, test: ClassFolders, wnids: Sequence[str]) -> Loaded:
    words = dict(zip(train.files, ResNet18_Weights.IMAGENET1K_V1.meta["categories"], strict=False))
    return Loaded(_split(train, wnids), _split(test, wnids), tuple(f"{wnid} {words[wnid]}" for wnid in wnids))


def _split(part: ClassFolders, wnids: Sequence[str]) -> Split:
    files = [file for wnid in wnids for file in part.files[wnid]]
    labels = torch.tensor([label for label, wnid in enumerate(wnids) for _ in part.files[wnid]])
    return Split(StoredPictures.of(files), labels)
