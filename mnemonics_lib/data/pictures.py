"""Files of pictures as tensors of one size, many of them read by a process for each core; what cannot be is named."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.wording import listed

FEW = 2000
"""Pictures that one process has read before others have started."""

DEEP = {"I;16": 257, "I;16B": 257, "I;16L": 257}
"""PIL's modes of 16 bits a pixel, and what divides them to 8. PIL itself would make all but the darkest white."""
ALSO_DEEP = ("PNG", "PPM")
"""Formats whose 16 bits PIL may give as its mode I."""
UNKNOWN = ("I", "F")
"""Modes of numbers whose black and white nobody knows."""
LONG = 16
"""How often the shorter side may go into the longer one; what is further out is cut off before it is scaled."""


@dataclass(frozen=True)
class Decoded:
    """Pictures of one size, and the files that were none.

    Attributes:
        images: uint8 [n, c, size, size], of the files that could be read, in their order.
        kept: which of the files those are, int64 [n].
        damaged: each file that could not be read, and why.
    """

    images: Tensor
    kept: Tensor
    damaged: dict[Path, str]


def read_picture(path: Path, size: int, grey: bool) -> Tensor:
    """One picture: turned as its camera says, its shorter side scaled to ``size`` pixels, the middle square kept.

    Args:
        path: of the file; of an animation the first picture.
        size: height and width.
        grey: one channel instead of three.

    Returns:
        uint8 [c, size, size].

    Raises:
        OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError: for a file that is no whole picture.
    """
    # Not by its path: of that, PIL maps a plain TIFF into memory, and mixes up the rows of one that lies on its side.
    with path.open("rb") as file, Image.open(file) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode in DEEP or (image.mode == "I" and opened.format in ALSO_DEEP):
            image = _shallow(image)
        if image.mode in UNKNOWN:
            raise ValueError(f"has pixels of mode {image.mode}: must be of 8 or 16 bits")
        image = _middle(image.convert("L" if grey else "RGB"))
    scaled = F.resize(image, [size], interpolation=v2.InterpolationMode.BILINEAR, antialias=True)
    return F.pil_to_tensor(F.center_crop(scaled, [size, size]))


def _shallow(image: Image.Image) -> Image.Image:
    """A picture of 16 bits as one of 8."""
    return Image.fromarray((np.asarray(image) / DEEP.get(image.mode, 257)).round().astype(np.uint8))


def _middle(image: Image.Image) -> Image.Image:
    """A very long picture without its ends, of which nothing is kept: scaled whole, it could fill the memory."""
    width, height = image.size
    x, y = max(0, width - LONG * height) // 2, max(0, height - LONG * width) // 2
    return image.crop((x, y, width - x, height - y)) if x or y else image


class PictureFiles(Dataset[tuple[Tensor, str]]):
    """Files for a ``DataLoader``: each as its pixels and an empty text, or as none and why not."""

    def __init__(self, files: Sequence[Path], size: int, grey: bool) -> None:
        self.files, self.size, self.grey = files, size, grey

    def __len__(self) -> int:
        """Number of files."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, str]:
        """The picture [c, size, size] and "", or an empty tensor and what is wrong with the file."""
        try:
            return read_picture(self.files[index], self.size, self.grey), ""
        except MemoryError:
            raise
        except UnidentifiedImageError:
            problem = "is of no format that PIL reads"
        except Exception as error:  # PIL's decoders raise what they like for bytes that are none of theirs
            problem = " ".join(f"{error}".split()) or type(error).__name__
        return torch.empty(0, dtype=torch.uint8), problem


def _in_one(batch: list[tuple[Tensor, str]]) -> tuple[Tensor, list[str]]:
    """The pictures that could be read as one tensor, which travels between processes at once, and all the texts."""
    read = [picture for picture, problem in batch if not problem]
    return torch.stack(read) if read else torch.empty(0, dtype=torch.uint8), [problem for _, problem in batch]


def damaged_error(where: object, damaged: Mapping[Path, str], way_out: str) -> DataError:
    """The error of pictures that cannot be read: how many there are, the first of them and why, and what to do."""
    return DataError(f"{where}: {len(damaged)} of its pictures cannot be read: {first_of(damaged)}; {way_out}")


def first_of(damaged: Mapping[Path, str]) -> str:
    """The first few pictures that cannot be read, with the reasons."""
    return listed((f"{path} ({reason})" for path, reason in damaged.items()), most=3)


def cores() -> int:
    """Cores that this process may use, where the system says so (macOS does not); else all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decode(files: Sequence[Path], size: int, grey: bool) -> Decoded:
    """Read pictures into memory.

    Args:
        files: of any formats that PIL reads.
        size: height and width they are brought to.
        grey: one channel instead of three.

    Raises:
        DataError: where a process that reads them dies, as one does that the system kills for memory.
    """
    images = torch.empty((len(files), 1 if grey else 3, size, size), dtype=torch.uint8)
    kept: list[int] = []
    damaged: dict[Path, str] = {}
    loader = DataLoader(
        PictureFiles(files, size, grey),
        batch_size=64,
        num_workers=cores() if len(files) > FEW else 0,
        collate_fn=_in_one,
        generator=torch.Generator(),  # or it would take a number from the caller's
    )
    at = 0
    try:
        for pictures, problems in loader:
            if len(pictures):
                images[len(kept) : len(kept) + len(pictures)] = pictures
            for file, problem in zip(files[at : at + len(problems)], problems, strict=True):
                if problem:
                    damaged[file] = problem
                else:
                    kept.append(at)
                at += 1
    except RuntimeError as error:
        raise DataError(f"{files[0].parent}: a process that reads pictures ended: {error}") from error
    return Decoded(images[: len(kept)], torch.tensor(kept, dtype=torch.int64), damaged)
