"""What a loop draws its batches from: real images, kept as raw bytes, and exemplars, kept as the floats they may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mnemonics_lib.data.checks import require_samples
from mnemonics_lib.data.held import HOST, HeldImages, Images, joined, read
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.stored import Raw, StoredPictures

MOST, PIXELS = 1024, 2**16
"""Images in a part that is computed at once, and on a CPU pixels: 64 images of 32 x 32, 256 of 16 x 16."""


def part_size(device: torch.device, height: int, width: int) -> int:
    """How many images go through a network at once where no gradient is taken: in evaluation, features, herding.

    A CPU wants what a layer hands to the next to stay in its cache, and the memory for it not to be asked for anew at
    each layer. An accelerator wants many images, since each layer of each part is a kernel to launch. On a CPU an image
    has the same scores to the bit in a part of any size, but for parts of less than four images, whose sums are added
    in another order.

    Args:
        device: where the images are.
        height: of an image, in pixels.
        width: likewise.
    """
    return min(MOST, max(1, PIXELS // (height * width))) if device.type == "cpu" else MOST


@dataclass(frozen=True)
class Samples:
    """Images on one device, with labels; a batch is normalised when it is drawn.

    Attributes:
        raw: real images, uint8 [n, c, h, w], in memory or on disk.
        images: exemplars, normalised float32 [m, c, h, w], on the device or held by the host.
        labels: class positions of the real images, then of the exemplars, [n + m].
        pixels: the data set's pixel space.
    """

    raw: Raw
    images: Images
    labels: Tensor
    pixels: Pixels

    def __post_init__(self) -> None:
        """Check that the four go together; nothing is read off the device.

        Raises:
            ValueError: for a tensor of another type, shape or device.
        """
        require_samples(self.raw, self.images, self.labels, self.pixels.mean)

    @classmethod
    def real(cls, raw: Raw, labels: Tensor, pixels: Pixels) -> Samples:
        """Raw images alone, uint8 [n, c, h, w], and their labels [n]."""
        return cls(raw, torch.empty((0, *raw.shape[1:]), device=raw.device), labels, pixels)

    @classmethod
    def learned(cls, images: Images, labels: Tensor, pixels: Pixels) -> Samples:
        """Normalised images alone, float32 [m, c, h, w], and their labels [m]."""
        return cls(torch.empty((0, *images.shape[1:]), dtype=torch.uint8, device=images.device), images, labels, pixels)

    def with_exemplars(self, images: Images, labels: Tensor) -> Samples:
        """These samples and more exemplars: normalised images [k, c, h, w] and their labels [k]."""
        return replace(self, images=joined(self.images, images), labels=torch.cat([self.labels, labels]))

    def __len__(self) -> int:
        """Number of samples, n + m."""
        return len(self.labels)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The samples at ``index``, in its order: normalised images and labels.

        Args:
            index: positions in 0..n+m-1, int64, on the samples' device.

        Raises:
            IndexError: on a CPU, for a position outside of these. A negative one would be a real image with the label
                of an exemplar.
        """
        n = len(self.raw)
        if isinstance(self.raw, StoredPictures) or isinstance(self.images, HeldImages):
            images = self._read(index)
        elif not len(self.images):
            images = self.pixels.normalise(self.raw[index])
        elif not n:
            images = self.images[index]
        else:  # one of either kind for each, of which one is taken: no shape depends on how many are of which
            real = self.pixels.normalise(self.raw[index.clamp(max=n - 1)])
            images = torch.where((index < n)[:, None, None, None], real, self.images[(index - n).clamp(min=0)])
        return images, self.labels.index_select(0, index)  # which refuses negative positions, and no value is read

    def _read(self, index: Tensor) -> Tensor:
        """The images at ``index``, of which some are read from disk or from the host's memory."""
        n, real = len(self.raw), index < len(self.raw)
        images = torch.empty((len(index), *self.raw.shape[1:]), device=self.labels.device)
        raw = self.raw[index[real]]
        images[real] = self.pixels.normalise(raw.read() if isinstance(raw, StoredPictures) else raw)
        images[~real] = self.learned_at(index[~real] - n)
        return images

    def learned_at(self, index: Tensor) -> Tensor:
        """The exemplars at ``index`` among the exemplars, normalised, on the device."""
        return read(self.images[index])

    def to_keep(self, index: Tensor | None = None) -> tuple[Images, Tensor]:
        """The samples at ``index``, or all, as a memory keeps them: pictures from disk as bytes, on the host."""
        if index is None:
            index = torch.arange(len(self), device=self.labels.device)
        if not isinstance(self.raw, StoredPictures):
            return self.batch(index)
        pictures = bool((index < len(self.raw)).all())
        kept = self.raw[index].to(HOST).read() if pictures else self._read(index).to(HOST)
        return HeldImages(kept, self.pixels), self.labels[index]

    def real_first(self, index: Tensor) -> Tensor:
        """``index``, on any device, with the positions of real images before those of exemplars, else in order."""
        real = index < len(self.raw)
        return torch.cat([index[real], index[~real]])

    def parts(self, size: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """All samples in stored order, ``size`` at a time; left out, as the device wants them (:func:`part_size`)."""
        device = self.labels.device
        of_part = size or part_size(device, *self.raw.shape[2:])
        if isinstance(self.raw, StoredPictures):
            places = torch.arange(len(self.raw)).split(of_part) if len(self.raw) else ()
            for place, pixels in zip(places, self.raw.stream(places), strict=True):
                yield self.pixels.normalise(pixels), self.labels[place.to(device)]
            rest = torch.arange(len(self.raw), len(self), device=device)
        else:
            rest = torch.arange(len(self), device=device)
        for index in rest.split(of_part):
            if len(index):
                yield self.batch(index)

    def where(self, chosen: Tensor) -> Samples:
        """The samples for which ``chosen`` [n + m] is true."""
        n = len(self.raw)
        return Samples(self.raw[chosen[:n]], self.images[chosen[n:]], self.labels[chosen], self.pixels)

    def all(self) -> tuple[Tensor, Tensor]:
        """Every image normalised, and every label, at once."""
        raw = self.raw.read() if isinstance(self.raw, StoredPictures) else self.raw
        return torch.cat([self.pixels.normalise(raw), read(self.images)]), self.labels
