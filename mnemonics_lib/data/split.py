"""Images and labels of one split, each as one tensor, or images that stay on disk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mnemonics_lib.data.checks import require_labels, require_raw
from mnemonics_lib.data.orders import require_order
from mnemonics_lib.data.stored import Raw
from mnemonics_lib.data.wording import is_whole, listed


@dataclass(frozen=True)
class Split:
    """Raw images and data-set labels.

    Attributes:
        images: uint8 [n, c, h, w], in memory or on disk.
        labels: int64 [n], data-set class ids.
    """

    images: Raw
    labels: Tensor

    def of_classes(self, order: list[int], first: int, last: int) -> tuple[Raw, Tensor]:
        """Images of the classes ``order[first:last]`` and their positions in ``order``, in stored order.

        Args:
            order: data-set class ids, each once; a class that is not among them is left out.
            first: the first position in ``order`` that is wanted, >= 0.
            last: the position after the last one.

        Returns:
            Images, uint8 [n, c, h, w], and positions, int64 [n].

        Raises:
            ValueError: for images or labels of another type or shape, an order that repeats a class, positions outside
                of it, and a wanted class of which there is no image.
        """
        self._require(order, first, last)
        wanted, place = torch.tensor(order[first:last], device=self.labels.device).sort()
        at = torch.searchsorted(wanted, self.labels.contiguous()).clamp(max=len(wanted) - 1)
        chosen = wanted[at] == self.labels
        return self.images[chosen], first + place[at[chosen]]

    def classes(self) -> list[int]:
        """The classes that there are images of, ascending. It reads the labels off the device."""
        return self.labels.unique().tolist()

    def _require(self, order: list[int], first: int, last: int) -> None:
        """Refuse what :meth:`of_classes` cannot answer."""
        require_raw("images", self.images)
        require_labels("labels", self.labels, len(self.images))
        require_order(order)
        for name, value, least, most in (("first", first, 0, len(order) - 1), ("last", last, first + 1, len(order))):
            if not is_whole(value, least, most):
                raise ValueError(f"{name} = {value!r}: must be {least} to {most}, a place in the order")
        missing = sorted(set(order[first:last]) - set(self.classes()))
        if missing:
            raise ValueError(f"order: names {listed(missing)}: must be classes of which the split has images")

    def contiguous(self) -> Split:
        """The same split, laid out in memory in the order of its dimensions."""
        return Split(self.images.contiguous(), self.labels.contiguous())

    def to(self, device: torch.device) -> Split:
        """The same split on a device."""
        return Split(self.images.to(device), self.labels.to(device))
