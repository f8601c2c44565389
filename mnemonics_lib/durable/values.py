"""Plain values as text that is equal for equal values, in whatever process it is made."""

from __future__ import annotations

import enum
import functools
import hashlib
import types
from collections.abc import Collection
from pathlib import PurePath
from types import BuiltinFunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

Description = str | list["Description"]
"""Text, or a list of descriptions: a JSON value, so that no two values that differ run into the same text."""


def describe_plain(value: object) -> Description | None:
    """A number, a string, a tensor and the like; None for anything that is made of other values, or unknown.

    Args:
        value: anything.
    """
    if isinstance(value, enum.Enum):  # some are numbers or strings too, but what they mean is their class's
        return None
    if value is None or value is ... or isinstance(value, bool | int | float | complex | str | bytes | range):
        return [type(value).__name__, ascii(value)]
    if isinstance(value, Tensor):
        return describe_tensor(value)
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        array = np.ascontiguousarray(value)
        return ["array", array.dtype.str, str(value.shape), hashlib.sha256(array.tobytes()).hexdigest()]
    if isinstance(value, torch.dtype | torch.device | torch.Size | PurePath):
        return [type(value).__name__, str(value)]
    if isinstance(value, types.GenericAlias | types.UnionType) or type(value).__module__ == "typing":
        return ["type", repr(value)]
    return None


def describe_tensor(value: Tensor) -> Description | None:
    """Kind, shape and SHA-256 (hex) of a tensor's bytes, wherever it lies; None for one without bytes (sparse, meta).

    Args:
        value: of any shape and kind of number.
    """
    if value.layout is not torch.strided or value.is_meta or value.is_quantized:
        return None
    flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    content: Any = flat.view(torch.uint8).numpy()  # a view: CIFAR-100's 184 MB are not copied
    return ["tensor", str(value.dtype), str(list(value.shape)), hashlib.sha256(content).hexdigest()]


def value_parts(value: Any) -> Collection[object] | None:
    """The values that a value is made of; None for one that nothing is known of."""
    match value:
        case dict():
            return list(value.items())
        case list() | tuple():
            return value
        case set() | frozenset():  # in an order that every process finds again
            return sorted(value, key=lambda item: ascii(getattr(item, "__qualname__", item)))
        case enum.Enum():
            return type(value), value.name, value.value
        case staticmethod() | classmethod():
            return (value.__func__,)
        case property():
            return value.fget, value.fset, value.fdel
        case MethodType():
            return value.__func__, value.__self__
        case functools.partial() | functools.partialmethod():
            return value.func, value.args, value.keywords
        case functools.cached_property():
            return (value.func,)
        case BuiltinFunctionType():
            bound = not isinstance(value.__self__, ModuleType | type | None)
            return (value.__name__, value.__self__) if bound else (value.__name__, str(value.__module__))
    if hasattr(value, "__wrapped__"):  # functools.cache and its like
        return (value.__wrapped__,)
    name = getattr(value, "__name__", None)
    if type(value).__module__.partition(".")[0] in ("builtins", "numpy", "torch") and isinstance(name, str):
        return type(value).__qualname__, name  # slots of a class, functions of numpy and torch that are objects
    return None
