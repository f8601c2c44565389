"""A recorder for the CPU: takes down tensor operations as a CUDA graph takes down kernels, and does them again.

What a graph would get wrong, it gets wrong too: a replay runs no Python, reads the tensors that were there when it was
recorded, and knows no number but those of that time. Recording leaves every tensor as it was, and refuses what makes
the host and a GPU wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

Work = Callable[[], None]
aten = torch.ops.aten
WAITS = {aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten._unique2, aten.lift_fresh, aten.bincount}
"""What a graph cannot hold: reading a value, a shape that depends on values, a constant brought from the host."""


def tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_iter(values) if isinstance(value, Tensor)]


def place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


class _Taking(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, tuple[Any, ...], dict[str, Any], list[Tensor]]] = []
        self.made: dict[int, Tensor] = {}
        self.before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        masks = [mask for mask in tensors(args[1:]) if mask.dtype == torch.bool and "index" in str(func)]
        if func.overloadpacket in WAITS or masks:
            raise RuntimeError("the host waits for the device")
        given = {place(tensor): tensor for tensor in tensors((args, kwargs))}
        for where, tensor in given.items():  # not only what the schema calls written: batch norm writes unannounced
            if where not in self.made and where not in self.before:
                self.before[where] = tensor.untyped_storage(), tensor.untyped_storage().clone()
        result = func(*args, **kwargs)
        made = [out for out in tensors(result) if place(out) not in given]
        self.made |= {place(out): out for out in made}
        self.operations.append((func, args, kwargs, made))
        return result


class Tape:
    """Counts what was done how; steps that share one are counted together."""

    def __init__(self, device: torch.device | None = None) -> None:
        self.warmed = self.recorded = self.replayed = 0

    def warm(self, work: Work) -> None:
        self.warmed += 1
        work()

    def record(self, work: Work) -> Work:
        self.recorded += 1
        with _Taking() as taken:
            work()
        for storage, content in taken.before.values():
            storage.copy_(content)

        def replay() -> None:
            self.replayed += 1
            with torch.no_grad():
                for func, args, kwargs, outs in taken.operations:
                    inside = {place(tensor) for tensor in tensors((args, kwargs))}
                    new = [out for out in tensors(func(*args, **kwargs)) if place(out) not in inside]
                    for out, value in zip(outs, new, strict=True):
                        out.copy_(value)

        return replay
