"""Which loop is which: a finished one stands in for another with the same name, settings, loss and starting point."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.edition.finished.minimised import floats, minimised
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import Loop
from mnemonics_lib.training import Descent

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
