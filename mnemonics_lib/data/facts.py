"""What is declared of a data set against what its loader gives, for every data set, the library's own too.

Class order, budgets, normalisation and crops follow from the facts. Where the data are otherwise, a run would end in an
error that names no cause, or in numbers that mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mnemonics_lib.data.checks import require_labels, require_raw
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.info import Channels, DatasetInfo
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.split import Split
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.data.wording import is_whole, kind, listed

RULES: dict[str, tuple[Callable[[DatasetInfo], bool], str]] = {
    "classes": (
        lambda info: is_whole(info.classes, 2),
        "an integer >= 2, as phase 0 and the phases after it have a class at least",
    ),
    "images_per_class": (lambda info: is_whole(info.images_per_class, 1), "an integer >= 1"),
    "shape": (
        lambda info: isinstance(info.shape, tuple) and len(info.shape) == 3 and all(is_whole(n, 1) for n in info.shape),
        "a tuple of three integers >= 1: channels, height and width",
    ),
    "white": (lambda info: is_whole(info.white, 1, 255), "an integer from 1 to 255, the largest value of a raw pixel"),
    "pad": (
        lambda info: is_whole(info.pad, 0, min(info.shape[1:]) - 1),
        "an integer >= 0 and less than height and width, so that every crop shows a part of the image",
    ),
    "flip": (lambda info: isinstance(info.flip, bool), "True or False"),
    "normalisation": (
        lambda info: info.normalisation is None or _normalises(info.normalisation, info.shape[0]),
        "None, or two tuples of finite numbers, one for each channel: the means, and the deviations, larger than 0",
    ),
    "on_disk": (lambda info: isinstance(info.on_disk, bool), "True or False"),
}
"""For each field of the facts what it must be: in code, and in words. A rule may rely on those above it."""


def _normalises(normalisation: tuple[Channels, Channels], channels: int) -> bool:
    """Whether these are a mean and a deviation that can be divided by, for each channel, as the floats they become."""
    if not isinstance(normalisation, tuple) or len(normalisation) != 2:
        return False
    for part in normalisation:
        if not isinstance(part, tuple) or len(part) != channels:
            return False
        if not all(isinstance(value, int | float) for value in part):
            return False
    mean, std = torch.tensor(normalisation, dtype=torch.float32)
    return bool(mean.isfinite().all() and std.isfinite().all() and (std > 0).all())


def check_facts(name: str, info: DatasetInfo) -> None:
    """Refuse facts that are true of no data set.

    Raises:
        DataError: naming the data set, the field, its value and what is allowed.
    """
    for field, (holds, allowed) in RULES.items():
        if not holds(info):
            raise DataError(f"{name}: {field} = {getattr(info, field)!r} among its facts: must be {allowed}")


def check_loaded(name: str, info: DatasetInfo, loaded: object) -> Loaded:
    """What a loader returned, when it is what the facts say.

    Args:
        name: of the data set.
        info: its facts, checked.
        loaded: what its loader returned: two Splits, and a name for each class where classes have names.

    Raises:
        DataError: naming the data set, the split, the field, what is there and what is allowed.
    """
    parts = list(loaded) if isinstance(loaded, tuple | list) else []
    if len(parts) not in (2, 3) or not all(isinstance(part, Split) for part in parts[:2]):
        found = f"{kind(loaded)} of {len(parts)} ({listed(map(kind, parts))})" if parts else kind(loaded)
        raise DataError(f"{name}: its loader returned {found}: must return two Splits, training and test")
    train, test, names = *parts[:2], _names(name, info, parts[2] if parts[2:] else ())
    _check_split(f"{name}: train", train, info, info.images_per_class, "images_per_class")
    _check_split(f"{name}: test", test, info, 1, "or a class could not be tested")
    return Loaded(train, test, names)


def _names(name: str, info: DatasetInfo, names: object) -> tuple[str, ...]:
    """Names of the classes by class id, which are the ids themselves where a loader gives none."""
    found = list(names) if isinstance(names, tuple | list) else [names]
    if not found:
        return tuple(map(str, range(info.classes)))
    if not all(isinstance(each, str) and each for each in found) or {len(found), len(set(found))} != {info.classes}:
        raise DataError(
            f"{name}: its loader returned the names {listed(map(repr, found))}: must be {info.classes} different "
            "words, one for each class"
        )
    return tuple(map(str, found))


def _check_split(where: str, split: Split, info: DatasetInfo, least: int, why: str) -> None:
    """Refuse a split whose images, labels or classes are not those of the facts."""
    try:
        require_raw("images", split.images, info.shape)
        require_labels("labels", split.labels, len(split.images))
    except ValueError as error:
        raise DataError(f"{where}.{error}") from None
    unknown = [class_id for class_id in split.classes() if not 0 <= class_id < info.classes]
    if unknown:
        raise DataError(
            f"{where}.labels: holds {listed(unknown)}: must be 0 to {info.classes - 1}, as classes = {info.classes}"
        )
    counts = torch.bincount(split.labels, minlength=info.classes).tolist()
    few = [f"{count} of class {class_id}" for class_id, count in enumerate(counts) if count < least]
    if few:
        raise DataError(f"{where}.labels: images {listed(few)}: must be at least {least} of each class ({why})")
    on_disk = isinstance(split.images, StoredPictures)
    if on_disk != info.on_disk:
        where_they_are = "on disk" if on_disk else "in memory"
        raise DataError(f"{where}.images: {where_they_are}: must be as on_disk = {info.on_disk} among the facts says")
    if on_disk:  # whose pixels are bytes, and too many to look at
        return
    largest = int(split.images.max())
    if largest > info.white:
        raise DataError(f"{where}.images: the largest value is {largest}: must be at most white = {info.white}")


def check_not_constant(name: str, train: Split) -> Tensor:
    """Refuse training images that no mean and deviation can be taken from: of a channel of one value, or on disk.

    Returns:
        The images.

    Raises:
        DataError: naming the data set, the channels and the way out.
    """
    if isinstance(train.images, StoredPictures):
        raise DataError(f"{name}: its images stay on disk, so the facts must give a normalisation")
    low, high = train.images.amin(dim=(0, 2, 3)), train.images.amax(dim=(0, 2, 3))
    constant = [f"{channel} ({int(low[channel])})" for channel in torch.nonzero(low == high).flatten().tolist()]
    if constant:
        raise DataError(
            f"{name}: train.images: one value alone in channel {listed(constant)}: must have a standard deviation "
            "larger than 0, or the facts must give a normalisation"
        )
    return train.images
