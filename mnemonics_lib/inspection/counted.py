"""How many images a data set has of each class: from the data where they are there, else from what is known of them."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.cifar100 import missing_files
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.paths import data_root

KNOWN = {
    "imagenet": (1281, 50),  # 1,281,167 in 1,000 classes
    "imagenet_subset": (1281, 50),
    "cifar100": (500, 100),
    "tiny_imagenet": (500, 50),
    "tiny_imagenet_100": (400, 50),
}
"""Images of a class to train and to test on, where the data set has as many of each, and ImageNet's mean."""


@dataclass(frozen=True)
class Counted:
    """What there is of a data set.

    Attributes:
        train: images to train on, by class id.
        test: images to test on, by class id.
        pictures: those to train on, where they stay on disk and are there.
        assumed: why these numbers are assumed; empty where the data were counted.
    """

    train: list[int]
    test: list[int]
    pictures: StoredPictures | None
    assumed: str


def counted(config: RunConfig) -> Counted:
    """Count the images of a run's data set; nothing is downloaded."""
    try:
        if config.dataset == "cifar100" and (missing := missing_files(data_root())):
            raise DataError(f"{missing[0]}: not there")
        data = load_dataset(config.dataset, torch.device("cpu"), config.resolution, config.folder)
    except DataError as error:
        return _assumed(config, str(error).replace(f"{data_root()}{os.sep}", ""))  # where it is looked for is no result
    pictures = data.train.images if isinstance(data.train.images, StoredPictures) else None
    classes = config.facts.classes
    return Counted(_by_class(data.train, classes), _by_class(data.test, classes), pictures, "")


def _by_class(split: Split, classes: int) -> list[int]:
    return torch.bincount(split.labels.cpu(), minlength=classes).tolist()


def _assumed(config: RunConfig, why: str) -> Counted:
    facts = config.facts
    train, test = KNOWN.get(config.dataset, (facts.images_per_class, 0))
    if config.folder:  # of a folder that is not split, this share is tested on
        test = round(train * config.folder.held_out / (1 - config.folder.held_out))
    reason = f"the data cannot be read ({why}): {train:,} images to train and {test:,} to test on are assumed a class"
    return Counted([train] * facts.classes, [test] * facts.classes, None, reason)
