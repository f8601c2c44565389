"""The mini-batches of a training on pictures that stay on disk: read ahead of the loop, in other processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mnemonics_lib.data.batches import WHOLE, Data, EpochBatches, Share, batches
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures

LARGEST_SEED = 2**62
"""Of a picture's random view; below what a generator takes."""


class StreamedEpochs(EpochBatches):
    """Each epoch all samples in a new random order: pictures in new random views, exemplars in new crops.

    Args:
        samples: of pictures on disk, and exemplars.
        raw: the pictures.
        size: images per batch, at most.
        augment: whether pictures are seen in random views (``RandomResizedCrop``), and exemplars cropped and mirrored.
        seed: of orders, views and crops.
        share: what this process reads and loads of each batch.
    """

    def __init__(
        self, samples: Samples, raw: StoredPictures, size: int, augment: bool, seed: int, share: Share = WHOLE
    ) -> None:
        super().__init__(samples, size, augment, seed, share)
        self.raw = raw

    def epoch(self) -> Iterator[tuple[Tensor, ...]]:
        """What :meth:`load` takes, batch for batch: pixels [r, c, h, w], indices [b] and, with ``augment``, crops.

        With a share of it pixels and crops are its own, and the indices those of all.
        """
        samples, device, views = self.samples, self.samples.labels.device, None
        chosen = [samples.real_first(batch) for batch in batches(len(samples), self.size, self._order)]
        places = [batch[batch < len(self.raw)] for batch in chosen]
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
        for pixels, batch, own in zip(self.raw.stream(places, views, self.share.here), chosen, crops, strict=True):
            yield (pixels, batch.to(device), *(crop.to(device) for crop in own))

    def _shares(self, chosen: Sequence[Tensor], places: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Which of each batch's pictures, and which of its exemplars, are of this share: places among their kind."""
        shares = [self.share.take(torch.arange(len(batch))) for batch in chosen]
        pairs = list(zip(shares, map(len, places), strict=True))
        return [own[own < real] for own, real in pairs], [own[own >= real] - real for own, real in pairs]

    def load(self, pixels: Tensor, index: Tensor, *crops: Tensor) -> Data:  # type: ignore[override]
        """The images [b, c, h, w], normalised, those of exemplars cropped, and labels [b] of one batch.

        With a share of it, [s, c, h, w] alone, and the labels of all [b].
        """
        learned = self.samples.images[self.share.take(index)[len(pixels) :] - len(self.raw)]
        if crops and len(learned):
            learned = self.samples.pixels.crop(learned, *crops)
        return torch.cat([self.samples.pixels.normalise(pixels), learned]), self.samples.labels[index]


def epoch_batches(samples: Samples, size: int, augment: bool, seed: int, share: Share = WHOLE) -> EpochBatches:
    """The mini-batches of a training: of images in memory, or of pictures on disk."""
    if isinstance(samples.raw, StoredPictures):
        # To the GPU of this very process, which another one that sent it the samples does not know.
        raw = samples.raw.to(samples.labels.device)
        return StreamedEpochs(samples, raw, size, augment, seed, share)
    return EpochBatches(samples, size, augment, seed, share)
