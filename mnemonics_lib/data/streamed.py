"""The mini-batches of a training on pictures that stay on disk: read ahead of the loop, in other processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mnemonics_lib.data.batches import WHOLE, Data, EpochBatches, Share, batches
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.samples import Samples, part_size
from mnemonics_lib.data.stored import StoredPictures

LARGEST_SEED = 2**62
"""Of a picture's random view; below what a generator takes."""


class StreamedEpochs(EpochBatches):
    """Each epoch all samples in a new random order: pictures in new random views, exemplars in new crops.

    Args:
        samples: pictures on disk, and exemplars; or exemplars alone, which the host holds.
        size: images per batch, at most.
        augment: whether pictures are seen in random views (``RandomResizedCrop``), and exemplars cropped and mirrored.
        seed: of orders, views and crops.
        share: what this process reads and loads of each batch.
    """

    def epoch(self) -> Iterator[tuple[Tensor, ...]]:
        """What :meth:`load` takes, batch for batch: pixels [r, c, h, w], indices [b] and, with ``augment``, crops.

        With a share of it pixels and crops are its own, and the indices those of all.
        """
        samples, device, views = self.samples, self.samples.labels.device, None
        chosen = [samples.real_first(batch) for batch in batches(len(samples), self.size, self._order)]
        places = [batch[batch < len(samples.raw)] for batch in chosen]
        if self.augment:
            views = [torch.randint(LARGEST_SEED, (len(of),), generator=self._crops) for of in places]
        crops = [
            [samples.pixels.draw(len(batch) - len(of), self._crops)] if self.augment else []
            for batch, of in zip(chosen, places, strict=True)
        ]
        if self.share.of > 1:
            real, learned = self._shares(chosen, places)
            places = [of[own] for of, own in zip(places, real, strict=True)]
            views = views and [of[own] for of, own in zip(views, real, strict=True)]
            crops = [[crop[own] for crop in of] for of, own in zip(crops, learned, strict=True)]
        for pixels, batch, own in zip(self._pictures(places, views), chosen, crops, strict=True):
            yield (pixels, batch.to(device), *(crop.to(device) for crop in own))

    def _pictures(self, places: Sequence[Tensor], views: Sequence[Tensor] | None) -> Iterator[Tensor]:
        """The pixels of the pictures of each batch; none where there are only exemplars."""
        raw = self.samples.raw
        if isinstance(raw, StoredPictures):
            return raw.stream(places, views, self.share.here)
        return iter([raw] * len(places))

    def _shares(self, chosen: Sequence[Tensor], places: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Which of each batch's pictures, and which of its exemplars, are of this share: places among their kind."""
        shares = [self.share.take(torch.arange(len(batch))) for batch in chosen]
        pairs = list(zip(shares, map(len, places), strict=True))
        return [own[own < real] for own, real in pairs], [own[own >= real] - real for own, real in pairs]

    def load(self, pixels: Tensor, index: Tensor, *crops: Tensor) -> Data:  # type: ignore[override]
        """The images [b, c, h, w], normalised, those of exemplars cropped, and labels [b] of one batch.

        With a share of it, [s, c, h, w] alone, and the labels of all [b].
        """
        own = self.share.take(index)
        learned = self.samples.learned_at(own[len(pixels) :] - len(self.samples.raw))
        if crops and len(learned):
            learned = self.samples.pixels.crop(learned, *crops)
        images = learned.new_empty((len(own), *pixels.shape[1:]))
        # A CPU takes three times as long where a batch of large pictures goes through the arithmetic as a whole.
        size = part_size(pixels.device, *pixels.shape[2:])
        for place, part in zip(images[: len(pixels)].split(size), pixels.split(size), strict=True):
            place.copy_(self.samples.pixels.normalise(part))
        images[len(pixels) :] = learned
        return images, self.samples.labels[index]


def epoch_batches(samples: Samples, size: int, augment: bool, seed: int, share: Share = WHOLE) -> EpochBatches:
    """The mini-batches of a training: of images on the device, or of pictures on disk and exemplars on the host."""
    if isinstance(samples.raw, StoredPictures):
        # To the GPU of this very process, which another one that sent it the samples does not know.
        samples = replace(samples, raw=samples.raw.to(samples.labels.device))
        return StreamedEpochs(samples, size, augment, seed, share)
    if isinstance(samples.images, HeldImages) and not len(samples.raw):
        return StreamedEpochs(samples, size, augment, seed, share)
    return EpochBatches(samples, size, augment, seed, share)
