"""What the engines of the local bilevel programme share: the two losses, Eq. 8's SGD, and an engine's interface."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

Classifier = Callable[[Tensor], Tensor]
"""Images [n, c, h, w] -> logits [n, classes]: the temporary model as the losses see it."""

Minibatches = Sequence[tuple[Any, ...]]
"""For each inner step t = 0..T-1 what chooses its mini-batch: indices and crops, say, as tensors on the device."""

Batch = Callable[..., tuple[Tensor, Tensor]]
"""``(E, *minibatches[t])`` -> the images [m, c, h, w] and labels [m] that inner step t trains on; E are exemplars.

It is a function of its arguments alone, because an engine may compute a step twice and must get the same crops again;
an engine that does so compares the two losses, at least in its first calls, and refuses a function whose losses differ.
What it draws from torch's own generators it gets again.
"""

BaseLoss = Callable[..., Tensor]
"""``(temporary model, E, *minibatches[t])`` -> L_c(Theta'; E), Eq. 7b, of its arguments alone, as Batch is."""

MetaLoss = Callable[..., Tensor]
"""``(temporary model, *validation)`` -> L_c(Theta'(E); validation data), Eq. 7a."""


@dataclass(frozen=True)
class Hypergradient:
    """What one outer step needs and logs. Losses stay on the device, because reading one waits for it.

    Attributes:
        gradient: d L_val / d E, of the exemplars' shape.
        meta_loss: L_val after the T inner steps, before the exemplars move; a number.
        base_losses: L_c(Theta'; E) before each inner step, [T]; where a formula solves the inner problem the loss of
            its solution, [1].
    """

    gradient: Tensor
    meta_loss: Tensor
    base_losses: Tensor


@dataclass(frozen=True)
class InnerSGD:
    """Eq. 8: T steps of SGD on the exemplars.

    Attributes:
        steps: T.
        alpha: alpha_2, the learning rate.
        momentum: of the SGD; 0 is Eq. 8 as it is printed, the paper names none.
        weight_decay: of the SGD; the same.
        truncate: differentiate through the last k steps alone, as if Theta'_{T-k} were given; 0 for all of them.

    Raises:
        ValueError: for a number outside of its range.
    """

    steps: int
    alpha: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    truncate: int = 0

    def __post_init__(self) -> None:
        """Refuse what would be another recursion, or none."""
        for name, allowed, words in (
            ("steps", self.steps >= 1, "at least 1"),
            ("alpha", 0 < self.alpha < math.inf, "above 0 and finite"),
            ("momentum", 0 <= self.momentum < 1, "at least 0 and below 1"),
            ("weight_decay", 0 <= self.weight_decay < math.inf, "at least 0 and finite"),
            ("truncate", self.truncate >= 0, "at least 0"),
        ):
            if not allowed:
                raise ValueError(f"{name} = {getattr(self, name)}: must be {words}")

    @property
    def differentiated(self) -> int:
        """How many steps are differentiated through."""
        return min(self.steps, self.truncate or self.steps)

    @property
    def constant(self) -> int:
        """How many steps come before those: their result is taken as given."""
        return self.steps - self.differentiated

    def draws(self, minibatches: Minibatches | None) -> Minibatches:
        """The mini-batches of a call, one for each step; where none are given, the steps' numbers.

        Raises:
            ValueError: for fewer of them than there are steps.
        """
        if minibatches is not None and len(minibatches) < self.steps:
            raise ValueError(f"minibatches: {len(minibatches)} of them: must be {self.steps}, one for each inner step")
        return self.numbered() if minibatches is None else minibatches

    def numbered(self) -> Minibatches:
        """For losses that choose their mini-batch themselves: step t gets the number t."""
        return [(t,) for t in range(self.steps)]


@dataclass(frozen=True)
class GraphSize:
    """Bytes that automatic differentiation keeps for a network, as ``guard.graph_size`` measures them.

    Attributes:
        forward: the graph of a loss, in bytes per image.
        step: the graph of a loss and of its gradient, which a second derivative needs, in bytes per image.
        parameters: one copy of the parameters that move, in bytes.
    """

    forward: float
    step: float
    parameters: float


OVERHEAD, TRANSIENT = 1.15, 2.0
"""In units of a step's graph: what one that is kept takes with the allocator's share, and what walking back through one
takes besides. Fitted to resident sets of ResNet-8 and ResNet-32 on a CPU, which they meet within a third."""


class Engine(Protocol):
    """Computes d L_val(Theta'(E)) / d E, where Theta'(E) solves Eq. 7b or approaches its solution by Eq. 8.

    It is made once, for two losses and an inner problem, and called at each outer step.

    Attributes:
        minibatches_per_call: how many mini-batches one call takes: T, or 1 where a formula solves the inner problem.
    """

    minibatches_per_call: int

    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Compute it.

        Args:
            model: Theta' at step 0; every parameter that requires a gradient moves. Its parameters are not changed.
            exemplars: E, [n, c, h, w]; not changed.
            minibatches: for each inner step the base loss's further arguments; left out, the step's number t.
            validation: the meta loss's further arguments.

        Raises:
            ValueError: for a network in which nothing moves, and too few mini-batches.
            TypeError: for a network that lacks what the engine needs, and an inner step that, computed twice, was not
                the same step.
        """
        ...

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """The most memory that a call takes, in bytes above what was in use before it.

        Args:
            graph: of the network in question as :meth:`layers` gives it.
            batch: exemplars per inner step.
            validation: images in the meta loss.
        """
        ...

    def layers(self, model: nn.Module) -> nn.Module:
        """A network as the engine computes with it: some have formulas of their own for certain layers.

        Args:
            model: the network; not changed.
        """
        ...

    def with_room(self) -> Engine | None:
        """An engine that gives the same gradient to the bit, for more memory and less time; None where there is none.

        Only asked where steps are plain calls, on a CPU.
        """
        ...


MakeEngine = Callable[[BaseLoss, MetaLoss, InnerSGD], Engine]
"""An engine for inner problems that are steps of SGD: what the registry ``inner.ENGINES`` holds."""
