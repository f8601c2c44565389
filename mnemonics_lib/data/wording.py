"""How the checks of data name what they refuse: in a few words, however much there is of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # class orders are checked without waiting for torch
    from torch import Tensor


def kind(value: Tensor | object) -> str:
    """Type and shape of a tensor; of anything else its type."""
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is None or shape is None:
        return f"a {type(value).__name__}"
    return f"{dtype} of shape {list(shape)}"


def listed(values: Iterable[object], most: int = 5) -> str:
    """The first few of many values, and how many more there are: ``3, 7, 9 and 12 more``."""
    texts = [str(value) for value in values]
    rest = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest


def is_whole(value: object, least: int, most: int | None = None) -> bool:
    """Whether this is an integer from ``least`` to ``most``, and not a truth value, which Python counts as one."""
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return value >= least and (most is None or value <= most)
