"""A recorder for the CPU: takes down tensor operations as a CUDA graph takes down kernels, and does them again.

What a graph gets wrong for being one, it gets wrong too: a replay runs no Python, reads the tensors that were there
when it was recorded, knows no number but those of that time, and leaves nothing in scratch memory. Recording leaves
every tensor as it was. What it cannot see: streams, tensors on the wrong device, and what only CUDA's kernels do.
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
WAITS = {
    *(aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten.bincount, aten.equal, aten.is_nonzero),
    *(aten._unique2, aten.unique_dim, aten.unique_consecutive, aten.repeat_interleave),
}
"""What a graph cannot hold: reading a value, and shapes that depend on values."""


def tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_iter(values) if isinstance(value, Tensor)]


def place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


class _Watching(TorchDispatchMode):
    """Notes what would make the host wait for a device."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        masks = [mask for mask in tensors(args[1:]) if mask.dtype == torch.bool and "index" in str(func)]
        if func.overloadpacket in WAITS or masks:
            self.waits.append(str(func))
        return func(*args, **(kwargs or {}))


class _Taking(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, tuple[Any, ...], dict[str, Any], list[Tensor]]] = []
        self.made: dict[int, Tensor] = {}
        self.before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
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

    def __init__(self) -> None:
        self.warmed = self.recorded = self.replayed = 0

    def warm(self, work: Work) -> str:
        self.warmed += 1
        with _Watching() as watching:
            work()
        return ", ".join(watching.waits)

    def record(self, work: Work) -> Work:
        self.recorded += 1
        with torch.random.fork_rng(devices=[]), _Taking() as taken:  # a graph draws its numbers when it is replayed
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
                for scratch in taken.made.values():  # another graph may use it now
                    scratch.untyped_storage().fill_(255)  # not a number

        return replay
