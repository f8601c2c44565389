"""From raw to normalised pixels and back, and the training augmentation, both in batches on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.pixel_space import require_pixel_space


@dataclass(frozen=True)
class Pixels:
    """The pixel space of a data set.

    Attributes:
        mean: [c, 1, 1], of raw pixels scaled to [0, 1].
        std: [c, 1, 1], likewise; one unit of a normalised pixel is one ``std``.
        white: the largest raw pixel value.
        pad: pixels of padding for the random crop.
        flip: whether half of the images are mirrored.
    """

    mean: Tensor
    std: Tensor
    white: int
    pad: int
    flip: bool

    def __post_init__(self) -> None:
        """Check that normalising can be undone; one look at mean and std.

        Raises:
            ValueError: naming the field, its value and what is allowed.
        """
        require_pixel_space(self.mean, self.std, self.white, self.pad, self.flip)

    def on(self, device: torch.device) -> Pixels:
        """The same pixel space for images on ``device``."""
        return self if self.mean.device == device else replace(self, mean=self.mean.to(device), std=self.std.to(device))

    def normalise(self, raw: Tensor) -> Tensor:
        """Raw uint8 [n, c, h, w] to floats of mean's and std's type, in units of the data set's standard deviation."""
        return (raw.float() / self.white - self.mean) / self.std

    def quantise(self, images: Tensor) -> Tensor:
        """Normalised images [n, c, h, w] to raw uint8 ones: rounded to the nearest level, clamped to 0..white.

        Real images come back as they were: ``quantise(normalise(raw)) == raw``.
        """
        return ((images * self.std + self.mean) * self.white).round().clamp(0, self.white).to(torch.uint8)

    def display(self, images: Tensor) -> Tensor:
        """Normalised images back to [0, 1], clamped, for showing."""
        return (images * self.std + self.mean).clamp(0, 1)

    @property
    def low(self) -> Tensor:
        """Normalised value of a black pixel, [c, 1, 1]."""
        return -self.mean / self.std

    @property
    def high(self) -> Tensor:
        """Normalised value of a white pixel, [c, 1, 1]."""
        return (1 - self.mean) / self.std

    def clip(self, images: Tensor) -> Tensor:
        """Nearest images, [n, c, h, w], whose pixels lie in the range of real ones."""
        return torch.maximum(torch.minimum(images, self.high), self.low)

    def outside(self, images: Tensor) -> Tensor:
        """Share of pixel values that lie outside the range of real images (beyond rounding); a number."""
        slack = 1e-6
        return ((images < self.low - slack) | (images > self.high + slack)).float().mean()

    def augment(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Random crop from the image padded with black, and a mirror image for half of them.

        Args:
            images: normalised, [n, c, h, w].
            generator: source of the crops; the same state gives the same ones.
        """
        ((crops,),) = upload([[self.draw(len(images), generator)]], images.device)
        return self.crop(images, crops)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """What :meth:`crop` does to each of ``count`` images: top, left and whether to mirror, int64 [count, 3]."""
        top, left = torch.randint(2 * self.pad + 1, (2, count), generator=generator, device=generator.device)
        mirrored = torch.zeros_like(top)
        if self.flip:
            mirrored = torch.randint(2, (count,), generator=generator, device=generator.device)
        return torch.stack([top, left, mirrored], dim=1)

    def crop(self, images: Tensor, crops: Tensor) -> Tensor:
        """The crop of each image from its copy padded with black, and its mirror image where asked for.

        A pure, differentiable gather: each output pixel is one input pixel, to rounding, or black, so that gradients
        flow back to it.

        Args:
            images: normalised, [n, c, h, w].
            crops: as :meth:`draw` gives them, on the images' device.
        """
        n, c, h, w = images.shape
        padded = F.pad(images - self.low, [self.pad] * 4) + self.low
        top, left, mirrored = crops.split(1, dim=1)
        rows = top + torch.arange(h, device=images.device)  # [n, h]
        cols = left + torch.arange(w, device=images.device)  # [n, w]
        if self.flip:
            cols = torch.where(mirrored.bool(), cols.flip(1), cols)
        # Indices into each padded plane laid flat: one gather of a single index, a third of the time of three indices.
        index = rows[:, :, None] * (w + 2 * self.pad) + cols[:, None, :]  # [n, h, w]
        return padded.reshape(n, c, -1).gather(2, index.reshape(n, 1, -1).expand(-1, c, -1)).reshape(n, c, h, w)


def upload(columns: Sequence[Sequence[Tensor]], device: torch.device) -> list[tuple[Tensor, ...]]:
    """What was drawn on the host for each of many steps, on ``device``, without waiting for the device to take it.

    Args:
        columns: for each kind of thing that is drawn, one tensor a step.
        device: where it is wanted.

    Returns:
        One tuple a step. Each column travels as one block.
    """
    parts = []
    for column in columns:
        block = torch.cat(list(column))
        block = block.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else block.to(device)
        parts.append(block.split([len(tensor) for tensor in column]))
    return list(zip(*parts, strict=True))
