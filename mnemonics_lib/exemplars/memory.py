"""The exemplar memory E_{0:i}: images that may be real or learned, ranked within each class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.admission import require_images, require_new_classes


@dataclass(frozen=True)
class ExemplarMemory:
    """Exemplars of all classes seen so far, as many of each, by class and then by rank.

    Attributes:
        images: normalised float32, [classes * m, c, h, w].
        origin: the images as they were selected, before any training; displacement is measured from here. Bookkeeping,
            not part of the memory that a method is granted.
        labels: class positions, [classes * m].
        rank: place within the class, 0 the best, [classes * m].
        storage: "float32", or "uint8": then ``images`` hold whole grey levels alone, and one byte keeps each.
    """

    images: Tensor
    origin: Tensor
    labels: Tensor
    rank: Tensor
    storage: str = "float32"

    @classmethod
    def empty(cls, shape: tuple[int, int, int], device: torch.device, storage: str = "float32") -> ExemplarMemory:
        """A memory with no classes yet, for images of shape (c, h, w)."""
        images, none = torch.empty((0, *shape), device=device), torch.empty(0, dtype=torch.int64, device=device)
        return cls(images, images, none, none, storage)

    def __len__(self) -> int:
        """Number of exemplars."""
        return len(self.images)

    @property
    def per_class(self) -> int:
        """m, the exemplars of each class; 0 when empty."""
        return int(self.rank.max()) + 1 if len(self) else 0

    def extend(self, images: Tensor, labels: Tensor) -> ExemplarMemory:
        """This memory and freshly selected exemplars of new classes, m of each, by class and rank.

        Raises:
            ValueError: for a class that is in the memory already, classes with more or fewer exemplars than others, and
                images or labels of another shape, type or device.
        """
        if not len(labels):
            return self
        require_new_classes(self.images, self.labels, self.per_class, images, labels)
        rank = torch.arange(len(labels), device=labels.device) % int(torch.bincount(labels).max())
        return replace(
            self,
            images=torch.cat([self.images, images]),
            origin=torch.cat([self.origin, images]),
            labels=torch.cat([self.labels, labels]),
            rank=torch.cat([self.rank, rank]),
        )

    def shrink(self, per_class: int) -> ExemplarMemory:
        """The best-ranked exemplars of each class, 0 or more of them: what a fixed total leaves as classes arrive.

        Raises:
            ValueError: for a negative number.
        """
        if per_class < 0:
            raise ValueError(f"per_class = {per_class}: must be at least 0")
        return self._where(self.rank < per_class)

    def of_classes(self, first: int, last: int) -> ExemplarMemory:
        """The exemplars of classes first..last-1 alone."""
        return self._where((self.labels >= first) & (self.labels < last))

    def _where(self, kept: Tensor) -> ExemplarMemory:
        return replace(
            self, images=self.images[kept], origin=self.origin[kept], labels=self.labels[kept], rank=self.rank[kept]
        )

    def with_images(self, index: Tensor, images: Tensor) -> ExemplarMemory:
        """The memory after the exemplars at ``index`` were trained.

        Raises:
            ValueError: for images that are not one for each index, of the memory's size, type and device.
        """
        require_images(self.images, images, len(index))
        return replace(self, images=self.images.index_copy(0, index, images))

    def stored(self, pixels: Pixels) -> ExemplarMemory:
        """The memory as storage gives it back: with uint8, rounded to whole grey levels and clamped."""
        if self.storage == "float32":
            return self
        return replace(self, images=pixels.normalise(pixels.quantise(self.images)))

    def positions(self, first: int, last: int) -> Tensor:
        """Indices of the exemplars of classes first..last-1."""
        return torch.nonzero((self.labels >= first) & (self.labels < last)).flatten()

    def samples(self, pixels: Pixels) -> Samples:
        """The exemplars as something to train or test on."""
        return Samples.learned(self.images, self.labels, pixels)

    def splits(self, parts: int, classes: int) -> list[Tensor]:
        """Indices of ``parts`` disjoint, class-balanced parts of the exemplars of classes 0..classes-1 (Eq. 10).

        Rank r goes to part r mod ``parts``, so that each part gets good and less good exemplars of every class.

        Raises:
            ValueError: when a class has fewer exemplars than there are parts, or there are no such classes.
        """
        if not 2 <= parts <= self.per_class:
            raise ValueError(f"parts = {parts}: must be 2 to {self.per_class}, the exemplars per class")
        index = self.positions(0, classes)
        if not len(index):
            raise ValueError(f"classes = {classes}: the memory has no exemplars of classes below it to split")
        return [index[self.rank[index] % parts == part] for part in range(parts)]

    def displacement(self, index: Tensor) -> float:
        """Root-mean-square change since selection of the exemplars at ``index``, in units of the pixels' std."""
        return (self.images[index] - self.origin[index]).square().mean().sqrt().item() if len(index) else 0.0

    @property
    def nbytes(self) -> int:
        """Bytes that the stored images take."""
        return self.images.numel() * (1 if self.storage == "uint8" else self.images.element_size())

    def state(self, pixels: Pixels) -> dict[str, Any]:
        """Plain tensors for a checkpoint; real images, and all of a uint8 memory, as the bytes that they are."""
        images = pixels.quantise(self.images) if self.storage == "uint8" else self.images
        origin = pixels.quantise(self.origin)  # real images, always
        return {
            "images": images,
            "origin": origin,
            "labels": self.labels,
            "rank": self.rank,
            "storage": self.storage,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], pixels: Pixels) -> ExemplarMemory:
        """The memory that :meth:`state` wrote, bit for bit."""
        images, origin = state["images"], pixels.normalise(state["origin"])
        if state["storage"] == "uint8":
            images = pixels.normalise(images)
        return cls(images, origin, state["labels"], state["rank"], state["storage"])
