"""Images and labels of one split, resident as one tensor each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Split:
    """Raw images and data-set labels.

    Attributes:
        images: uint8 [n, c, h, w].
        labels: int64 [n], data-set class ids.
    """

    images: Tensor
    labels: Tensor

    def of_classes(self, order: list[int], first: int, last: int) -> tuple[Tensor, Tensor]:
        """Images of the classes ``order[first:last]`` and their positions in ``order``, in stored order.

        Args:
            order: data-set class ids, each once; a class that is not among them is left out.
            first: the first position in ``order`` that is wanted, >= 0.
            last: the position after the last one.

        Returns:
            Images, uint8 [n, c, h, w], and positions, int64 [n].
        """
        nowhere = max(order) + 1  # where all larger ids go, which have no position either
        position = torch.full((nowhere + 1,), -1)
        position[order] = torch.arange(len(order))
        labels = position.to(self.labels.device)[self.labels.clamp(max=nowhere)]
        chosen = (labels >= first) & (labels < last)
        return self.images[chosen], labels[chosen]

    def to(self, device: torch.device) -> Split:
        """The same split on a device."""
        return Split(self.images.to(device), self.labels.to(device))
