"""What a run will take of memory and disk, from its configuration and how many images its data have of each class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from mnemonics_lib.bilevel.guard import PROBE, host_bytes
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.batches import new_images
from mnemonics_lib.data.batches import count_batches
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.global_bop import fresh_state
from mnemonics_lib.models import transfer_weights

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Needs:
    """In bytes.

    Attributes:
        images: the data, as they lie in memory while the run lasts; none of pictures that stay on disk.
        exemplars: all that are kept in the end.
        exemplar_level: the most that a step of Eq. 9 or 10 takes above that where it is computed; None where no
            exemplars are trained.
        host: the most that it takes on the host as well, for exemplars that stay there; 0 where none do.
        disk: a checkpoint, which is there twice while it is replaced.
    """

    images: int
    exemplars: int
    exemplar_level: float | None
    host: float
    disk: int

    @property
    def everywhere(self) -> float | None:
        """What a step takes where the host is the device."""
        return None if self.exemplar_level is None else self.exemplar_level + self.host


def needs(config: RunConfig, train: Sequence[int], test: int) -> Needs:
    """What a run takes.

    Args:
        config: the run.
        train: training images of each class, by class id.
        test: test images in all.
    """
    shape = config.image_shape
    pixels, classes = math.prod(shape), len(config.protocol().order)
    kept, held_out = (classes * each for each in config.quota(classes))
    network = fresh_state(config, config.protocol(), shape, CPU).model.state_dict().values()
    every = list(steps(config, train))
    peaks = [peak(config, shape, step) for step in _largest_steps(every)]
    exemplars = pixels * (kept * (1 if config.storage == "uint8" else 4) + held_out)  # real images stay bytes
    return Needs(
        0 if config.facts.on_disk else (sum(train) + test) * pixels,
        exemplars,
        max(peaks, default=None),
        max((on_host(config, shape, step.moving) for step in every), default=0.0),
        sum(tensor.nbytes for tensor in network) + exemplars + kept * pixels,  # and in bytes where they started
    )


class Step(NamedTuple):
    """A step of the exemplar level.

    Attributes:
        phase: whose step it is.
        part: which part of the old exemplars is adjusted by Eq. 10, from 0; None for Eq. 9, the new ones.
        classes: that the network knows.
        moving: exemplars that are trained.
        fixed: exemplars that take part and stay (Eq. 4b).
        validation: images in the meta loss, at most, without those.
        images: that the meta loss draws its batches from.
    """

    phase: int
    part: int | None
    classes: int
    moving: int
    fixed: int
    validation: int
    images: int


def steps(config: RunConfig, train: Sequence[int]) -> Iterator[Step]:
    """A step of each training of exemplars that a run makes.

    Args:
        config: the run.
        train: training images of each class, by class id.
    """
    protocol, size = config.protocol(), config.exemplar_level.val_batch
    arriving = [train[class_id] for class_id in protocol.order]
    for phase in range(config.phases + 1):
        old, seen = protocol.bounds(phase)
        each, _ = config.quota(seen)
        if config.exemplars == "mnemonics":
            images = new_images(config, phase, arriving)  # of D_i
            fixed = old * each if config.exemplar_level.objective == "eq4b" else 0
            yield Step(phase, None, seen, (seen - old) * each, fixed, _largest(images, size), images)
        if config.adjust and phase:
            for part in range(config.adjust):
                own = len(range(part, each, config.adjust))  # of each class, as ExemplarMemory.splits deals them out
                others = old * (each - own)
                yield Step(phase, part, seen, old * own, 0, _largest(others, size), others)


def _largest_steps(every: Sequence[Step]) -> list[Step]:
    """Those of phase 0 and of later phases than which no other takes more: none has as much of everything."""

    def size(step: Step) -> tuple[int, int, int]:
        return step.classes, step.moving + step.fixed, step.validation + step.fixed

    found: list[Step] = []
    for step in sorted(every, key=size, reverse=True):
        alike = [size(other) for other in found if (other.phase == 0) == (step.phase == 0)]
        if not any(all(a >= b for a, b in zip(other, size(step), strict=True)) for other in alike):
            found.append(step)
    return found


def _largest(count: int, size: int) -> int:
    """Images of the largest of the equal batches that :func:`mnemonics_lib.data.batches.batches` makes."""
    return -(-count // count_batches(count, size))


def peak(config: RunConfig, shape: tuple[int, int, int], step: Step) -> float:
    """What a step takes where it is computed, by the guard's forecast; from a few black images in the place of all.

    Args:
        config: the run.
        shape: of an image, (c, h, w).
        step: one of :func:`steps`.
    """
    model = fresh_state(config, config.protocol(), shape, CPU).model
    if step.classes > model.classes:
        model.grow(step.classes, 0)
        if config.weight_transfer:
            transfer_weights(model)
    one, none = torch.ones(shape[0], 1, 1), torch.zeros(1, *shape, dtype=torch.uint8)
    data = Samples.real(none, torch.zeros(1, dtype=torch.int64), Pixels(one, one, white=255, pad=0, flip=False))
    few, labels = torch.zeros(PROBE, *shape), torch.arange(PROBE) % step.classes
    exemplars = HeldImages(few, data.pixels) if config.facts.on_disk else few
    training = ExemplarTraining(model, (exemplars, labels), data, (few[:0], labels[:0]), config.exemplar_level, 0)
    found = training.forecast(config.exemplar_level, step.moving + step.fixed).peak(step.validation + step.fixed)
    # It is of a CPU, which holds exemplars at rest too; those are told apart, as a GPU has none of them.
    return found - on_host(config, shape, step.moving + step.fixed)


def on_host(config: RunConfig, shape: tuple[int, int, int], exemplars: int) -> float:
    """What a step takes in the host's memory for so many exemplars that stay there; 0 for others. In bytes."""
    if not config.facts.on_disk:
        return 0.0
    return host_bytes(torch.float32.itemsize * math.prod(shape), exemplars, config.exemplar_level)
