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
        """Images of the classes ``order[first:last]`` and their positions in ``order``, in stored order."""
        position = torch.empty(max(order) + 1, dtype=torch.int64)
        position[order] = torch.arange(len(order))
        labels = position.to(self.labels.device)[self.labels]
        chosen = (labels >= first) & (labels < last)
        return self.images[chosen], labels[chosen]

    def to(self, device: torch.device) -> Split:
        """The same split on a device."""
        return Split(self.images.to(device), self.labels.to(device))
