"""The exemplar memory E_{0:i}: images that may be real or learned, ranked within each class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class ExemplarMemory:
    """Exemplars of all classes seen so far, ``budget`` per class, by class and then by rank.

    Attributes:
        images: normalised float32, [classes * budget, c, h, w].
        origin: the images as they were selected, before any training; displacement is measured from here.
        labels: class positions, [classes * budget].
        budget: exemplars per class.
    """

    images: Tensor
    origin: Tensor
    labels: Tensor
    budget: int

    @classmethod
    def empty(cls, shape: tuple[int, int, int], budget: int, device: torch.device) -> ExemplarMemory:
        """A memory with no classes yet, for images of shape (c, h, w)."""
        images = torch.empty((0, *shape), device=device)
        return cls(images, images, torch.empty(0, dtype=torch.int64, device=device), budget)

    def __len__(self) -> int:
        """Number of exemplars."""
        return len(self.images)

    def extend(self, images: Tensor, labels: Tensor) -> ExemplarMemory:
        """This memory and the freshly selected exemplars of new classes (ordered by class, then rank)."""
        return replace(
            self,
            images=torch.cat([self.images, images]),
            origin=torch.cat([self.origin, images]),
            labels=torch.cat([self.labels, labels]),
        )

    def with_images(self, index: Tensor, images: Tensor) -> ExemplarMemory:
        """The memory after the exemplars at ``index`` were trained."""
        return replace(self, images=self.images.index_copy(0, index, images))

    def positions(self, first: int, last: int) -> Tensor:
        """Indices of the exemplars of classes first..last-1."""
        return torch.nonzero((self.labels >= first) & (self.labels < last)).flatten()

    def splits(self, parts: int, classes: int) -> list[Tensor]:
        """Indices of ``parts`` disjoint, class-balanced parts of the exemplars of classes 0..classes-1 (Eq. 10).

        Rank r goes to part r mod ``parts``, so that each part gets good and less good exemplars of every class.

        Raises:
            ValueError: when a class has fewer exemplars than there are parts.
        """
        if not 2 <= parts <= self.budget:
            raise ValueError(f"parts = {parts}: must be 2 to {self.budget}, the exemplars per class")
        index = self.positions(0, classes)
        rank = torch.arange(len(index), device=index.device) % self.budget
        return [index[rank % parts == part] for part in range(parts)]

    def displacement(self, index: Tensor) -> float:
        """Root-mean-square change since selection of the exemplars at ``index``, in units of the pixels' std."""
        return (self.images[index] - self.origin[index]).square().mean().sqrt().item()

    @property
    def nbytes(self) -> int:
        """Bytes that the stored images take."""
        return self.images.numel() * self.images.element_size()

    def state(self) -> dict[str, Tensor | int]:
        """Plain tensors, for a checkpoint; ``ExemplarMemory(**state)`` gives the memory back."""
        return {"images": self.images, "origin": self.origin, "labels": self.labels, "budget": self.budget}
