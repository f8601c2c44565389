"""What engines of the local bilevel programme take and give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

Classifier = Callable[[Tensor], Tensor]
"""Images [n, c, h, w] -> logits [n, classes]: the temporary model as the losses see it."""

Drawn = Sequence[tuple[Any, ...]]
"""What each inner step t = 0..T-1 was dealt: for example indices and crops, tensors on the device; or t itself."""

Batch = Callable[..., tuple[Tensor, Tensor]]
"""(exemplar images E, *drawn) -> the images [m, c, h, w] and labels [m] that an inner step trains on: chosen, cropped.

A function of its arguments alone: an engine may ask for a step more than once, and must get the same batch and crops.
"""

BaseLoss = Callable[..., Tensor]
"""(temporary model, E, *drawn) -> L_c(Theta'; E), Eq. 7b; likewise a function of its arguments."""

MetaLoss = Callable[..., Tensor]
"""(temporary model, *judges) -> L_c(Theta'(E); validation data), Eq. 7a."""


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
class InnerLoop:
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

    def numbered(self) -> Drawn:
        """For losses that draw for themselves: step t is dealt the number t."""
        return [(t,) for t in range(self.steps)]


class Engine(Protocol):
    """d L_val(Theta'_T(E)) / d E, where Theta'_T(E) is T steps of SGD on a base loss (Eq. 7-9).

    Made once for two losses and an inner loop, and asked at each outer step.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, loop: InnerLoop) -> None: ...

    def __call__(
        self, model: nn.Module, exemplars: Tensor, drawn: Drawn | None = None, judges: tuple[Tensor, ...] = ()
    ) -> Hypergradient:
        """Compute it; ``model`` and ``exemplars`` are not changed.

        Args:
            model: Theta' at step 0; every parameter that requires a gradient moves.
            exemplars: E, [n, ...].
            drawn: for each inner step, the base loss's further arguments; left out, the step's number t.
            judges: the meta loss's further arguments.
        """
        ...
