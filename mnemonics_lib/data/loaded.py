"""What a loader of a data set gives."""

from __future__ import annotations

from typing import NamedTuple

from mnemonics_lib.data.split import Split


class Loaded(NamedTuple):
    """Training and test images of a data set, and what its classes are called.

    Attributes:
        train: images to train on.
        test: images to test on.
        names: of the classes, by class id; empty where they have none but their ids.
    """

    train: Split
    test: Split
    names: tuple[str, ...] = ()
