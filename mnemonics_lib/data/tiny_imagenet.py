"""Tiny-ImageNet (Stanford CS231N): 200 classes of ImageNet, 500 training and 50 test images each, of 64 x 64.

It is read from the folder ``tiny-imagenet-200``, as its archive unpacks or with ``val/`` sorted into class folders. Of
it ``tiny_imagenet_100`` is a part: 100 of the classes, and of their training images those numbered below 400. That part
may also lie alone, in a folder ``tiny-imagenet-100``, as ``train/`` and ``val/`` with class folders.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.pictures import damaged_error, decode
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.tree import ClassFolders, class_folders
from mnemonics_lib.data.wording import listed
from mnemonics_lib.paths import data_root

SIZE = 64
WHOLE, PART = "tiny-imagenet-200", "tiny-imagenet-100"
ANNOTATIONS = "val_annotations.txt"
"""Under ``val/`` of the archive: a line for each picture, its name and its class first."""

CLASSES_OF_100 = tuple(
    """
    n01443537 n01629819 n01641577 n01644900 n01698640 n01768244 n01774384 n01774750 n01784675
    n01855672 n01882714 n01944390 n01945685 n01950731 n01984695 n02074367 n02099601 n02099712
    n02106662 n02124075 n02132136 n02165456 n02231487 n02236044 n02268443 n02279972 n02403003
    n02415577 n02423022 n02480495 n02481823 n02486410 n02504458 n02666196 n02730930 n02788148
    n02791270 n02793495 n02802426 n02814533 n02815834 n02892201 n02906734 n02909870 n02963159
    n02988304 n02999410 n03042490 n03085013 n03100240 n03179701 n03201208 n03250847 n03255030
    n03355925 n03393912 n03400231 n03424325 n03444034 n03544143 n03617480 n03670208 n03733131
    n03763968 n03804744 n03854065 n03970156 n03980874 n03983396 n03992509 n04008634 n04074963
    n04099969 n04133789 n04179913 n04251144 n04265275 n04285008 n04376876 n04507155 n04532106
    n04532670 n04540053 n04560804 n04562935 n04596742 n04597913 n07583066 n07615774 n07695742
    n07715103 n07749582 n07753592 n07768694 n07871810 n07873807 n07875152 n09193705 n09332890
    n12267677
    """.split()  # noqa: SIM905
)
IMAGES_OF_100 = 400


def load() -> Loaded:
    """All 200 classes, under their WordNet ids.

    Raises:
        DataError: for a folder that is not there or not whole, and for pictures that cannot be read.
    """
    root = data_root() / WHOLE
    train, test = _parts(root)
    return _read(train, test)


def load_100() -> Loaded:
    """The part that is a data set of its own, from either folder; the same pictures in the same order.

    Raises:
        DataError: as :func:`load`.
    """
    alone = data_root() / PART
    train, test = _parts(alone if alone.is_dir() else data_root() / WHOLE)
    if missing := sorted(set(CLASSES_OF_100) - train.files.keys()):
        raise DataError(f"{train.root}: has no class folder {listed(missing)}: must have those of {PART}")
    first = {name: [file for file in train.files[name] if _number(file) < IMAGES_OF_100] for name in CLASSES_OF_100}
    return _read(ClassFolders(train.root, first, [], []), test)


def _parts(root: Path) -> tuple[ClassFolders, ClassFolders]:
    """The class folders of a root, and what is tested on."""
    if not root.is_dir():
        raise DataError(
            f"{root}: not there; unpack tiny-imagenet-200.zip (Stanford CS231N) in {root.parent}, or set "
            "MNEMONICS_DATA to the directory that holds it"
        )
    train = class_folders(root / "train")
    annotations = root / "val" / ANNOTATIONS
    sorted_already = any((root / "val" / name).is_dir() for name in train.files)
    test = class_folders(root / "val") if sorted_already or not annotations.exists() else _annotated(annotations)
    if missing := sorted(train.files.keys() - test.files.keys()):
        raise DataError(f"{test.root}: has no picture of class {listed(missing)}: must have some of each")
    return train, test


def _annotated(annotations: Path) -> ClassFolders:
    """The test pictures of the archive, which lie in one folder and are named beside their class in a file."""
    files: dict[str, list[Path]] = {}
    for line in annotations.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("\t")
        files.setdefault(rest.partition("\t")[0], []).append(annotations.parent / "images" / name)
    return ClassFolders(annotations.parent, {name: sorted(files[name]) for name in sorted(files)}, [], [])


def _number(file: Path) -> int:
    """The number of a training picture, as in ``n01443537_17.JPEG``."""
    number = file.stem.rpartition("_")[2]
    if not number.isdigit():
        raise DataError(f"{file}: must be named after its class and its number, as n01443537_17.JPEG")
    return int(number)


def _read(train: ClassFolders, test: ClassFolders) -> Loaded:
    names = tuple(train.files)
    return Loaded(_split(train, names), _split(test, names), names)


def _split(part: ClassFolders, names: Iterable[str]) -> Split:
    """The pictures of some classes, in the order of the classes and of their paths."""
    files = [(file, label) for label, name in enumerate(names) for file in part.files[name]]
    decoded = decode([file for file, _ in files], SIZE, grey=False)
    if decoded.damaged:
        raise damaged_error(part.root, decoded.damaged, "unpack it again")
    return Split(decoded.images, torch.tensor([label for _, label in files]))
