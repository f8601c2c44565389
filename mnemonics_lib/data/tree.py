"""Which pictures a folder holds: a folder for each class, as torchvision's ``ImageFolder`` has it, and what is not one.

Classes are the names of the folders, in the order that ``sorted`` gives; a class's place in it is its id. Pictures may
lie deeper, as those of Tiny-ImageNet do. Hidden files and folders are no pictures and no classes: ``ImageFolder`` would
make a class of Jupyter's ``.ipynb_checkpoints``, and pictures of the ``._`` files that macOS leaves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torchvision.datasets.folder import IMG_EXTENSIONS

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.wording import listed

TRAIN, TEST = "train", ("val", "test", "valid", "validation")
"""Folders of a tree that is split already; of several to test on the first."""

JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""What archives and file managers leave behind."""


@dataclass(frozen=True)
class ClassFolders:
    """The pictures of one folder of class folders.

    Attributes:
        root: the folder.
        files: class -> its pictures, in the order of their paths; both sorted.
        others: files in class folders that are no pictures by their ending.
        loose: pictures that lie in the root itself, and so are of no class.
    """

    root: Path
    files: dict[str, list[Path]]
    others: list[Path]
    loose: list[Path]


def class_folders(root: Path) -> ClassFolders:
    """The class folders of a folder, and the pictures in them.

    Raises:
        DataError: where there is no folder, or no class folder in it, and for one that cannot be read or named.
    """
    if not root.is_dir():
        raise DataError(f"{root}: {'is a file' if root.exists() else 'not there'}: must be a folder of class folders")
    entries = sorted(path for path in root.iterdir() if _is_meant(path.name))
    classes = [path for path in entries if path.is_dir()]
    loose = [path for path in entries if not path.is_dir() and is_picture(path)]
    if not classes:
        found = f"it has {len(loose)} pictures" if loose else "it is empty" if not entries else "it has files alone"
        raise DataError(f"{root}: has no class folder ({found}): must have a folder of pictures for each class")
    if unnamed := [path.name for path in classes if not is_text(path.name)]:
        raise DataError(f"{root}: class folder {listed(map(ascii, unnamed))}: the name must be UTF-8; rename it")
    files, others = {}, []
    for folder in classes:
        inside = sorted(_files_below(folder))
        files[folder.name] = [path for path in inside if is_picture(path)]
        others += [path for path in inside if not is_picture(path)]
    return ClassFolders(root, files, others, loose)


def require_two_classes(folders: ClassFolders) -> None:
    """Raise DataError for a single class, of which there is nothing to learn."""
    if len(folders.files) < 2:
        raise DataError(f"{folders.root}: has one class folder, {listed(folders.files)}: must have at least 2")


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8, and so can be written into a file; the system allows any bytes."""
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def is_picture(path: Path) -> bool:
    """Whether a file is one by its ending, as torchvision has it."""
    return path.suffix.lower() in IMG_EXTENSIONS


def parts(root: Path) -> tuple[Path, Path] | None:
    """The folders to train and to test on, of a tree that is split already; None for one that is not.

    A class may be called ``train`` too: a folder of that name that holds pictures, and no folders, is such a class.

    Raises:
        DataError: for a folder ``train`` of class folders without one to test on.
    """
    train = root / TRAIN
    if not train.is_dir() or not any(path.is_dir() and _is_meant(path.name) for path in train.iterdir()):
        return None
    for name in TEST:
        if (root / name).is_dir():
            return train, root / name
    raise DataError(f"{root}: has {TRAIN}/ and nothing to test on: must have one of {', '.join(f'{n}/' for n in TEST)}")


def require_same_classes(train: ClassFolders, test: ClassFolders) -> None:
    """Raise DataError unless both have the same classes: one more or less would give others another id."""
    for here, there in ((train, test), (test, train)):
        if missing := sorted(here.files.keys() - there.files.keys()):
            raise DataError(f"{there.root}: has no class folder {listed(missing)}, which {here.root} has: must have it")


def require_pictures(folders: ClassFolders, least: int = 1) -> None:
    """Raise DataError unless every class has so many pictures."""
    few = {name: len(files) for name, files in folders.files.items() if len(files) < least}
    if few:
        endings = {path.suffix.lower() or "no ending" for path in folders.others if _class_of(path, folders) in few}
        seen = f"; what is there ends in {listed(sorted(endings))}" if endings else ""
        need = f"at least {least} pictures" if least > 1 else "a picture"
        raise DataError(
            f"{folders.root}: class {listed(f'{name} has {count}' for name, count in few.items())}: must have {need} "
            f"each ({', '.join(IMG_EXTENSIONS)}){seen}"
        )


def _class_of(path: Path, folders: ClassFolders) -> str:
    return path.relative_to(folders.root).parts[0]


def _is_meant(name: str) -> bool:
    return not name.startswith(".") and name not in JUNK


def _files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, through links too, each folder once.

    A link to a folder above is not followed: it would never end, and give a class the pictures of the others.
    """
    seen = set(map(_place, folder.resolve().parents))
    for here, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        if _place(here) in seen:
            folders.clear()
            continue
        seen.add(_place(here))
        folders[:] = sorted(filter(_is_meant, folders))
        yield from (Path(here) / name for name in files if _is_meant(name))


def _place(folder: str | Path) -> tuple[int, int]:
    """Device and number of a folder: the same by whatever path it is reached."""
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _refuse(error: OSError) -> None:
    """Stop for a folder that cannot be read, whose pictures would be missing without a word."""
    raise DataError(f"{error.filename}: cannot be read ({error.strerror}): must be a folder that may be read") from None
