"""Pictures that stay on disk, for data that no memory holds: read when a batch asks for them, and ahead of the loop.

Indexed like a tensor of images, such a store gives a smaller store. Pixels come from :meth:`StoredPictures.read`, or
from :meth:`StoredPictures.stream` for many batches that are known beforehand.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate
from torchvision.transforms import v2

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.pictures import cores

CPU = torch.device("cpu")

FEW, AT_ONCE = 512, 64
"""Pictures that one process has read before others have started; and how many those hand over at once."""

Asked = tuple[int, int | None]
"""A picture of a store by its place, and the seed of its random view; None for the middle of it."""


@dataclass(frozen=True)
class StoredPictures:
    """Colour pictures in files, as a tensor of images would have them: uint8 [n, 3, size, size].

    Attributes:
        files: all there are; shared by the stores that are parts of one another.
        chosen: which of them these are, int64 [n], on the host.
        size: height and width. Of a picture whose shorter side is scaled to 256/224 of it the middle is kept.
        device: where pixels go.
    """

    files: tuple[Path, ...]
    chosen: Tensor
    size: int = 224
    device: torch.device = CPU

    @classmethod
    def of(cls, files: Sequence[Path], size: int = 224) -> StoredPictures:
        """All of these files."""
        return cls(tuple(files), torch.arange(len(files)), size)

    @property
    def shape(self) -> torch.Size:
        """n, 3, height and width."""
        return torch.Size((len(self.chosen), 3, self.size, self.size))

    @property
    def dtype(self) -> torch.dtype:
        """Of the pixels."""
        return torch.uint8

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the files' names, sizes and order, and of what is made of them; no file is read."""
        found = hashlib.sha256(str(self.size).encode())
        root = os.path.commonpath(self.files) if self.files else ""
        for place in self.chosen.tolist():
            file = self.files[place]
            found.update(f"{file.relative_to(root).as_posix()}\0{file.stat().st_size}\0".encode())
        return found.hexdigest()

    def __len__(self) -> int:
        """Pictures, n."""
        return len(self.chosen)

    def __getitem__(self, which: Tensor) -> StoredPictures:
        """Some of them: ``which`` is a mask [n], or places [m]."""
        return replace(self, chosen=self.chosen[which.cpu()])

    def to(self, device: torch.device) -> StoredPictures:
        """The same pictures, whose pixels go to ``device``: named as tensors there name it, ``cuda`` as ``cuda:0``."""
        return replace(self, device=torch.empty(0, device=device).device)

    def contiguous(self) -> StoredPictures:
        """These: files have no layout in memory."""
        return self

    def smaller(self, factor: int) -> StoredPictures:
        """The same pictures at a fraction of their size."""
        return replace(self, size=self.size // factor)

    def read(self) -> Tensor:
        """The pixels of all of them, uint8 [n, 3, size, size].

        Raises:
            DataError: naming a file that cannot be read.
        """
        if not len(self):
            return torch.empty(self.shape, dtype=torch.uint8, device=self.device)
        if len(self) > FEW:
            return torch.cat(list(self.stream(torch.arange(len(self)).split(AT_ONCE))))
        views = Views(self.files, self.size)
        pixels = _together([views[place, None] for place in self.chosen.tolist()])
        if isinstance(pixels, DataError):
            raise pixels
        return pixels.to(self.device)

    def stream(
        self, batches: Sequence[Tensor], seeds: Sequence[Tensor] | None = None, among: int = 1
    ) -> Iterator[Tensor]:
        """The pixels of one batch after the other, read by other processes while the last one is worked on.

        Args:
            batches: places in this store, [b] each.
            seeds: for each picture of each batch the seed of a random view of it, int64 [b]: a crop of 8 to 100 % of
                its area, mirrored or not (``RandomResizedCrop``, Szegedy et al. 2015); None for the middles.
            among: how many processes of this machine do so at once, and have its cores among them.

        Raises:
            DataError: naming a file that cannot be read; and for a process that ends, as one does that the system kills
                for memory.
        """
        asked: list[list[Asked]] = []
        for number, batch in enumerate(batches):
            places = self.chosen[batch.cpu()].tolist()
            own: list[int | None] = [None] * len(places) if seeds is None else seeds[number].tolist()
            asked.append(list(zip(places, own, strict=True)))
        loader = DataLoader(
            Views(self.files, self.size),
            batch_sampler=[batch for batch in asked if batch],
            num_workers=-(-cores() // among),
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # or it would take a number from the caller's
            worker_init_fn=_left_alone,
            collate_fn=_together,
        )
        # No process is started for nothing.
        pictures: Iterator[Tensor | DataError] = iter(loader) if any(asked) else iter(())
        for batch in batches:
            if not len(batch):
                yield torch.empty((0, *self.shape[1:]), dtype=torch.uint8, device=self.device)
                continue
            try:
                pixels = next(pictures)
            except RuntimeError as error:
                raise DataError(f"{self.files[0].parent}: a process that reads pictures ended: {error}") from error
            if isinstance(pixels, DataError):
                raise pixels
            yield pixels.to(self.device, non_blocking=True)


def _together(batch: Sequence[Tensor | DataError]) -> Tensor | DataError:
    """A batch as one tensor; or the first error, since raised in another process it would come as a page of text."""
    errors = [picture for picture in batch if isinstance(picture, DataError)]
    # PyTorch's own puts them, in another process, where this one can read them without a copy.
    return errors[0] if errors else cast(Tensor, default_collate(list(batch)))


def _left_alone(worker: int) -> None:
    """Ctrl-C is for the process that keeps what was done; those that read for it end when it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


Raw = Any
"""Raw images: a tensor uint8 [n, c, h, w], or :class:`StoredPictures` in its place.

To a type checker it is anything: the many uses that know which of the two they have would have to say so at each.
"""


class Views(Dataset[Tensor | DataError]):
    """For a ``DataLoader``: the middle of a picture, or a random view of it, uint8 [3, size, size]."""

    def __init__(self, files: Sequence[Path], size: int) -> None:
        self.files = files
        self.middle = v2.Compose(
            [v2.Resize(round(size * 256 / 224), antialias=True), v2.CenterCrop(size), v2.PILToTensor()]
        )
        self.random = v2.Compose(
            [v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip(), v2.PILToTensor()]
        )

    def __getitem__(self, asked: Asked) -> Tensor | DataError:
        """A picture by its place, and the seed of its view; of a file that cannot be read the error, which names it."""
        place, seed = asked
        path = self.files[place]
        try:
            with path.open("rb") as file, Image.open(file) as image:
                whole = image.convert("RGB")
        except MemoryError:
            raise
        except Exception as error:  # PIL's decoders raise what they like
            reason = " ".join(f"{error}".split()) or type(error).__name__
            return DataError(f"{path}: cannot be read as a picture: {reason}")
        if seed is None:
            return cast(Tensor, self.middle(whole))
        generator = torch.default_generator  # the one that transforms draw from; asking every device's costs more
        before = generator.get_state()
        generator.manual_seed(seed)
        try:
            return cast(Tensor, self.random(whole))
        finally:
            generator.set_state(before)
