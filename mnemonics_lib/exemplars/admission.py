"""What may enter the exemplar memory: every class once, with as many images as the others, in the order of rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mnemonics_lib.exemplars.memory import ExemplarMemory


def require_new_classes(memory: ExemplarMemory, images: Tensor, labels: Tensor) -> None:
    """Raise ValueError unless these are exemplars of classes that a memory does not have, as many of each as it has.

    Ranks are counted along each class's run of labels, so classes in another order or number would get wrong ones.

    Args:
        memory: that is to take them.
        images: [n, c, h, w].
        labels: [n].
    """
    require_images(memory, images, len(labels))
    if labels.dtype != torch.int64 or labels.dim() != 1 or labels.device != memory.labels.device:
        raise ValueError(
            f"labels: {labels.dtype} of shape {list(labels.shape)} on {labels.device}: must be torch.int64 of shape "
            f"[{len(images)}] on {memory.labels.device}"
        )
    classes, counts = (tensor.tolist() for tensor in labels.unique_consecutive(return_counts=True))
    known = sorted(set(classes) & set(memory.labels.tolist()))
    if known:
        raise ValueError(
            f"labels: the memory has exemplars of {_named(known)} already; it takes those of new classes alone"
        )
    if min(classes) < 0 or len(set(classes)) < len(classes):
        raise ValueError(
            f"labels: classes in the order {classes[:10]}: must be class positions, at least 0, each in one run"
        )
    each = memory.per_class or counts[0]
    other = [(label, count) for label, count in zip(classes, counts, strict=True) if count != each]
    if other:
        raise ValueError(
            f"labels: {other[0][1]} exemplars of class {other[0][0]}: must be {each}, as many as of every other class"
        )


def require_images(memory: ExemplarMemory, images: Tensor, count: int) -> None:
    """Raise ValueError unless these are ``count`` images of the memory's size, type and device."""
    like, shape = memory.images, [count, *memory.images.shape[1:]]
    if list(images.shape) != shape or images.dtype != like.dtype or images.device != like.device:
        raise ValueError(
            f"images: {images.dtype} of shape {list(images.shape)} on {images.device}: must be {like.dtype} of shape "
            f"{shape} on {like.device}"
        )


def _named(classes: list[int]) -> str:
    return f"class{'es' if len(classes) > 1 else ''} {', '.join(map(str, classes))}"
