"""That what is computed together lies on one device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch


class Placed(Protocol):
    """A tensor, or what stands in the place of one."""

    @property
    def device(self) -> torch.device:
        """Where it is, or is read to."""
        ...


def require_one_device(tensors: Mapping[str, Placed]) -> None:
    """Raise ValueError unless all of these named tensors are on the device of the first one."""
    first, *_ = tensors
    for field, tensor in tensors.items():
        if tensor.device != tensors[first].device:
            raise ValueError(f"{field}: on {tensor.device}: must be on {tensors[first].device}, where {first} is")
