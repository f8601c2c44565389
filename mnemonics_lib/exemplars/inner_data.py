"""What the temporary model is trained on in Eq. 8: which exemplars in which inner step, and their crops."""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.bilevel.problem import Minibatches
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.device.recording import upload
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import balanced_batches

Data = tuple[Tensor, Tensor]
"""Normalised images [n, c, h, w] and class positions [n]."""


class InnerData:
    """Exemplars that move and exemplars that do not, dealt to the inner steps.

    What a step gets is a function of the seed, the outer and the inner step, not of what was drawn before: an engine
    may compute a step more than once, and a run may begin anywhere.

    Args:
        labels: of the exemplars that move, [n].
        context: images and labels of those that do not.
        settings: the size of a batch, and whether it is augmented.
        pixels: how.
        seed: of the batches and crops.
    """

    def __init__(self, labels: Tensor, context: Data, settings: ExemplarLevel, pixels: Pixels, seed: int) -> None:
        self.fixed, self.labels = context[0], torch.cat([labels, context[1]])
        self.settings, self.pixels, self.seed = settings, pixels, seed
        self._on_host = self.labels.cpu()  # where batches are drawn

    def __len__(self) -> int:
        """Exemplars in all."""
        return len(self.labels)

    def deal(self, step: int, count: int) -> Minibatches:
        """For each of ``count`` inner steps of an outer one, what :meth:`batch` needs: which exemplars, what crops."""
        size, order = self.settings.inner_batch, derive(self.seed, "inner", step)
        chosen = [inner_batch(self._on_host, size, order, t) for t in range(count)]
        columns = [chosen]
        if self.settings.inner_augment:
            streams = [stream(self.seed, "crops", step, t) for t in range(count)]
            columns.append([self.pixels.draw(len(some), crops) for some, crops in zip(chosen, streams, strict=True)])
        return upload(columns, self.labels.device)

    def batch(self, exemplars: Tensor, chosen: Tensor, *crops: Tensor) -> Data:
        """What an inner step trains on, as a differentiable function of the exemplars that move, [n, c, h, w]."""
        inputs = torch.cat([exemplars, self.fixed]).index_select(0, chosen)
        return self.pixels.crop(inputs, *crops) if crops else inputs, self.labels[chosen]


def inner_batch(labels: Tensor, size: int, seed: int, t: int) -> Tensor:
    """Indices of the exemplars that inner step ``t`` of Eq. 8 trains on, class-balanced; all of them for ``size`` 0.

    ``labels`` [n] lie on the host. Passes over all exemplars follow one another, each in an order of its own; the same
    seed and t give the same batch.
    """
    if not 0 < size < len(labels):
        return torch.arange(len(labels))
    a_pass = -(-len(labels) // size)
    return balanced_batches(labels, size, stream(seed, t // a_pass))[t % a_pass]
