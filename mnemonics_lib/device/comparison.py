"""Whether a replayed step has done what the plain call does."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

SHARE, OF_LARGEST, OF_VALUE = 0.05, 1e-4, 1e-6
"""How far two results may be apart: as a share of what the step changed in that tensor; of what it changed most in any;
and of the value itself. Kernels that add in any order differ by a thousandth of a change at most, and a recording that
has gone wrong by all of it."""


@torch.no_grad()
def unlike(before: Sequence[Tensor], plain: Sequence[Tensor], replayed: Sequence[Tensor]) -> str:
    """How the results of a replay differ from those of the plain call; "" where they do not.

    Args:
        before: the tensors that the step changes, as they were.
        plain: the same after the plain call.
        replayed: the same after the replay, from the same start.
    """
    changes = [_distance(now, was) for now, was in zip(plain, before, strict=True)]
    largest = max((change for change in changes if change < torch.inf), default=0.0)
    for number, (own, theirs, change) in enumerate(zip(plain, replayed, changes, strict=True)):
        if not own.is_floating_point():
            if not torch.equal(own, theirs):
                return f"tensor {number} of {len(plain)}, of {own.dtype}, has other values"
        elif own.isfinite().all():  # where the plain call has diverged there is nothing to compare
            allowed = SHARE * change + OF_LARGEST * largest + OF_VALUE * own.double().norm().item()
            apart = _distance(own, theirs)
            if not apart <= allowed:
                return f"tensor {number} of {len(plain)}, of shape {tuple(own.shape)}, is {apart:.3g} off"
    return ""


def _distance(one: Tensor, other: Tensor) -> float:
    return (one.double() - other.double()).norm().item()
