"""What engines of the local bilevel programme take and give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from mnemonics_lib.bilevel.graph_size import GraphSize

Classifier = Callable[[Tensor], Tensor]
"""Images [n, c, h, w] -> logits [n, classes]: the temporary model as the losses see it."""

Minibatches = Sequence[tuple[Any, ...]]
"""For each inner step t = 0..T-1 the base loss's further arguments: which exemplars and crops, as tensors on the
device; or t itself."""

Batch = Callable[..., tuple[Tensor, Tensor]]
"""(exemplar images E, *minibatch) -> the images [b, c, h, w] and labels [b] that an inner step trains on.

A function of its arguments alone: an engine may ask for a step more than once, and must get the same batch and crops.
"""

BaseLoss = Callable[..., Tensor]
"""(temporary model, E, *minibatch) -> L_c(Theta'; E), Eq. 7b; likewise a function of its arguments."""

MetaLoss = Callable[..., Tensor]
"""(temporary model, *validation) -> L_c(Theta'(E); D), Eq. 7a."""


@dataclass(frozen=True)
class Hypergradient:
    """What one outer step needs and logs. Losses stay on the device: reading one waits for it.

    Attributes:
        gradient: d L_val / d E, the shape of the exemplars.
        meta_loss: L_val after the T inner steps, before the exemplars move; a number.
        base_losses: L_c(Theta'; E) before each inner step, [T].
    """

    gradient: Tensor
    meta_loss: Tensor
    base_losses: Tensor


@dataclass(frozen=True)
class InnerSGD:
    """Eq. 8: T steps of SGD on the exemplars.

    Attributes:
        steps: T.
        alpha: alpha_2, the rate.
        momentum: of the SGD (paper: 0).
        weight_decay: of the SGD (paper: 0).
        truncate: differentiate through the last K steps alone, as if Theta'_{T-K} were given; 0 for all of them.
    """

    steps: int
    alpha: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    truncate: int = 0

    @property
    def differentiated(self) -> int:
        """How many steps are differentiated through."""
        return min(self.steps, self.truncate or self.steps)

    @property
    def constant(self) -> int:
        """How many steps come before those: their result is taken as given."""
        return self.steps - self.differentiated

    def numbered(self) -> Minibatches:
        """For losses that draw for themselves: step t is given the number t."""
        return [(t,) for t in range(self.steps)]


class Engine(Protocol):
    """d L_val(Theta'_T(E)) / d E, where Theta'_T(E) is what the inner problem makes of E (Eq. 7 to 9).

    Made once for two losses and an inner problem, and asked at each outer step.

    Attributes:
        minibatches: how many inner steps it wants mini-batches for: T, or 1 where a formula solves the inner problem.
    """

    minibatches: int

    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Compute it; ``model`` and ``exemplars`` are not changed.

        Args:
            model: Theta' at step 0; every parameter that requires a gradient moves.
            exemplars: E, [n, ...].
            minibatches: for each inner step, the base loss's further arguments; left out, the step's number t.
            validation: the meta loss's further arguments.
        """
        ...

    def layers(self) -> AbstractContextManager[Any]:
        """The mode in which its graphs are made; layers may have other implementations there."""
        ...

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """The most memory that a call takes, predicted, above what is in use before.

        Args:
            graph: of the network, per image.
            batch: exemplars per inner step.
            validation: images in the meta loss.
        """
        ...


class SGDEngine(Engine, Protocol):
    """An engine whose inner problem is T steps of SGD."""

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None: ...
