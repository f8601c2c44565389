"""Pictures of one's own: a folder with a folder for each class, read whole into memory."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.held_out import kept_split
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.pictures import Decoded, damaged_error, decode, first_of
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.tree import (
    ClassFolders,
    class_folders,
    parts,
    require_pictures,
    require_same_classes,
    require_two_classes,
)
from mnemonics_lib.data.wording import listed
from mnemonics_lib.paths import data_root

WAY_OUT = "delete them, or leave them out with folder.damaged = skip"
"""What to do about pictures that cannot be read."""


class DamagedWarning(UserWarning):
    """Pictures that could not be read were left out."""


def place(path: str | Path) -> Path:
    """Where a folder of a configuration is: a relative path counts from the place of all data sets."""
    return data_root() / Path(path).expanduser()


def pictures_of(folder: Folder) -> tuple[ClassFolders, ClassFolders]:
    """The files to train and to test on, compared with what is declared of them.

    Raises:
        DataError: naming the folder and what is wrong with it, or the field, its value and what is there.
    """
    train, test = split_of(place(folder.path), folder.held_out)
    if len(train.files) != folder.classes:
        raise DataError(
            f"folder.classes = {folder.classes}: must be {len(train.files)}, the class folders of {train.root}: "
            f"{listed(train.files)}"
        )
    return train, test


def split_of(root: Path, held_out: float) -> tuple[ClassFolders, ClassFolders]:
    """The files to train and to test on: those of ``train/`` and ``val/``, or of a split that is kept in the folder."""
    folders = parts(root)
    if folders is None:
        whole = class_folders(root)
        require_two_classes(whole)  # before a file is left in what may be another folder
        return kept_split(whole, held_out)
    train, test = map(class_folders, folders)
    require_two_classes(train)
    require_same_classes(train, test)
    for part in (train, test):
        require_pictures(part)
    return train, test


def load(folder: Folder) -> Loaded:
    """Read all pictures of a folder.

    Raises:
        DataError: for a folder that is not as declared, and for pictures that cannot be read, unless they are skipped.
    """
    train, test = pictures_of(folder)
    whole: list[Split] = []
    damaged: dict[Path, str] = {}
    for part in (train, test):
        split, of_part = read_part(part, folder)
        whole.append(split)
        damaged |= of_part
    if damaged:
        say_damaged(train.root, damaged, folder.damaged == "skip")
    return Loaded(whole[0], whole[1], tuple(train.files))


def read_part(part: ClassFolders, folder: Folder) -> tuple[Split, Mapping[Path, str]]:
    """The pictures of one part, labelled by the place of their class, and those that are damaged, with the reason."""
    files = [file for of_class in part.files.values() for file in of_class]
    labels = torch.tensor([label for label, of_class in enumerate(part.files.values()) for _ in of_class])
    decoded: Decoded = decode(files, folder.size, folder.grey)
    return Split(decoded.images, labels[decoded.kept]), decoded.damaged


def say_damaged(root: Path, damaged: Mapping[Path, str], skip: bool) -> None:
    """Stop for pictures that cannot be read, or warn that they are left out.

    Raises:
        DataError: naming the first of them, the reason, and how many there are.
    """
    if not skip:
        raise damaged_error(root, damaged, WAY_OUT)
    named = first_of(damaged)
    warnings.warn(
        f"{root}: {len(damaged)} pictures cannot be read and are left out: {named}", DamagedWarning, stacklevel=2
    )


def look_at(path: str | Path, size: int = 32, **fields: Any) -> Folder:
    """Describe a folder of pictures, for ``RunConfig(dataset="folder", folder=look_at(...))``: its classes are counted.

    Args:
        path: the folder; it is kept as an absolute path.
        size: height and width that the pictures are brought to.
        **fields: further fields of :class:`~mnemonics_lib.data.declared.Folder`, such as ``grey=True``.

    Raises:
        DataError: for a folder without pictures of two classes.
        pydantic.ValidationError: for a field that is not allowed.
    """
    root = Path(path).expanduser().resolve()
    draft = Folder(path=str(root), classes=2, images_per_class=1, size=size, **fields)
    train, _ = split_of(root, draft.held_out)
    if draft.damaged == "skip":
        split, damaged = read_part(train, draft)
        counts = torch.bincount(split.labels, minlength=len(train.files)).tolist()
        if none := [name for name, count in zip(train.files, counts, strict=True) if not count]:
            raise DataError(f"{train.root}: class {listed(none)} has no picture that can be read: {first_of(damaged)}")
        smallest = min(counts)
    else:
        smallest = min(map(len, train.files.values()))
    return draft.model_copy(update={"classes": len(train.files), "images_per_class": smallest})
