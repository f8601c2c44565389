"""The reference engine: unroll Eq. 8 with ``higher`` (Grefenstette et al. 2019) and differentiate through all of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

with warnings.catch_warnings():  # Python warns of a line of `higher` when it compiles it, once per environment
    warnings.simplefilter("ignore", SyntaxWarning)
    import higher

BaseLoss = Callable[[nn.Module, Tensor, int], Tensor]
"""(temporary model, exemplar images, inner step t) -> L_c(Theta'; E), Eq. 7b."""

MetaLoss = Callable[[nn.Module], Tensor]
"""(temporary model) -> L_c(Theta'(E); validation data), Eq. 7a."""


@dataclass(frozen=True)
class Hypergradient:
    """What one outer step needs and logs.

    Attributes:
        gradient: d L_val / d E, the shape of the exemplars.
        meta_loss: L_val after the T inner steps, before the exemplars move.
        base_losses: L_c(Theta'; E) before each inner step, length T.
    """

    gradient: Tensor
    meta_loss: float
    base_losses: list[float]


def hypergradient(
    model: nn.Module, exemplars: Tensor, base_loss: BaseLoss, meta_loss: MetaLoss, steps: int, alpha: float
) -> Hypergradient:
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    The temporary model starts as ``model`` and takes T steps Theta' <- Theta' - alpha grad L_c(Theta'; E) (Eq. 8). The
    model itself is not changed. Memory grows with T: all T graphs are kept until the backward pass.

    Args:
        model: Theta' at step 0; every parameter that requires a gradient moves.
        exemplars: E, [n, ...].
        base_loss: the inner objective.
        meta_loss: the outer objective.
        steps: T.
        alpha: alpha_2.
    """
    images = exemplars.detach().clone().requires_grad_()
    optimizer = torch.optim.SGD(model.parameters(), lr=alpha)
    base_losses = []
    with higher.innerloop_ctx(model, optimizer, copy_initial_weights=True) as (temporary, inner):
        for t in range(steps):
            loss = base_loss(temporary, images, t)
            base_losses.append(loss.item())
            inner.step(loss)
        value = meta_loss(temporary)
        (gradient,) = torch.autograd.grad(value, images)
    return Hypergradient(gradient, value.item(), base_losses)
