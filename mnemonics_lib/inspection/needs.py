"""What a run will take of memory and disk, from its configuration and from how many images its data have."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mnemonics_lib.bilevel.guard import Forecast
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.global_bop import fresh_state
from mnemonics_lib.models import transfer_weights


@dataclass(frozen=True)
class Needs:
    """In bytes.

    Attributes:
        images: the data, as they lie in memory while the run lasts.
        exemplars: all that are kept in the end.
        exemplar_level: the most that a step of Eq. 9 or 10 takes above that; None where none are trained.
        disk: a checkpoint, which is there twice while it is replaced.
    """

    images: int
    exemplars: int
    exemplar_level: float | None
    disk: int


def needs(config: RunConfig, images: int) -> Needs:
    """What a run takes.

    Args:
        config: the run.
        images: training and test images there are.
    """
    channels, native, width = config.facts.shape
    factor = native // (config.resolution or native)
    shape = channels, native // factor, width // factor
    pixels, protocol = shape[0] * shape[1] * shape[2], config.protocol()
    classes = len(protocol.order)
    of_float = 1 if config.storage == "uint8" else 4
    each = config.quota(classes)[0]
    exemplars = classes * each * pixels * of_float
    state = fresh_state(config, protocol, shape, torch.device("cpu"))
    network = sum(tensor.nbytes for tensor in state.model.state_dict().values())
    return Needs(
        images * pixels,
        exemplars,
        _exemplar_level(config, shape) if config.exemplars == "mnemonics" or config.adjust else None,
        network + 2 * classes * each * pixels * 4,  # the images, and where they started
    )


def _exemplar_level(config: RunConfig, shape: tuple[int, int, int]) -> float:
    """The largest step of the exemplar level: of phase 0's exemplars, or of the last phase's adjustment."""
    protocol = config.protocol()
    first, last = protocol.seen(0), protocol.bounds(config.phases)[0]
    loops = []  # exemplars that move, images that validate
    if config.exemplars == "mnemonics":
        count = first * config.quota(first)[0]
        loops.append((first, count, min(config.exemplar_level.val_batch, first * config.facts.images_per_class)))
    if config.adjust:
        moving = -(-last * config.quota(len(protocol.order))[0] // config.adjust)
        loops.append((last, moving, min(config.exemplar_level.val_batch, (config.adjust - 1) * moving)))
    return max(_step(config, shape, *loop) for loop in loops)


def _step(config: RunConfig, shape: tuple[int, int, int], classes: int, count: int, validation: int) -> float:
    """A step with so many exemplars, by the guard's forecast, on black images in their place."""
    state = fresh_state(config, config.protocol(), shape, torch.device("cpu"))
    if classes > state.model.classes:
        state.model.grow(classes, 0)
        if config.weight_transfer:
            transfer_weights(state.model)
    one = torch.ones(shape[0], 1, 1)
    pixels = Pixels(one, one, white=255, pad=0, flip=False)
    labels = torch.arange(count) % classes
    images, few = (
        torch.zeros(count, *shape),
        Samples.real(torch.zeros(1, *shape, dtype=torch.uint8), labels[:1], pixels),
    )
    context = ExemplarMemory.empty(shape, torch.device("cpu"), "float32")
    training = ExemplarTraining(
        state.model, (images, labels), few, (context.images, context.labels), config.exemplar_level, 0
    )
    forecast = Forecast(training.program, training.temporary(0), images, count, config.exemplar_level)
    return forecast.peak(max(1, validation))
