"""The exemplar level without the rest: exemplars for any classifier that is a ``torch.nn.Module``.

Example::

    level = ExemplarLevel(epochs=10, inner_augment=False)
    trained = train_exemplars(model, (images, labels), (val_images, val_labels), level)
    trained.images  # [n, c, h, w], for a trainer of your own

What it needs of the module:

- It maps normalised images [n, c, h, w] to logits [n, classes], and every parameter that requires a gradient takes
  part. Its parameters and the images are of one floating type, 32 or 64 bits, and on one device.
- Its layers are twice differentiable. They may be random, as dropout is in the mode that ``level.batch_norm`` puts it
  in ("batch" is training mode, "running" evaluation mode): the seed decides what they draw from torch's generators.
  What draws from elsewhere, or keeps what a forward pass changes, is for ``engine = "higher"`` alone.
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
from mnemonics_lib.exemplars.any_input import (
    require_alike,
    require_batches,
    require_data,
    require_finite,
    require_model_like,
    require_pixels,
    require_trainable,
)
from mnemonics_lib.exemplars.controls import controls
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.exemplars.shuffled import refuse_one_alone, shuffle
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
        exemplars: where the exemplars start, float images [n, c, h, w] as the model takes them, and labels [n], int64,
            which are positions of logits.
        validation: images [m, c, h, w] and labels [m] of the classes that the exemplars stand for.
        level: the axes of the local bilevel programme; left out, the library's defaults without augmentation.
        pixels: mean, standard deviation and augmentation of the images. ``clip``, ``inner_augment`` and ``val_augment``
            need them. Without them the log's column ``outside`` is of the range 0 to 1, and means nothing for images of
            another one.
        seed: of batches, crops, perturbed starts and random layers; torch's own generators are afterwards where they
            were, but for those of GPUs on which the images are not.
        walk: who walks the loop; a :class:`mnemonics_lib.durable.driver.Driver` shows progress and can go on later.

    Raises:
        ValueError: for images, labels, pixels or parameters of another shape, type or device, axes that need pixels
            where none are given, batches of one image for a module with batch normalisation, images that are not
            finite, labels without a logit, a module in which nothing moves, and one exemplar alone whose displacement
            would be shuffled.
        TypeError: for a level that is no :class:`~mnemonics_lib.config.sections.ExemplarLevel`; when it asks for
            something that the module does not have, or it cannot be differentiated twice; and in the first outer
            steps, where an adjoint engine computes an inner step again and gets another loss.
        DivergedError: for an outer step that comes upon NaN or infinity; NonFiniteError for a control that does.
    """
    level = ExemplarLevel(inner_augment=False) if level is None else level
    if not isinstance(level, ExemplarLevel):
        raise TypeError(f"level: {type(level).__name__}: must be an ExemplarLevel, such as ExemplarLevel(epochs=2)")
    shuffles = level.displacement == "shuffled"
    given = {"exemplars": exemplars, "validation": validation}
    for name, data in given.items():
        require_data(name, data)
    if pixels is None:
        require_pixels(level)
        zero = exemplars[0].new_zeros(1, 1, 1)
        pixels = Pixels(zero, zero + 1, white=1, pad=0, flip=False)
    require_alike(exemplars, validation, pixels)
    require_model_like(model, exemplars[0])
    for name, (images, _) in given.items():
        require_finite(name, images)
    if shuffles:
        refuse_one_alone(len(exemplars[1]))
    require_batches(model, level, len(exemplars[1]), len(validation[1]))
    with torch.inference_mode(False), torch.enable_grad():  # wherever it is called
        images, labels, val_images, val_labels = (tensor.detach() for tensor in (*exemplars, *validation))
        context = images[:0], labels[:0]
        samples = Samples.learned(val_images, val_labels, pixels)
        training = ExemplarTraining(model, (images, labels), samples, context, level, seed)
        require_trainable(training)
        walk(training, "exemplars")
        if shuffles:
            shuffle(training)
        return TrainedExemplars(training.E.detach(), controls([training]))
