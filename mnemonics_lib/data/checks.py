"""What the tensors of data must be, checked where they enter.

Shapes, types and places are known on the host and cost nothing, so they are checked for everything that is made. What
has to read values off the device is said to: it belongs where data are loaded or asked about, not into a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mnemonics_lib.data.held import HeldImages, Images
from mnemonics_lib.data.one_device import require_one_device
from mnemonics_lib.data.stored import Raw, StoredPictures
from mnemonics_lib.data.wording import kind


def require_raw(field: str, raw: Raw, shape: Sequence[int] | None = None) -> None:
    """Raise ValueError unless these are raw images, uint8 [n, c, h, w], in memory or on disk.

    Args:
        field: what to call them.
        raw: anything.
        shape: the one c, h and w that is allowed; None for any.
    """
    sizes = "c, h, w" if shape is None else ", ".join(map(str, shape))
    is_raw = isinstance(raw, Tensor | StoredPictures) and raw.dtype == torch.uint8 and len(raw.shape) == 4
    if not is_raw or (shape is not None and tuple(raw.shape[1:]) != tuple(shape)):
        raise ValueError(f"{field} = {kind(raw)}: must be torch.uint8 of shape [n, {sizes}]")


def require_labels(field: str, labels: Tensor, count: int) -> None:
    """Raise ValueError unless this is one label for each of ``count`` images, int64 [count]."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        raise ValueError(f"{field} = {kind(labels)}: must be torch.int64 of shape [{count}], one for each image")


def require_samples(raw: Raw, images: Images, labels: Tensor, mean: Tensor) -> None:
    """Raise ValueError unless real images, exemplars, labels and a pixel space go together.

    Args:
        raw: uint8 [n, c, h, w].
        images: floats [m, c, h, w].
        labels: int64 [n + m].
        mean: of the pixel space, [c, 1, 1], or [1, 1, 1] for all channels alike.
    """
    require_raw("raw", raw)
    are_images = isinstance(images, Tensor | HeldImages) and images.dtype.is_floating_point
    if not are_images or images.shape[1:] != raw.shape[1:]:
        sizes = ", ".join(map(str, raw.shape[1:]))
        raise ValueError(f"images = {kind(images)}: must be floats of shape [m, {sizes}], like the raw images")
    require_labels("labels", labels, len(raw) + len(images))
    if len(mean) not in (1, raw.shape[1]):
        raise ValueError(f"pixels.mean = {kind(mean)}: must have 1 channel or those of the images, {raw.shape[1]}")
    require_one_device({"raw": raw, "images": images, "labels": labels, "pixels.mean": mean})


def require_like_data(field: str, raw: Tensor, shape: Sequence[int], white: int, device: torch.device) -> None:
    """Raise ValueError unless these are raw images as a data set has them. It reads their largest value off the device.

    Args:
        field: what to call them.
        raw: anything.
        shape: c, h and w of the data set, at the resolution in use.
        white: the largest value of its raw pixels.
        device: where they must be.
    """
    if isinstance(raw, Tensor) and raw.dim() == 3:
        raise ValueError(
            f"{field} = {kind(raw)}: must be a batch of shape [n, {', '.join(map(str, shape))}]; for a single image "
            f"add a dimension, {field}[None]"
        )
    require_raw(field, raw, shape)
    if raw.device != device:
        raise ValueError(f"{field}: on {raw.device}: must be on {device}")
    if len(raw) and (largest := int(raw.max())) > white:
        raise ValueError(f"{field}: its largest value is {largest}: must be at most {white}, the white of the data set")
