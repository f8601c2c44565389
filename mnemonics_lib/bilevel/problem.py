"""What engines of the local bilevel programme take and give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

Classifier = Callable[[Tensor], Tensor]
"""Images [n, c, h, w] -> logits [n, classes]: the temporary model as the losses see it."""

Batch = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""(exemplar images E, inner step t) -> the images [m, c, h, w] and labels [m] that step t trains on: chosen, cropped.

A function of its arguments alone: an engine may ask for step t more than once, and must get the same batch and crops.
"""

BaseLoss = Callable[[Classifier, Tensor, int], Tensor]
"""(temporary model, exemplar images, inner step t) -> L_c(Theta'; E), Eq. 7b; likewise a function of its arguments."""

MetaLoss = Callable[[Classifier], Tensor]
"""(temporary model) -> L_c(Theta'(E); validation data), Eq. 7a."""


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


def differentiated(steps: int, truncate: int) -> int:
    """How many of the T inner steps are differentiated through: the last ``truncate``, or all of them for 0."""
    return min(steps, truncate or steps)


class Engine(Protocol):
    """d L_val(Theta'_T(E)) / d E, where Theta'_T(E) is T steps of SGD from ``model`` on ``base_loss`` (Eq. 7-9)."""

    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        base_loss: BaseLoss,
        meta_loss: MetaLoss,
        steps: int,
        alpha: float,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        truncate: int = 0,
    ) -> Hypergradient:
        """Compute it; ``model`` and ``exemplars`` are not changed.

        Args:
            model: Theta' at step 0; every parameter that requires a gradient moves.
            exemplars: E, [n, ...].
            base_loss: the inner objective.
            meta_loss: the outer objective.
            steps: T.
            alpha: alpha_2 of Eq. 8.
            momentum: of the inner SGD (paper: 0).
            weight_decay: of the inner SGD (paper: 0).
            truncate: differentiate through the last K steps alone, as if Theta'_{T-K} were given; 0 for all of them.
        """
        ...
