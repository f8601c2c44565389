"""The reference engine: unroll Eq. 8 with ``higher`` (Grefenstette et al. 2019) and differentiate through all of it."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, MetaLoss, differentiated

with warnings.catch_warnings():  # Python warns of a line of `higher` when it compiles it, once per environment
    warnings.simplefilter("ignore", SyntaxWarning)
    import higher


def hypergradient(
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
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    Memory grows with T: all T graphs are kept until the backward pass. Arguments: :class:`~.problem.Engine`.
    """
    images = exemplars.detach().clone().requires_grad_()
    constant = steps - differentiated(steps, truncate)  # steps whose result is taken as given
    start = copy.deepcopy(model) if constant else model
    optimizer = torch.optim.SGD(start.parameters(), lr=alpha, momentum=momentum, weight_decay=weight_decay)
    base_losses = []
    for t in range(constant):
        optimizer.zero_grad()
        loss = base_loss(start, exemplars.detach(), t)
        loss.backward()
        optimizer.step()
        base_losses.append(loss.detach())
    with higher.innerloop_ctx(start, optimizer, copy_initial_weights=True) as (temporary, inner):
        for t in range(constant, steps):
            loss = base_loss(temporary, images, t)
            base_losses.append(loss.detach())
            inner.step(loss)
        value = meta_loss(temporary)
        (gradient,) = torch.autograd.grad(value, images)
    return Hypergradient(gradient, value.detach(), torch.stack(base_losses))
