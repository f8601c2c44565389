"""A split into pictures to train and to test on that is made once and kept, for a folder that has none.

It lies in the folder itself, so that it goes wherever the pictures go: a run on another machine, or of next year, is
tested on the same pictures.
"""

from __future__ import annotations

import contextlib
import json
import math
import uuid
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.tree import ClassFolders, is_text, require_pictures
from mnemonics_lib.data.wording import listed

FILE = "mnemonics-split.json"
SEED = 1993


class HeldOutWarning(UserWarning):
    """A kept split holds out another share of the pictures than a configuration says."""


class KeptSplit(BaseModel):
    """The file: which pictures of each class are for training and for testing, by their paths below the folder."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    train: dict[str, list[str]]
    test: dict[str, list[str]]


def kept_split(folders: ClassFolders, share: float) -> tuple[ClassFolders, ClassFolders]:
    """What to train and what to test on: as the folder's file says, which is made where there is none.

    Args:
        folders: all pictures.
        share: of each class's pictures, to be tested on: rounded (a half up), at least one, and never all. A split that
            is there is taken as it is; where it holds out another share, by more than rounding can, there is a warning.

    Raises:
        DataError: for a class of less than two pictures, a file that cannot be read or written, and one that does not
            name the pictures that are there.
    """
    path = folders.root / FILE
    if not path.exists():
        require_pictures(folders, least=2)
        _write(path, drawn(folders, share))
    split = _read(path)
    _require_same_pictures(path, split, folders)
    _warn_of_another_share(path, split, folders, share)
    return _part(folders, split.train), _part(folders, split.test)


def drawn(folders: ClassFolders, share: float) -> KeptSplit:
    """A random split of each class, always the same one for the same names."""
    generator = np.random.RandomState(SEED)
    train, test = {}, {}
    for name, files in folders.files.items():
        names = [path.relative_to(folders.root).as_posix() for path in files]
        # As a decimal fraction: 0.29 * 50 is 14.499999999999998 in floating point, which would be rounded down.
        wanted = math.floor(Fraction(repr(float(share))) * len(names) + Fraction(1, 2))
        count = min(len(names) - 1, max(1, wanted))
        order = generator.permutation(len(names))
        test[name] = sorted(names[k] for k in order[:count])
        train[name] = sorted(names[k] for k in order[count:])
    return KeptSplit(train=train, test=test)


def _read(path: Path) -> KeptSplit:
    try:
        return KeptSplit.model_validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or f"{error}"
    except ValidationError as error:
        problems = error.errors(include_url=False)
        reason = listed((": ".join([*map(str, each["loc"]), each["msg"]]) for each in problems), most=3)
    raise DataError(f"{path}: cannot be read ({reason}); delete it, and the split is made anew")


def _write(path: Path, split: KeptSplit) -> None:
    named = [name for part in (split.train, split.test) for names in part.values() for name in names]
    if unnamed := [name for name in named if not is_text(name)]:
        raise DataError(
            f"{path}: the split cannot be kept: pictures {listed(map(ascii, unnamed))}: their names must be UTF-8; "
            "rename them"
        )
    text = json.dumps(split.model_dump(), indent=1, ensure_ascii=False) + "\n"
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # hidden, so it is no picture; two may start at once
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise DataError(
            f"{path}: the split cannot be kept ({error.strerror or error}); let the folder be written to, or make "
            "train/ and val/ in it"
        ) from None


def _require_same_pictures(path: Path, split: KeptSplit, folders: ClassFolders) -> None:
    """Refuse a split of other pictures: those that it does not know would be left out without a word."""
    named = [name for part in (split.train, split.test) for names in part.values() for name in names]
    there = {file.relative_to(folders.root).as_posix() for files in folders.files.values() for file in files}
    advice = "delete it, and the split is made anew"
    if len(set(named)) < len(named):
        raise DataError(f"{path}: names a picture twice; {advice}")
    if gone := sorted(set(named) - there):
        raise DataError(f"{path}: names {listed(gone)}: not there; put back what is missing, or {advice}")
    if new := sorted(there - set(named)):
        raise DataError(f"{path}: does not name {listed(new)}: must name every picture; {advice}")
    if split.train.keys() != split.test.keys() or split.train.keys() != folders.files.keys():
        raise DataError(f"{path}: its classes are not those of the folder; {advice}")
    for part in (split.train, split.test):
        for of_class, names in part.items():
            if not names:
                raise DataError(f"{path}: class {of_class} has no picture to train or to test on; {advice}")
            if alien := [name for name in names if name.partition("/")[0] != of_class]:
                raise DataError(f"{path}: names {listed(alien)} as of class {of_class}; {advice}")


def _warn_of_another_share(path: Path, split: KeptSplit, folders: ClassFolders, share: float) -> None:
    """Say so where a split that is kept holds out another share than is asked for, which changes nothing of it."""
    count = sum(map(len, split.test.values()))
    wanted = sum(map(len, drawn(folders, share).test.values()))
    if abs(count - wanted) > len(split.test) / 2:  # by half a picture a class, a split made by hand may differ
        every = count + sum(map(len, split.train.values()))
        warnings.warn(
            f"folder.held_out = {share}: {path} holds out {count} of {every} pictures, {count / every:.2g} of them, "
            "and is taken as it is; delete it, and the split is made anew",
            HeldOutWarning,
            stacklevel=2,
        )


def _part(folders: ClassFolders, names: dict[str, list[str]]) -> ClassFolders:
    files = {name: [folders.root / file for file in names[name]] for name in folders.files}
    return ClassFolders(folders.root, files, [], [])
