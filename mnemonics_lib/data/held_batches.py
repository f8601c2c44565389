"""The mini-batches of Eq. 8 where the exemplars are on the host: those of an outer step go to the device at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.data.batches import Data, InnerBatches
from mnemonics_lib.data.pixels import Pixels


class HeldInnerBatches(InnerBatches):
    """The mini-batches of :class:`InnerBatches`, image for image, of exemplars that stay on the host.

    An outer step of 50 inner ones on 50 exemplars each brings 2,500 to the device, whatever there is in all; the
    gradient of the others is zero. From one :meth:`draw` to the next, mini-batches are places among those that
    :meth:`bring` gives.

    Args: as of :class:`InnerBatches`; ``fixed`` is on the device.
    """

    def __init__(self, labels: Tensor, fixed: Data, size: int, pixels: Pixels | None, seed: int) -> None:
        super().__init__(labels, fixed, size, pixels, seed)
        self.moving = len(labels)
        self.used = torch.arange(self.moving)  # which of those that move, on the host

    def draw(self, step: int, count: int) -> Sequence[tuple[Tensor, ...]]:
        """As :meth:`InnerBatches.draw`: places among those brought and the fixed ones, labels, and crops."""
        drawn = super().draw(step, count)
        asked = torch.cat([index for index, *_ in drawn]).cpu().unique()  # ascending
        self.used = asked[asked < self.moving]
        place = torch.full((len(self),), -1)
        place[self.used] = torch.arange(len(self.used))
        place[self.moving :] = len(self.used) + torch.arange(len(self) - self.moving)
        place = place.to(self.labels.device)
        return [(place[index], self.labels[index], *crops) for index, *crops in drawn]

    def load(self, exemplars: Tensor, index: Tensor, *rest: Any) -> Data:
        """What an inner step trains on, [b, c, h, w] and [b].

        Args:
            exemplars: those of :meth:`bring`, [k, c, h, w].
            index: which of those k and the fixed ones, [b].
            rest: the labels [b]; and the crops [b, 3], or none.
        """
        labels, *crops = rest
        return self.images(exemplars, index, *crops), labels

    def bring(self, exemplars: Tensor) -> Tensor:
        """Those of the exemplars on the host that the last :meth:`draw` asked for, [k, c, h, w], on the device."""
        return exemplars.detach()[self.used].to(self.labels.device)

    def carry_back(self, gradient: Tensor) -> Tensor:
        """The gradient of all exemplars [n, c, h, w], on the host: that of the others is zero."""
        whole = torch.zeros((self.moving, *gradient.shape[1:]))
        return whole.index_copy_(0, self.used, gradient.to(whole))
