"""The tensor operations of a computation, counted as PyTorch hands them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import conv_backward_flop, conv_flop


class Operations(TorchDispatchMode):
    """A context in which operations are counted.

    Args:
        size: numbers in a tensor that make an operation on it a large one.

    Attributes:
        multiplications: those in convolutions and their derivatives.
        kernel: pixels on a side of the largest convolution kernel; 0 where there was no convolution.
        large: operations that read or write a tensor of ``size`` numbers or more; views do neither.
    """

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self.size = size
        self.multiplications = self.kernel = self.large = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Count one operation, and do it."""
        out = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.multiplications += _multiplications(conv_flop, args, out)
            self.kernel = max(self.kernel, args[1].shape[-1])
        elif func is torch.ops.aten.convolution_backward.default:
            self.multiplications += _multiplications(conv_backward_flop, args, out)
        touched = (*args, *(out if isinstance(out, tuple) else (out,)))
        self.large += not func.is_view and any(isinstance(x, Tensor) and x.numel() >= self.size for x in touched)
        return out


def _multiplications(flop: Callable[..., int], args: Sequence[Any], out: Any) -> int:
    """Half of the floating point operations, which are a multiplication and an addition each."""
    return flop(*args, out_val=out) // 2
