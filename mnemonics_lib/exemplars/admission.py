"""What may enter the exemplar memory: every class once, with as many images as the others, in the order of rank."""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.data.held import Images


def require_new_classes(held: Images, known_labels: Tensor, each: int, images: Images, labels: Tensor) -> None:
    """Raise ValueError unless these are exemplars of classes that a memory does not have, as many of each as it has.

    Ranks are counted along each class's run of labels, so classes in another order or number would get wrong ones.

    Args:
        held: images that the memory has, [m, c, h, w].
        known_labels: theirs, [m].
        each: how many of each class it has; 0 where it is empty.
        images: what it is to take, [n, c, h, w].
        labels: [n].
    """
    require_images(held, images, len(labels))
    if labels.dtype != torch.int64 or labels.dim() != 1 or labels.device != known_labels.device:
        raise ValueError(
            f"labels: {labels.dtype} of shape {list(labels.shape)} on {labels.device}: must be torch.int64 of shape "
            f"[{len(images)}] on {known_labels.device}"
        )
    classes, counts = (tensor.tolist() for tensor in labels.unique_consecutive(return_counts=True))
    known = sorted(set(classes) & set(known_labels.tolist()))
    if known:
        raise ValueError(
            f"labels: the memory has exemplars of {_named(known)} already; it takes those of new classes alone"
        )
    if min(classes) < 0 or len(set(classes)) < len(classes):
        raise ValueError(
            f"labels: classes in the order {classes[:10]}: must be class positions, at least 0, each in one run"
        )
    each = each or counts[0]
    other = [(label, count) for label, count in zip(classes, counts, strict=True) if count != each]
    if other:
        raise ValueError(
            f"labels: {other[0][1]} exemplars of class {other[0][0]}: must be {each}, as many as of every other class"
        )


def require_images(like: Images, images: Images, count: int) -> None:
    """Raise ValueError unless these are ``count`` images of the size, type and device of those that a memory has."""
    shape = [count, *like.shape[1:]]
    if list(images.shape) != shape or images.dtype != like.dtype or images.device != like.device:
        raise ValueError(
            f"images: {images.dtype} of shape {list(images.shape)} on {images.device}: must be {like.dtype} of shape "
            f"{shape} on {like.device}"
        )


def _named(classes: list[int]) -> str:
    return f"class{'es' if len(classes) > 1 else ''} {', '.join(map(str, classes))}"
