"""The exemplar memory E_{0:i}: images that may be real or learned, ranked within each class."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.data.held import HOST, HeldImages, Images, joined, read
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.admission import require_images, require_new_classes


@dataclass(frozen=True)
class ExemplarMemory:
    """Exemplars of all classes seen so far, as many of each, by class and then by rank.

    Attributes:
        images: normalised float32, [classes * m, c, h, w]; on the host where the device would have no room for them.
        origin: the images as they were selected, before any training; displacement is measured from here. Bookkeeping,
            not part of the memory that a method is granted.
        labels: class positions, [classes * m].
        rank: place within the class, 0 the best, [classes * m].
        storage: "float32", or "uint8": then ``images`` hold whole grey levels alone, and one byte keeps each.
    """

    images: Images
    origin: Images
    labels: Tensor
    rank: Tensor
    storage: str = "float32"

    @classmethod
    def empty(cls, shape: tuple[int, int, int], device: torch.device, storage: str = "float32") -> ExemplarMemory:
        """A memory with no classes yet, for images of shape (c, h, w)."""
        images, none = torch.empty((0, *shape), device=device), torch.empty(0, dtype=torch.int64, device=device)
        return cls(images, images, none, none, storage)

    @classmethod
    def on_host(cls, shape: tuple[int, int, int], pixels: Pixels, storage: str = "float32") -> ExemplarMemory:
        """A memory with no classes yet, whose images stay on the host, and are read to where ``pixels`` are."""
        images = HeldImages(torch.empty((0, *shape), dtype=torch.uint8), pixels)
        none = torch.empty(0, dtype=torch.int64, device=images.device)
        return cls(images, images, none, none, storage)

    def whole(self) -> ExemplarMemory:
        """The same with all images on the device, as tensors."""
        return replace(self, images=read(self.images), origin=read(self.origin))

    def __len__(self) -> int:
        """Number of exemplars."""
        return len(self.images)

    @property
    def per_class(self) -> int:
        """m, the exemplars of each class; 0 when empty."""
        return int(self.rank.max()) + 1 if len(self) else 0

    def extend(self, images: Images, labels: Tensor) -> ExemplarMemory:
        """This memory and freshly selected exemplars of new classes, m of each, by class and rank.

        Args:
            images: normalised, [m times new classes, c, h, w], sorted by class and then by rank.
            labels: their classes, int64.

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
            images=joined(self.images, images),
            origin=joined(self.origin, images),
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

        Args:
            index: positions in the memory, int64 [k].
            images: what takes their place, normalised, [k, c, h, w].

        Raises:
            ValueError: for images that are not one for each index, of the memory's size, type and device.
        """
        if isinstance(self.images, HeldImages):  # trained on the host, where they are
            require_images(self.images.kept[:0].float(), images.to(HOST), len(index))
            return replace(self, images=self.images.with_images(index, images))
        require_images(self.images, images, len(index))
        return replace(self, images=self.images.index_copy(0, index, images))

    def stored(self, pixels: Pixels) -> ExemplarMemory:
        """The memory as storage gives it back: with uint8, rounded to whole grey levels and clamped."""
        if self.storage == "float32":
            return self
        if isinstance(self.images, HeldImages):
            return replace(self, images=replace(self.images, kept=self.images.levels()))
        return replace(self, images=self.given_back(self.images, pixels))

    def given_back(self, images: Tensor, pixels: Pixels) -> Tensor:
        """Images [n, c, h, w] as storage would give them back: with uint8, rounded to whole grey levels and clamped."""
        return images if self.storage == "float32" else pixels.normalise(pixels.quantise(images))

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
            ValueError: for fewer than two parts, for more than a class has exemplars, and where there are no such
                classes.
        """
        if not 2 <= parts <= self.per_class:
            raise ValueError(f"parts = {parts}: must be 2 to {self.per_class}, the exemplars per class")
        index = self.positions(0, classes)
        if not len(index):
            raise ValueError(f"classes = {classes}: the memory has no exemplars of classes below it to split")
        return [index[self.rank[index] % parts == part] for part in range(parts)]

    def displacement(self, index: Tensor) -> float:
        """Root-mean-square change since selection of the exemplars at ``index``, in units of the pixels' std."""
        if not len(index):
            return 0.0
        # A part at a time: the device may have no room for all at once.
        if isinstance(self.images, HeldImages):
            parts = [
                (read(self.images[of]) - read(self.origin[of])).square().mean() * len(of) for of in index.split(64)
            ]
            return (torch.stack(parts).sum() / len(index)).sqrt().item()
        return (self.images[index] - read(self.origin)[index]).square().mean().sqrt().item()

    def outside(self, pixels: Pixels) -> float:
        """Share of pixel values that lie outside the range of real images."""
        if not len(self):
            return 0.0
        if isinstance(self.images, HeldImages):
            return pixels.on(HOST).outside(self.images.floats()).item()
        return pixels.outside(self.images).item()

    @property
    def nbytes(self) -> int:
        """Bytes that the stored images take."""
        return math.prod(self.images.shape) * (1 if self.storage == "uint8" else self.images.dtype.itemsize)

    def state(self, pixels: Pixels) -> dict[str, Any]:
        """Plain tensors for a checkpoint; real images, and all of a uint8 memory, as the bytes that they are."""
        images, origin = self.images, self.origin
        if isinstance(images, HeldImages) and isinstance(origin, HeldImages):
            kept = images.levels() if self.storage == "uint8" else images.kept, origin.levels()
        else:
            images, origin = read(images), read(origin)
            kept = pixels.quantise(images) if self.storage == "uint8" else images, pixels.quantise(origin)
        return {
            "images": kept[0],
            "origin": kept[1],  # real images, always
            "labels": self.labels,
            "rank": self.rank,
            "storage": self.storage,
            "on_host": isinstance(images, HeldImages),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], pixels: Pixels) -> ExemplarMemory:
        """The memory that :meth:`state` wrote, bit for bit."""
        found = state["images"], state["origin"]
        if state.get("on_host", False):  # work from before there were such memories does not say
            held = [HeldImages(kept.to(HOST), pixels) for kept in found]
            return cls(held[0], held[1], state["labels"], state["rank"], state["storage"])
        levels = state["storage"] == "uint8"
        images = pixels.normalise(found[0]) if levels else found[0]
        return cls(images, pixels.normalise(found[1]), state["labels"], state["rank"], state["storage"])
