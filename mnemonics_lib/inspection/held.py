"""How much memory automatic differentiation keeps at the fullest moment, counted while a gradient is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


class Held:
    """Bytes of the tensors that autograd keeps for a backward pass. Each block of memory is counted once.

    Attributes:
        bytes: those kept now.
        most: those kept at the fullest moment so far.
    """

    def __init__(self) -> None:
        self.bytes = self.most = 0
        self._users: Counter[int] = Counter()

    def _keep(self, tensor: Tensor) -> _Kept:
        block = tensor.untyped_storage()
        self._users[block.data_ptr()] += 1
        if self._users[block.data_ptr()] == 1:
            self.bytes += block.nbytes()
            self.most = max(self.most, self.bytes)
        return _Kept(self, tensor.detach())  # without its graph, which would hold this object, and so itself

    def _drop(self, tensor: Tensor) -> None:
        block = tensor.untyped_storage()
        self._users[block.data_ptr()] -= 1
        if not self._users[block.data_ptr()]:
            self.bytes -= block.nbytes()


class _Kept:
    """A stored tensor, which says when it goes."""

    def __init__(self, held: Held, tensor: Tensor) -> None:
        self.held, self.tensor = held, tensor

    def __del__(self) -> None:
        self.held._drop(self.tensor)


@contextmanager
def held() -> Iterator[Held]:
    """Count what autograd keeps while the block runs."""
    count = Held()
    with saved_tensors_hooks(count._keep, lambda kept: kept.tensor):
        yield count
