"""Which loop is which: a finished one stands in for another with the same name, settings, loss and starting point."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.edition.finished.minimised import defined_as, floats, minimised
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import Loop
from mnemonics_lib.methods.base import Method
from mnemonics_lib.training import Descent, classification

LOSS = "loss"
"""The setting that says what a training minimises; what its loss holds begins with this word in ``Described.start``."""

TOLERANCE = 1e-3
"""Of a tensor's size: far above what processors round differently, far below what another choice of images changes."""


class Described(NamedTuple):
    """What a loop is made from, before its first step, as JSON values.

    Attributes:
        name: under which it is walked.
        settings: its kind, seed, steps and fields; of a training of a network also the loss that it minimises.
        start: four numbers of each tensor that it begins with, by the tensor's name; see :func:`numbers`. What the
            loss holds, such as the teacher, is among them.
    """

    name: str
    settings: dict[str, Any]
    start: dict[str, list[float]]


def describe(loop: Loop, name: str) -> Described:
    """What a loop of which no step is done is made from.

    Raises:
        TypeError: for a loop of another kind than the paper's, for one on pictures that stay on disk, and for a
            training whose loss cannot be told from another (:func:`.minimised.minimised`).
    """
    level: Any
    tensors: dict[str, Iterable[Tensor]]
    more: dict[str, Any] = {}
    if isinstance(loop, Descent):
        try:
            loss = minimised(loop.loss, loop.model)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None
        level, more = loop.sgd, {LOSS: {"of": loss.of, "holds": loss.holds}}
        held = {f"{LOSS}.{part}": of for part, of in loss.tensors.items()}
        tensors = {"model": floats(loop.model), **_images("samples", loop.batches.samples), **held}
    elif isinstance(loop, ExemplarTraining):
        of_data = _images("validation", loop.samples) | _images("context", Samples.learned(*loop.context, loop.pixels))
        level, tensors = loop.level, {"model": floats(loop.model), "exemplars": [loop.start], **of_data}
    elif isinstance(loop, Adjustment):
        parts = [loop.memory.images[index] for index in loop.parts]
        level, tensors = loop.level, {"model": floats(loop.model), "exemplars": parts}
    else:
        raise TypeError(f"{name}: a {type(loop).__name__}: must be a loop of the model level or the exemplar level")
    settings = {"kind": type(loop).__name__, "seed": loop.seed, "steps": len(loop), **level.model_dump(mode="json")}
    return Described(name, settings | more, {part: numbers(of) for part, of in tensors.items()})


def alike(one: Described, other: Described) -> bool:
    """Whether two loops are the same but for rounding, and so have the same end."""
    if (one.name, one.settings, one.start.keys()) != (other.name, other.settings, other.start.keys()):
        return False
    return all(_close(mine, other.start[part]) for part, mine in one.start.items())


def with_loss(kept: Described, loop: Described, method: type[Method]) -> Described:
    """What a kept loop was made from, with its loss, where the file of loops is older than losses in it (2026-11-29).

    Such a file holds loops of one configuration, each under the name that a phase gives it. The name says what was
    minimised: the method's loss in the model level of phase 1 and later, and Eq. 2 in all other trainings. What the
    loss holds, such as the teacher, is not in the file. It follows from the configuration and from the network that the
    loop begins with, which are compared, so that it is taken to be that of the loop in question.

    Args:
        kept: a loop of the file.
        loop: the one in question, as :func:`describe` has it.
        method: of the configuration that the file's loops were made with.

    Returns:
        ``kept`` as it is where it says its loss, has none, or has another loss than ``loop``.
    """
    if kept.settings["kind"] != Descent.__name__ or LOSS in kept.settings or LOSS not in loop.settings:
        return kept
    of_method = re.fullmatch(r"phase [1-9]\d*: model", kept.name)
    if loop.settings[LOSS]["of"] != defined_as(method if of_method else classification):
        return kept
    held = {part: values for part, values in loop.start.items() if part.startswith(f"{LOSS}.")}
    return kept._replace(settings={**kept.settings, LOSS: loop.settings[LOSS]}, start={**kept.start, **held})


def numbers(tensors: Iterable[Tensor]) -> list[float]:
    """Of all values together: how many, their mean, their root mean square, and a sum over a wave.

    The wave gives every place a weight of its own, so that other images, or the same in another order, have another
    sum; it is divided by the root of their number, which keeps it as large as the root mean square.
    """
    values = torch.cat([torch.zeros(0, dtype=torch.float64), *(each.detach().double().flatten() for each in tensors)])
    n = len(values)
    if not n:
        return [0.0, 0.0, 0.0, 0.0]
    wave = (values * torch.arange(n, dtype=torch.float64).cos()).sum() / math.sqrt(n)
    return [float(n), values.mean().item(), values.square().mean().sqrt().item(), wave.item()]


def _close(mine: list[float], other: list[float]) -> bool:
    size = max(mine[2], other[2])
    return mine[0] == other[0] and all(abs(a - b) <= TOLERANCE * size for a, b in zip(mine, other, strict=True))


def _images(part: str, samples: Samples) -> dict[str, Iterable[Tensor]]:
    if not isinstance(samples.raw, Tensor) or not isinstance(samples.images, Tensor):
        raise TypeError(f"{part}: pictures on disk or held by the host: must be tensors")
    return {f"{part}.real": [samples.raw], f"{part}.exemplars": [samples.images], f"{part}.labels": [samples.labels]}
