"""The state of a loop taken back: of another loop, or damaged, it is refused, and the part is named.

A loop that has refused a state may have taken some of it, and is to be thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mnemonics_lib.loops import LoopState

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


@contextmanager
def part(state: LoopState, name: str) -> Iterator[Any]:
    """A part of a loop's state, for the block that takes it: what goes wrong in there is a ValueError naming the part.

    A state may come from a file, and of another loop's all kinds of errors would come.
    """
    if not isinstance(state, dict) or name not in state:
        held = sorted(map(str, state)) if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"{name}: is missing in the loop's state, which has {held}")
    try:
        yield state[name]
    except Exception as error:
        raise ValueError(f"{name}: is not of this loop: {error}") from error


def require_steps(done: int, steps: int) -> int:
    """The number of steps that a state says are done; ValueError where the loop has fewer."""
    if not 0 <= done <= steps:
        raise ValueError(f"{done} steps are done: must be 0 to {steps}, those of this loop")
    return done


def require_like(found: Tensor, like: Tensor) -> Tensor:
    """``found`` where it has the shape and type of ``like``; else ValueError, since a copy would broadcast or round."""
    if found.shape != like.shape or found.dtype != like.dtype:
        raise ValueError(
            f"{found.dtype} of shape {list(found.shape)}: must be {like.dtype} of shape {list(like.shape)}"
        )
    return found


def take_optimizer(state: LoopState, optimizer: Optimizer, scheduler: LRScheduler) -> None:
    """Give an optimiser and its schedule what ``optimizer`` and ``scheduler`` hold in a loop's state.

    PyTorch takes nearly anything here: buffers of other shapes, and another schedule whole.

    Raises:
        ValueError: naming the part, where it is of another optimiser, or of one with other settings.
    """
    with part(state, "optimizer") as saved:
        for group, own in zip(saved["param_groups"], optimizer.param_groups, strict=True):
            _require_equal(group, own, ("initial_lr", "momentum", "dampening", "weight_decay", "betas", "eps"))
        optimizer.load_state_dict(saved)
        for parameter, buffers in optimizer.state.items():
            for buffer in buffers.values():
                if getattr(buffer, "shape", ()):  # not a count of steps
                    require_like(buffer, parameter)
    with part(state, "scheduler") as saved:
        _require_equal(saved, scheduler.state_dict(), ("milestones", "step_size", "gamma", "base_lrs"))
        scheduler.load_state_dict(saved)


def _require_equal(found: dict[str, Any], own: dict[str, Any], names: Iterable[str]) -> None:
    """Raise ValueError where settings of a kind that either has are not the same in both."""
    for name in names:
        if found.get(name) != own.get(name):
            raise ValueError(f"{name} = {found.get(name)}: must be {own.get(name)}, as this loop has it")
