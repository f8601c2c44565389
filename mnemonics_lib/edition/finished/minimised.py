"""What a training minimises, said so that two losses can be told apart: whose it is, and what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mnemonics_lib.methods.base import Method
from mnemonics_lib.training import LossFunction


class Minimised(NamedTuple):
    """A loss.

    Attributes:
        of: where it is defined: the class of its method, or the function that it is.
        holds: the words and whole numbers that it holds, and the name of the method's function, as JSON values.
        tensors: what else it holds, by name: networks, tensors, and numbers that are not whole. A method may have
            fitted the latter, so that they may be rounded otherwise on another processor.
    """

    of: str
    holds: dict[str, Any]
    tensors: dict[str, list[Tensor]]


def minimised(loss: LossFunction, model: nn.Module) -> Minimised:
    """What a loss is, before the first step of a training.

    Args:
        loss: as :class:`mnemonics_lib.training.Descent` has it.
        model: the network that is trained; what the loss holds of it is known by the training.

    Raises:
        TypeError: for a loss that cannot be told from another: one that is neither a method's nor a function of the
            library, or that holds something else than networks, tensors and plain values.
    """
    call = loss if isinstance(loss, partial) else partial(loss)
    function, method = call.func, getattr(call.func, "__self__", None)
    held = {f"argument {place}": value for place, value in enumerate(call.args)} | call.keywords
    holds: dict[str, Any] = {}
    if isinstance(method, Method):
        of, holds["its function"] = defined_as(type(method)), function.__name__
        held |= _attributes(method)
    else:
        of = defined_as(function)
        # One made in a notebook or in another function may be changed, and keep its name.
        if not isinstance(function, FunctionType) or not of.startswith("mnemonics_lib.") or "<" in of:
            raise TypeError(f"a loss, {of}: must be a method's, or a function of the library")
    tensors: dict[str, list[Tensor]] = {}
    for part, value in (single for name, whole in held.items() for single in _singles(name, whole)):
        if value is None or isinstance(value, (bool, int, str)):
            holds[part] = value
        elif value is not model:
            tensors[part] = _tensors(part, value)
    return Minimised(of, holds, tensors)


def defined_as(of: type | Callable[..., Any]) -> str:
    """Module and name of a class or a function; of an object that can be called, those of its class."""
    named = of if hasattr(of, "__qualname__") else type(of)
    return f"{named.__module__}.{named.__qualname__}"


def floats(model: nn.Module) -> list[Tensor]:
    """The parameters and buffers of a network that hold no whole numbers."""
    return [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]


def _attributes(method: Method) -> dict[str, Any]:
    """What a method holds, and its class: all but functions and what begins with an underscore."""
    found = {name: getattr(method, name) for name in dir(method) if not name.startswith("_")}
    return {name: value for name, value in found.items() if isinstance(value, nn.Module) or not callable(value)}


def _singles(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value under its name; of a list or a dictionary what is in it, each under a name of its own."""
    if isinstance(value, (list, tuple, dict)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _singles(f"{name}.{key}", each)
    else:
        yield name, value


def _tensors(part: str, value: Any) -> list[Tensor]:
    if isinstance(value, nn.Module):
        return floats(value)
    if isinstance(value, (Tensor, float)):
        return [torch.as_tensor(value, dtype=torch.float64)]
    raise TypeError(f"a loss holds {part}, a {type(value).__name__}: must be a network, a tensor or a plain value")
