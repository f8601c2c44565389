"""ImageNet (ILSVRC-2012), as people have it on disk, and the subset of 100 classes that LUCIR and the paper use.

In the directory of data sets it is the folder ``imagenet``: ``train/`` with a folder for each class, and ``val/``
likewise, or ``val/`` as it comes, beside it Kaggle's ``LOC_val_solution.csv``, which has the classes of its pictures.
Any of them may be a link. Classes go by their WordNet ids, in whose order ``ImageFolder`` numbers them. For the subset
it may also be a folder of those 100 classes alone, which are known by their names.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
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

OF_SUBSET = tuple(
    """
    n01514668 n01531178 n01537544 n01689811 n01729322 n01744401 n01774384 n01775062 n01806567
    n01882714 n01914609 n01984695 n01990800 n02002556 n02011460 n02033041 n02088094 n02091467
    n02094258 n02096177 n02101388 n02102318 n02105056 n02107574 n02107908 n02112137 n02112706
    n02115913 n02116738 n02120079 n02123597 n02128385 n02128757 n02168699 n02229544 n02279972
    n02280649 n02363005 n02526121 n02536864 n02640242 n02669723 n02749479 n02786058 n02814860
    n02840245 n02917067 n02948072 n02950826 n02951585 n02971356 n03000247 n03016953 n03017168
    n03075370 n03085013 n03089624 n03109150 n03141823 n03223299 n03250847 n03290653 n03485407
    n03527444 n03532672 n03657121 n03691459 n03697007 n03710193 n03759954 n03775071 n03785016
    n03884397 n03891332 n03942813 n03967562 n04026417 n04074963 n04152593 n04153751 n04266014
    n04355933 n04371430 n04399382 n04409515 n04428191 n04442312 n04525305 n04550184 n04591157
    n04599235 n04604644 n07614500 n07831146 n07892512 n09468604 n12267677 n12620546 n12768682
    n15075141
    """.split()  # noqa: SIM905
)
"""The classes of :func:`subset` by name, in order: those at the places that it draws among the 1,000 of ILSVRC-2012."""


def load() -> Loaded:
    """All 1,000 classes.

    Raises:
        DataError: for a folder that is not there or not whole.
    """
    train, test = _parts(data_root() / FOLDER)
    return _loaded(train, test, {wnid: place for place, wnid in enumerate(train.files)})


def load_subset() -> Loaded:
    """The 100 classes of :func:`subset`, numbered in the order of their WordNet ids.

    From a folder of all 1,000 or of these alone: the same pictures in the same order, under the same numbers.

    Raises:
        DataError: as :func:`load`, and for a folder that has not these classes.
    """
    train, test = _parts(data_root() / FOLDER, OF_SUBSET)
    return _loaded(train, test, dict(zip(OF_SUBSET, sorted(subset()), strict=True)))


def subset() -> list[int]:
    """Which classes LUCIR's generator draws, in the order in which it draws them: 54, 7, 894, 512, ...

    It calls ``numpy.random.choice(..., replace=False)``, which takes the first of a permutation. Its pictures are then
    numbered in the order of their WordNet ids again, and only that numbering is shuffled into a class order.
    """
    return [int(index) for index in np.random.RandomState(SEED).permutation(CLASSES)[:SUBSET]]


def _parts(root: Path, wanted: Sequence[str] = ()) -> tuple[ClassFolders, ClassFolders]:
    """The class folders to train and to test on: all, or where some are wanted those alone if there are no others."""
    if not root.is_dir():
        raise DataError(
            f"{root}: not there; must be ILSVRC-2012 with train/ and val/, or a link to it, or set MNEMONICS_DATA to "
            "the directory that holds it"
        )
    train = class_folders(root / "train")
    alone = list(train.files) == list(wanted)
    if len(train.files) != CLASSES and not alone:
        instead = f", or the {len(wanted)} of the subset and no others" if wanted else ""
        raise DataError(f"{train.root}: has {len(train.files)} class folders: must have {CLASSES}{instead}")
    if missing := sorted(set(wanted) - train.files.keys()):
        raise DataError(f"{train.root}: has no class folder {listed(missing)}: must have those of the subset")
    solution, val = root / SOLUTION, root / "val"
    flat = val.is_dir() and not any((val / name).is_dir() for name in train.files)
    if flat and not solution.exists():
        raise DataError(
            f"{val}: has no class folders: must have one for each class, or {solution} must say of which class each "
            "picture is"
        )
    test = _solved(val, solution, train.files.keys() if alone else None) if flat else class_folders(val)
    require_same_classes(train, test)
    for part in (train, test):
        require_pictures(part)
    return train, test


def _solved(val: Path, solution: Path, only: Collection[str] | None) -> ClassFolders:
    """Pictures of all classes in one folder, by a table with their names and, first of a list, their class.

    Args:
        val: the folder.
        solution: the table.
        only: classes whose pictures are wanted, and need be there; None for all.
    """
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
            if only is None or wnid in only:
                files.setdefault(wnid, []).append(val / f"{name}.JPEG")
    there = {file.name for file in val.iterdir()}
    if lacking := [file for of_class in files.values() for file in of_class if file.name not in there]:
        raise DataError(
            f"{val}: lacks {len(lacking)} of the pictures that {solution.name} names: {listed(lacking, most=3)}"
        )
    return ClassFolders(val, {name: sorted(files[name]) for name in sorted(files)}, [], [])


def _loaded(train: ClassFolders, test: ClassFolders, places: Mapping[str, int]) -> Loaded:
    """Some classes, by their place among all 1,000, which have their words in that order."""
    words, wnids = ResNet18_Weights.IMAGENET1K_V1.meta["categories"], list(places)
    names = tuple(f"{wnid} {words[place]}" for wnid, place in places.items())
    return Loaded(_split(train, wnids), _split(test, wnids), names)


def _split(part: ClassFolders, wnids: Sequence[str]) -> Split:
    files = [file for wnid in wnids for file in part.files[wnid]]
    labels = torch.tensor([label for label, wnid in enumerate(wnids) for _ in part.files[wnid]])
    return Split(StoredPictures.of(files), labels)
