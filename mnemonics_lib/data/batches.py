"""All drawing of mini-batches: whole epochs, validation batches, and the batches of the inner loop.

How one crop is drawn and made is :class:`~mnemonics_lib.data.pixels.Pixels`'; which are drawn together is said here.

Orders and crops are drawn on the host, from named streams, and travel to the device in one block for many steps, so
that no step waits for a transfer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels, upload
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.rng import derive, stream

Data = tuple[Tensor, Tensor]
"""Normalised images [n, c, h, w] and class positions [n]."""


def batches(count: int, size: int, generator: torch.Generator) -> list[Tensor]:
    """A random partition of 0..count-1 into equal-sized batches (their sizes differ by at most one).

    Equal sizes, rather than a short last batch, keep batch statistics meaningful: one leftover sample has none.
    """
    order = torch.randperm(count, generator=generator)
    return list(torch.tensor_split(order, count_batches(count, size)))


def count_batches(count: int, size: int) -> int:
    """How many batches :func:`batches` makes of ``count`` samples, at most ``size`` in each; of none an empty one."""
    return max(1, -(-count // size))


def balanced_batches(labels: Tensor, size: int, generator: torch.Generator) -> list[Tensor]:
    """A random partition of 0..n-1 into equal-sized batches that each hold the classes in equal numbers.

    Both to within one, where there are as many of each class: every class's samples are shuffled, and handed to the
    batches in turn, the classes in an order that is drawn, too, so that where a batch has not all of them no class has
    a place of its own in the pass. Of classes with more samples than others the last batches have the rest.

    Args:
        labels: [n].
        size: of a batch, at most.
        generator: of the order.
    """
    order = torch.randperm(len(labels), generator=generator)
    found, classes = labels.cpu()[order].unique(return_inverse=True)
    places = torch.randperm(len(found), generator=generator)[classes]  # of each sample's class in a turn
    grouped, counts = places.argsort(stable=True), places.bincount()
    # Each sample's place among those of its class.
    turn = torch.arange(len(labels)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
    in_turn = grouped[turn.argsort(stable=True)]  # first of each class, second of each class, ...
    return list(torch.tensor_split(order[in_turn], -(-len(labels) // size)))


def inner_batch(labels: Tensor, size: int, seed: int, t: int) -> Tensor:
    """Indices of the exemplars that inner step ``t`` of Eq. 8 trains on, class-balanced; all of them for ``size`` 0.

    Passes over all exemplars follow one another, each in an order of its own; the same seed and t give the same batch.

    Args:
        labels: [n], on the host.
        size: of a batch, at most; 0 for all n.
        seed: of the passes' orders.
        t: the inner step.
    """
    if not 0 < size < len(labels):
        return torch.arange(len(labels))
    a_pass = -(-len(labels) // size)
    return balanced_batches(labels, size, stream(seed, t // a_pass))[t % a_pass]


class Share(NamedTuple):
    """Which images of each batch one of several processes loads: every ``of``-th, beginning with its own number.

    Every so many, and not one piece, so that each share has real images and exemplars as the batch has them. The sizes
    of two shares of a batch differ by at most one.

    Attributes:
        number: 0..of-1; the share of number 0 is never the smaller one.
        of: how many processes there are.
        here: how many of these processes are on this machine, and share its cores.
    """

    number: int = 0
    of: int = 1
    here: int = 1

    def size(self, count: int) -> int:
        """How many of a batch of ``count`` images it has; 0 where the batch has none for it."""
        return len(range(self.number, count, self.of))

    def take(self, batch: Tensor) -> Tensor:
        """Its rows of a batch [b, ...]; of one that has none for it the last, so that a network has something to see.

        Whoever takes a mean gives that row the weight 0, which is its :meth:`size`.
        """
        if self.of == 1:
            return batch
        return batch[self.number :: self.of] if self.size(len(batch)) else batch[-1:]


WHOLE = Share()
"""All of each batch, for a process that is alone."""


class EpochBatches:
    """The mini-batches of a training: each epoch all samples in a new random order, each batch with new crops.

    Of several processes each draws the same batches, and loads its share of them.

    Args:
        samples: what to draw from; a batch is normalised on the device when it is loaded.
        size: images per batch, at most, in all processes together.
        augment: whether images are cropped (and mirrored, where the data set allows it).
        seed: of orders and crops.
        share: what this process loads of each batch.
    """

    def __init__(self, samples: Samples, size: int, augment: bool, seed: int, share: Share = WHOLE) -> None:
        self.samples, self.size, self.augment, self.share = samples, size, augment, share
        self._order, self._crops = stream(seed, "order"), stream(seed, "crops")

    def epoch(self) -> Iterable[tuple[Tensor, ...]]:
        """For each batch of the next epoch what :meth:`load` takes: indices [b] and, with ``augment``, crops [b, 3]."""
        chosen = batches(len(self.samples), self.size, self._order)
        columns = [[self.samples.real_first(batch) for batch in chosen]]
        if self.augment:
            columns.append([self.samples.pixels.draw(len(batch), self._crops) for batch in chosen])
        return upload(columns, self.samples.labels.device)

    def load(self, index: Tensor, *crops: Tensor) -> Data:
        """The images [b, c, h, w], normalised and cropped, and labels [b] of one batch.

        With a share of it, [s, c, h, w] alone, and the labels of all [b].
        """
        images, labels = self.samples.batch(self.share.take(index))
        if crops:
            images = self.samples.pixels.crop(images, *map(self.share.take, crops))
        return images, labels if self.share.of == 1 else self.samples.labels[index]

    def state(self) -> dict[str, Any]:
        """Where both random streams stand."""
        return {"order": self._order.get_state(), "crops": self._crops.get_state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Draw what would have been drawn after :meth:`state`."""
        self._order.set_state(state["order"].cpu())
        self._crops.set_state(state["crops"].cpu())


class ValidationBatches:
    """The validation data of the exemplar level (Eq. 7a), one batch for each outer step.

    Args:
        samples: D_i; for Eq. 10 the other exemplars.
        size: images per batch, at most.
        passes: how often all samples are gone through, each time in a new random order.
        augment: whether the batches are cropped.
        seed: of orders and crops.
    """

    def __init__(self, samples: Samples, size: int, passes: int, augment: bool, seed: int) -> None:
        order = stream(seed, "order")
        schedule = [batch for _ in range(passes) for batch in batches(len(samples), size, order)]
        self.samples, self.augment, self.seed = samples, augment, seed
        self.per_pass = len(schedule) // passes
        self.largest = len(schedule[0])
        self._indices = upload([schedule], samples.labels.device)

    def __len__(self) -> int:
        """Outer steps in all."""
        return len(self._indices)

    def __getitem__(self, step: int) -> Data:
        """The images [v, c, h, w] and labels [v] of an outer step, a function of the seed and the step alone."""
        images, labels = self.samples.batch(*self._indices[step])
        if self.augment:
            images = self.samples.pixels.augment(images, stream(self.seed, "validation", step))
        return images, labels


class InnerBatches:
    """The mini-batches of Eq. 8: of exemplars that move and exemplars that do not.

    What a step gets is a function of the seed, the outer and the inner step, not of what was drawn before: an engine
    may compute a step more than once, and a run may go on anywhere.

    Args:
        labels: of the exemplars that move, [n].
        fixed: images [m, c, h, w] and labels [m] of those that do not.
        size: exemplars per step, class-balanced; 0 for all.
        pixels: how a batch is cropped; None for no augmentation.
        seed: of batches and crops.
    """

    def __init__(self, labels: Tensor, fixed: Data, size: int, pixels: Pixels | None, seed: int) -> None:
        self.fixed, self.labels = fixed[0], torch.cat([labels, fixed[1]])
        self.size, self.pixels, self.seed = size, pixels, seed
        self._on_host = self.labels.cpu()  # where batches are drawn

    def __len__(self) -> int:
        """Exemplars in all, n + m."""
        return len(self.labels)

    def draw(self, step: int, count: int) -> Sequence[tuple[Tensor, ...]]:
        """For each of the first ``count`` inner steps of an outer step what :meth:`load` takes: indices, and crops."""
        order = derive(self.seed, "inner", step)
        chosen = [inner_batch(self._on_host, self.size, order, t) for t in range(count)]
        columns = [chosen]
        if self.pixels is not None:
            streams = [stream(self.seed, "crops", step, t) for t in range(count)]
            columns.append([self.pixels.draw(len(some), crops) for some, crops in zip(chosen, streams, strict=True)])
        return upload(columns, self.labels.device)

    def load(self, exemplars: Tensor, index: Tensor, *crops: Tensor) -> Data:
        """What an inner step trains on, [b, c, h, w] and [b]: a differentiable function of the exemplars that move.

        Args:
            exemplars: those that move, [n, c, h, w].
            index: which of all n + m, [b].
            crops: of each, [b, 3], or none.
        """
        return self.images(exemplars, index, *crops), self.labels[index]

    def images(self, exemplars: Tensor, index: Tensor, *crops: Tensor) -> Tensor:
        """The images of an inner step, [b, c, h, w]. Arguments: :meth:`load`."""
        inputs = torch.cat([exemplars, self.fixed]).index_select(0, index)
        if self.pixels is not None and crops:
            inputs = self.pixels.crop(inputs, *crops)
        return inputs

    def bring(self, exemplars: Tensor) -> Tensor:
        """The images that :meth:`load` indexes, on the device: all of them, which are there."""
        return exemplars

    def carry_back(self, gradient: Tensor) -> Tensor:
        """The gradient of the images that :meth:`bring` gave, as that of all exemplars that move."""
        return gradient
