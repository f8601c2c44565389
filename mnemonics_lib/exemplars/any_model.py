"""The exemplar level without the rest: exemplars for any classifier that is a ``torch.nn.Module``.

Example:
    trained = train_exemplars(model, (images, labels), (val_images, val_labels), ExemplarLevel(epochs=10))
    trained.images  # [n, c, h, w], for a trainer of your own

What it needs of the module:

- It maps normalised images [n, c, h, w] to logits [n, classes], and every parameter that requires a gradient takes
  part. Its layers must be twice differentiable, and must give the same twice: no dropout in the mode that
  ``level.batch_norm`` puts it in ("batch" is training mode, "running" evaluation mode).
- ``start = "perturbed"``: every layer with parameters has ``reset_parameters``, as PyTorch's have, or the module has a
  method ``reinitialised(seed)`` that returns a copy with fresh parameters.
- ``inner = "head"``: what stays fixed is a module named ``backbone``.
- ``inner = "ncm"`` or ``"ridge"``: a method ``features`` from images to [n, d], and a number ``classes``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.data.batches import Data
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.controls import controls
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import Walker, walk


class TrainedExemplars(NamedTuple):
    """Exemplars after their training.

    Attributes:
        images: [n, c, h, w].
        controls: the log of the outer steps and what to compare it with; see
            :func:`mnemonics_lib.exemplars.controls.controls`.
    """

    images: Tensor
    controls: dict[str, Any]


def train_exemplars(
    model: nn.Module,
    exemplars: Data,
    validation: Data,
    level: ExemplarLevel | None = None,
    pixels: Pixels | None = None,
    seed: int = 0,
    walk: Walker = walk,
) -> TrainedExemplars:
    """Train images so that a model trained on them does well on the validation data (Eq. 7 to 9).

    Args:
        model: Theta_i, the trained classifier; not changed.
        exemplars: where the exemplars start, float images [n, c, h, w] as the model takes them, and labels [n], int64.
        validation: images [m, c, h, w] and labels [m] of the classes that the exemplars stand for.
        level: the axes of the local bilevel programme; left out, the library's defaults without augmentation.
        pixels: mean, standard deviation and augmentation of the images; left out, the range of pixels is taken to be
            0 to 1, and ``inner_augment`` and ``val_augment`` change nothing.
        seed: of batches, crops and perturbed starts.
        walk: who walks the loop; a :class:`mnemonics_lib.durable.driver.Driver` shows progress and can go on later.

    Raises:
        ValueError: for images or labels of another shape or type.
        TypeError: when ``level`` asks for something that the module does not have.
    """
    level = ExemplarLevel(inner_augment=False) if level is None else level
    for name, (images, labels) in {"exemplars": exemplars, "validation": validation}.items():
        _require(name, images, labels)
    if exemplars[0].shape[1:] != validation[0].shape[1:]:
        raise ValueError(
            f"validation: images of shape {tuple(validation[0].shape[1:])}: must be of the exemplars' shape, "
            f"{tuple(exemplars[0].shape[1:])}"
        )
    if pixels is None:
        zero = exemplars[0].new_zeros(1, 1, 1)
        pixels = Pixels(zero, zero + 1, white=1, pad=0, flip=False)
    images, labels = exemplars[0].detach(), exemplars[1]  # what the caller computed them from is not trained
    context = images[:0], labels[:0]
    training = ExemplarTraining(model, (images, labels), Samples.learned(*validation, pixels), context, level, seed)
    walk(training, "exemplars")
    return TrainedExemplars(training.E.detach(), controls([training]))


def _require(name: str, images: Tensor, labels: Tensor) -> None:
    """Raise ValueError unless these are float images and one int64 label each."""
    if images.dim() != 4 or not images.is_floating_point() or not len(images):
        raise ValueError(
            f"{name}: images of shape {tuple(images.shape)} and type {images.dtype}: must be floats [n, c, h, w]"
        )
    if labels.shape != images.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"{name}: labels of shape {tuple(labels.shape)} and type {labels.dtype}: must be int64 [{len(images)}]"
        )
