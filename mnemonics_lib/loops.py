"""A loop is an object: made from values, it does one step at a time, and gives and takes its state.

The algorithms of the paper are such loops and know nothing of what surrounds them. Who walks them decides about
progress bars, time limits and what is kept for later: :func:`walk` is a plain ``for``, and
:class:`mnemonics_lib.durable.driver.Driver` does the same with all of that around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mnemonics_lib.divergence import DivergedError, NonFiniteError

LoopState = dict[str, Any]
"""Plain values and tensors, as ``torch.load(weights_only=True)`` reads them."""


class StepError(RuntimeError):
    """A step whose turn it is not: it was taken already, or another one must come before it."""


class Loop(Protocol):
    """Work made of steps that follow one another: epochs of training, or steps on the exemplars.

    It may also have ``fit_into(free)``, which a driver calls with the free bytes before the first step, and
    ``fit_into_host(free)``, which it calls likewise with those of the host, where that is not the device.
    """

    @property
    def done(self) -> int:
        """How many steps are done."""
        ...

    def __len__(self) -> int:
        """How many steps there are in all."""
        ...

    def step(self) -> None:
        """Do the next one.

        Raises:
            NonFiniteError: for a loss or a pixel that is NaN or infinite.
            StepError: when all are done.
        """
        ...

    def state(self) -> LoopState:
        """Everything that the remaining steps depend on, and the result so far; not a copy."""
        ...

    def load_state(self, state: LoopState) -> None:
        """Go on, in a loop made from the same values, from where another one gave its state.

        Raises:
            ValueError: for the state of a loop of another kind, of other sizes or with another optimiser, naming the
                part in question. That it was made from another seed or from other data cannot be told.
        """
        ...


Walker = Callable[[Loop, str], None]
"""Does the remaining steps of a loop. The name is shown, and is the key under which the loop's state is kept: one for
each loop of a run."""


def walk(loop: Loop, name: str = "loop") -> None:
    """Do the remaining steps, one after the other.

    Raises:
        DivergedError: as :func:`take_step`.
    """
    for _ in range(loop.done, len(loop)):
        take_step(loop, name)


def take_step(loop: Loop, name: str) -> None:
    """Do the next step of a loop.

    Raises:
        DivergedError: for one that comes upon NaN or infinity, naming the loop and the step.
    """
    number = loop.done + 1
    try:
        loop.step()
    except NonFiniteError as error:
        raise DivergedError(f"{name}: step {number} of {len(loop)}: {error}") from None


def refuse_if_done(loop: Loop) -> None:
    """Raise StepError where a loop has no step left."""
    if loop.done >= len(loop):
        raise StepError(f"{type(loop).__name__}: all {len(loop)} steps are done; make another one to begin again")
