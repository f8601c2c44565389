"""What images and networks from elsewhere must be, asked before the first outer step and not found out inside it."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.inner import FORMULAS
from mnemonics_lib.bilevel.requirements import HasFeatures, refuse_if_nothing_moves
from mnemonics_lib.bilevel.twice import refuse_if_not_twice_differentiable
from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.data.batches import Data, count_batches
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.rng import seeded

PROBE = 4
"""Images that a network is tried on: more than one, for batch normalisation."""


def require_data(name: str, data: Data) -> None:
    """Raise ValueError, naming the field, unless these are float images and one label each, on one device."""
    if len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
        raise ValueError(f"{name}: {[type(part).__name__ for part in data]}: must be two tensors, images and labels")
    images, labels = data
    if images.dim() != 4 or images.dtype not in (torch.float32, torch.float64) or not images.numel():
        raise ValueError(
            f"{name}: images of shape {tuple(images.shape)} and type {images.dtype}: must be floats [n, c, h, w], of "
            "32 or 64 bits, with at least one pixel"
        )
    if labels.shape != images.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"{name}: labels of shape {tuple(labels.shape)} and type {labels.dtype}: must be int64 [{len(images)}]"
        )
    if labels.device != images.device:
        raise ValueError(f"{name}: labels on {labels.device}: must be on {images.device}, where the images are")


def require_pixels(level: ExemplarLevel) -> None:
    """Raise ValueError for an axis that asks for the range or the augmentation of pixels that are not described."""
    for name in ("clip", "inner_augment", "val_augment"):
        if getattr(level, name):
            raise ValueError(
                f"level: {name} = True: must be False where pixels = None, for without them neither the range of the "
                "images nor how they may be augmented is known; give pixels = Pixels(mean, std, white, pad, flip)"
            )


def require_alike(exemplars: Data, validation: Data, pixels: Pixels) -> None:
    """Raise ValueError unless validation images and pixel space fit the exemplars.

    The images must have the exemplars' shape, type and device; mean and std too, with one number for each channel or
    one for all.
    """
    images, others = exemplars[0], validation[0]
    if images.shape[1:] != others.shape[1:]:
        raise ValueError(
            f"validation: images of shape {tuple(others.shape[1:])}: must be of the exemplars' shape, "
            f"{tuple(images.shape[1:])}"
        )
    if (images.dtype, images.device) != (others.dtype, others.device):
        raise ValueError(
            f"validation: images of type {others.dtype} on {others.device}: must be {images.dtype} on {images.device}, "
            "as the exemplars are"
        )
    for name in ("mean", "std"):
        tensor = getattr(pixels, name)
        shaped = tuple(tensor.shape) in {(1, 1, 1), (images.shape[1], 1, 1)}
        if not shaped or (tensor.dtype, tensor.device) != (images.dtype, images.device):
            raise ValueError(
                f"pixels.{name} of shape {tuple(tensor.shape)} and type {tensor.dtype} on {tensor.device}: must be "
                f"({images.shape[1]}, 1, 1), one number for each channel of the images, of {images.dtype} on "
                f"{images.device}, as the exemplars are"
            )


def require_batches(model: nn.Module, level: ExemplarLevel, exemplars: int, validation: int) -> None:
    """Raise ValueError, naming the field, where a network would be normalised by the statistics of one image.

    Args:
        model: asked whether it has layers of batch normalisation.
        level: whose batches are drawn.
        exemplars: how many there are.
        validation: likewise.
    """
    if not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules()):
        return
    loops = []
    if level.batch_norm == "batch" or level.inner in FORMULAS:  # a formula is fitted to the features of a batch
        loops.append(("inner_batch", "exemplars", exemplars, level.inner_batch or exemplars))
    # The controls measure with a batch's statistics in any case, on many images at once.
    size = level.val_batch if level.batch_norm == "batch" else validation
    loops.append(("val_batch", "validation", validation, size))
    for name, field, count, size in loops:
        if count // count_batches(count, size) < 2:
            raise ValueError(
                f"level: {name} = {getattr(level, name)}, of {count} images in {field}: must leave two or more images "
                "in each batch, as the model has layers of batch normalisation, and one image has no statistics"
            )


def require_finite(name: str, images: Tensor) -> None:
    """Raise ValueError, naming the field, where an image has a pixel that is no number."""
    broken = ~images.flatten(1).isfinite().all(dim=1)
    if broken.any():
        raise ValueError(f"{name}: image {int(broken.nonzero()[0])} has NaN or infinity: must be finite")


def require_model_like(model: nn.Module, images: Tensor) -> None:
    """Raise ValueError unless a network's parameters are of the type and on the device of the images."""
    for name, tensor in model.named_parameters():
        if (tensor.dtype, tensor.device) != (images.dtype, images.device):
            raise ValueError(
                f"model: {name} is {tensor.dtype} on {tensor.device}: must be {images.dtype} on {images.device}, as "
                "the exemplars are"
            )


def require_trainable(training: ExemplarTraining) -> None:
    """Try the temporary model of the first outer step on a few images.

    Args:
        training: before its first step; not changed, nor are the global random generators.

    Raises:
        TypeError: for a network that cannot be copied, cannot start as the level asks for, gives no logits or features,
            or cannot be differentiated twice.
        ValueError: for one that does not take the images, has no parameter that moves, gives NaN or infinity, or has
            fewer logits than labels; and where a formula could not be solved for these labels.
    """
    images = training.start[torch.arange(PROBE) % len(training.start)].clone()
    with seeded(0, images.device):
        try:
            temporary = training.temporary(0)
        except RuntimeError as error:  # of copy.deepcopy, for tensors that were computed from parameters
            raise TypeError(f"model: {type(training.model).__name__} cannot be copied: {error}") from error
        formula = training.level.inner in FORMULAS
        if not formula:
            refuse_if_nothing_moves(temporary)
        try:
            logits = temporary(images)
            features = cast(HasFeatures, temporary).features(images) if formula else None
        except Exception as error:  # whatever its layers say
            raise ValueError(
                f"model: {type(training.model).__name__} does not take images of shape {tuple(images.shape)} and type "
                f"{images.dtype}: {error}"
            ) from error
        _require_rows("logits", logits)
        classes = logits.shape[1]
        if features is not None:
            _require_rows("features", features)
            classes = cast(HasFeatures, temporary).classes
            _require_solvable(training)
        for name, labels in {"exemplars": training.inner.labels, "validation": training.samples.labels}.items():
            if labels.min() < 0 or labels.max() >= classes:
                raise ValueError(
                    f"{name}: labels {int(labels.min())} to {int(labels.max())}: must be 0 to {classes - 1}, as the "
                    f"model has {classes} logits"
                )
    if not formula:
        some = torch.arange(PROBE, device=images.device) % classes
        refuse_if_not_twice_differentiable(temporary, images, some, training.engine.layers)


def _require_rows(name: str, found: Any) -> None:
    """Raise TypeError unless these are floats, a row for each image of the probe; ValueError unless they are finite."""
    if not isinstance(found, Tensor) or found.dim() != 2 or len(found) != PROBE or not found.is_floating_point():
        shape = f" of shape {tuple(found.shape)}" if isinstance(found, Tensor) else ""
        raise TypeError(f"model: gives a {type(found).__name__}{shape} as {name}: must be a float tensor [n, k]")
    if not found.isfinite().all():
        raise ValueError(f"model: gives {name} with NaN or infinity for finite images")


def _require_solvable(training: ExemplarTraining) -> None:
    """Raise ValueError where a formula would have classes without an exemplar, whose images have an infinite loss."""
    known = set(training.inner.labels.tolist())
    without = sorted(set(training.samples.labels.tolist()) - known)
    inner = f"exemplar_level.inner = {training.level.inner!r}"
    if without:
        raise ValueError(
            f"validation: images of class {without[0]}, of which no exemplar is: {inner} needs one of each"
        )
    if 0 < training.level.inner_batch < len(known):
        raise ValueError(
            f"exemplar_level.inner_batch = {training.level.inner_batch}: must be 0 or at least {len(known)}, one "
            f"exemplar of each class, for {inner}"
        )
