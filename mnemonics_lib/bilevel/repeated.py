"""What an engine needs that computes an inner step twice: the same random numbers, and the same loss, twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class Replay:
    """Gives an inner step that is computed again the random numbers that it drew the first time: masks of dropout, say.

    Layers draw them from torch's own generators, the CPU's and the device's, whose states are noted before each step on
    the way forwards and set again on the way back, as ``torch.utils.checkpoint`` does. A CUDA graph that is replayed
    draws from the generator's present state too, so it makes no difference whether a step is recorded.

    Args:
        device: where the steps are computed.
    """

    def __init__(self, device: torch.device) -> None:
        self._devices = [device] if device.type == "cuda" else []
        self._noted: dict[int, tuple[Tensor, list[Tensor]]] = {}

    def note(self, t: int) -> None:
        """Step ``t`` is about to be computed for the first time."""
        self._noted[t] = torch.get_rng_state(), [torch.cuda.get_rng_state(device) for device in self._devices]

    @contextmanager
    def again(self, t: int) -> Iterator[None]:
        """Step ``t`` is computed again inside this block; afterwards the generators are where they were before it."""
        of_cpu, of_devices = self._noted[t]
        with torch.random.fork_rng(self._devices):
            torch.set_rng_state(of_cpu)
            for device, state in zip(self._devices, of_devices, strict=True):
                torch.cuda.set_rng_state(state, device)
            yield


def refuse_if_different(model: object, first: Tensor, again: Tensor) -> None:
    """Stop where inner steps that were computed twice were not the same step: their gradient would be that of neither.

    Kernels may add in another order the second time, so a loss may differ by sqrt(eps) of itself and sqrt(eps) of a
    scale, where eps is the relative rounding error of the type. The scale is the largest of these losses, but at most 1
    and at least eps^(1/4): small losses are compared as small numbers, and yet they may differ by the rounding error of
    the logits, which are larger and which cross-entropy takes a difference of. It waits for the device.

    Args:
        model: Theta', for the message.
        first: the losses of some consecutive inner steps on the way forwards, [k].
        again: those on the way back, [k].

    Raises:
        TypeError: saying which step differed, and what to do.
    """
    eps = torch.finfo(first.dtype).eps
    scale = float(first.abs().nan_to_num(1.0).max().clamp(eps**0.25, 1.0))
    same = torch.isclose(again, first, rtol=eps**0.5, atol=eps**0.5 * scale, equal_nan=True)
    if same.all():
        return
    step = int((~same).nonzero()[0])
    raise TypeError(
        f"the base loss of {type(model).__name__} was {first[step].item():.9g} on the way forwards and "
        f"{again[step].item():.9g} on the way back, at the same parameters and exemplars: an adjoint engine computes "
        "each inner step twice, and must get the same twice. Mini-batches and crops must be drawn beforehand and given "
        "as arguments; layers may draw from torch's own generators, but must not keep what a forward pass changes and "
        "the next one sees. Engine 'higher' computes each step once"
    )
