"""What the numbers of a pixel space must be, checked where one is made."""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.data.one_device import require_one_device
from mnemonics_lib.data.wording import is_whole, kind, listed


def require_pixel_space(mean: Tensor, std: Tensor, white: int, pad: int, flip: bool) -> None:
    """Raise ValueError unless this is a pixel space that takes an image to normalised values and back.

    It reads mean and std off the device.
    """
    channels = {"mean": mean, "std": std}
    for field, tensor in channels.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{field} = {kind(tensor)}: must be a tensor of shape [c, 1, 1]")
    require_one_device(channels)
    for field, tensor in channels.items():
        _require_numbers(field, tensor)
    if (mean.shape, mean.dtype) != (std.shape, std.dtype):
        raise ValueError(f"mean: {kind(mean)}: must be {kind(std)}, as std is, one number for each channel")
    if (std <= 0).any():
        raise ValueError(f"std = {std.flatten().tolist()}: must be larger than 0")
    if not is_whole(white, 1, 255):
        allowed = (
            "an integer greater than or equal to 1 and less than or equal to 255, the largest value of a raw pixel"
        )
        raise ValueError(f"white = {white!r}: must be {allowed}")
    if not is_whole(pad, 0):
        raise ValueError(f"pad = {pad!r}: must be an integer greater than or equal to 0")
    if not isinstance(flip, bool):
        raise ValueError(f"flip = {flip!r}: must be a boolean, True or False")


def _require_numbers(field: str, tensor: Tensor) -> None:
    """Raise ValueError unless this is one finite number for each channel."""
    shape, floats = (max(1, tensor.numel()), 1, 1), tensor.is_floating_point()
    if not floats or tensor.shape != shape or not tensor.isfinite().all():
        wanted = f"{tensor.dtype if floats else torch.float32} of shape {list(shape)}, finite"
        found = f"{kind(tensor)}, {listed(tensor.flatten().tolist())}"
        raise ValueError(f"{field}: {found}: must be {wanted}, one number for each channel")
