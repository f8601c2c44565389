"""Exemplars that stay on the host, since the device may have no room for them.

20 of each of ImageNet's 1,000 classes are 12 GB as floats, and 3 GB in bytes. Indexed like a tensor of images, they
give fewer; :meth:`HeldImages.read` sends them to the device.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels

HOST = torch.device("cpu")


@dataclass(frozen=True)
class HeldImages:
    """Images on the host, which are normalised floats wherever anyone looks at them.

    Attributes:
        kept: normalised float32, or raw levels uint8, a quarter of that; [n, c, h, w], on the host.
        pixels: their pixel space, on the device where images are wanted.
    """

    kept: Tensor
    pixels: Pixels

    @property
    def shape(self) -> torch.Size:
        """n, c, h and w."""
        return self.kept.shape

    @property
    def dtype(self) -> torch.dtype:
        """Of the images that :meth:`read` gives."""
        return torch.float32

    @property
    def device(self) -> torch.device:
        """Where :meth:`read` takes them."""
        return self.pixels.mean.device

    @property
    def nbytes(self) -> int:
        """Bytes that they take on the host."""
        return self.kept.nbytes

    def __len__(self) -> int:
        """Images, n."""
        return len(self.kept)

    def __getitem__(self, which: Tensor) -> HeldImages:
        """Some of them, copied: ``which`` is a mask [n], or places [m], on any device."""
        return replace(self, kept=self.kept[which.to(HOST)])

    def read(self) -> Tensor:
        """All of them on the device, normalised float32 [n, c, h, w]."""
        kept = self.kept.to(self.device)
        return self.pixels.normalise(kept) if kept.dtype == torch.uint8 else kept

    def floats(self) -> Tensor:
        """All of them on the host, normalised float32 [n, c, h, w]; a view where they are kept so."""
        return self.pixels.on(HOST).normalise(self.kept) if self.kept.dtype == torch.uint8 else self.kept

    def levels(self) -> Tensor:
        """All of them on the host as raw levels, uint8 [n, c, h, w]: rounded, and clamped to the range."""
        return self.kept if self.kept.dtype == torch.uint8 else self.pixels.on(HOST).quantise(self.kept)

    def joined(self, more: HeldImages) -> HeldImages:
        """These and others: in bytes where both are kept so, and where one of them is empty as the other one is."""
        parts = [each for each in (self, more) if len(each)] or [self]
        alike = len({part.kept.dtype for part in parts}) == 1
        return replace(self, kept=torch.cat([part.kept if alike else part.floats() for part in parts]))

    def with_images(self, index: Tensor, images: Tensor) -> HeldImages:
        """The same with other images [m, c, h, w] at the places ``index`` [m], as floats."""
        return replace(self, kept=self.floats().index_copy(0, index.to(HOST), images.to(HOST)))


Images = Any
"""A tensor of images on the device, or :class:`HeldImages` in its place.

To a type checker it is anything: the many uses that know which of the two they have would have to say so at each.
"""


def joined(images: Images, more: Images) -> Images:
    """Images and others, on the host where either of them stays there."""
    if isinstance(images, Tensor) and isinstance(more, Tensor):
        return torch.cat([images, more])
    (pixels, *_) = (each.pixels for each in (images, more) if isinstance(each, HeldImages))
    one, other = (
        held if isinstance(held, HeldImages) else HeldImages(held.to(HOST), pixels) for held in (images, more)
    )
    return one.joined(other)


def read(images: Images) -> Tensor:
    """Images as floats on the device, wherever they are kept."""
    tensor: Tensor = images if isinstance(images, Tensor) else images.read()
    return tensor
