"""The reference engine: unroll Eq. 8 with ``higher`` (Grefenstette et al. 2019) and differentiate through all of it."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.problem import BaseLoss, Drawn, Hypergradient, InnerLoop, MetaLoss

with warnings.catch_warnings():  # Python warns of a line of `higher` when it compiles it, once per environment
    warnings.simplefilter("ignore", SyntaxWarning)
    import higher


class Higher:
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    Memory grows with T: all T graphs are kept until the backward pass. Arguments: :class:`~.problem.Engine`.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, loop: InnerLoop) -> None:
        self.base_loss, self.meta_loss, self.loop = base_loss, meta_loss, loop

    def __call__(
        self, model: nn.Module, exemplars: Tensor, drawn: Drawn | None = None, judges: tuple[Tensor, ...] = ()
    ) -> Hypergradient:
        """Unroll, then walk back through all that was unrolled."""
        loop, drawn = self.loop, self.loop.numbered() if drawn is None else drawn
        images = exemplars.detach().clone().requires_grad_()
        start = copy.deepcopy(model) if loop.constant else model
        optimizer = torch.optim.SGD(
            start.parameters(), lr=loop.alpha, momentum=loop.momentum, weight_decay=loop.weight_decay
        )
        base_losses = []
        for t in range(loop.constant):
            optimizer.zero_grad()
            loss = self.base_loss(start, exemplars.detach(), *drawn[t])
            loss.backward()
            optimizer.step()
            base_losses.append(loss.detach())
        with higher.innerloop_ctx(start, optimizer, copy_initial_weights=True) as (temporary, inner):
            for t in range(loop.constant, loop.steps):
                loss = self.base_loss(temporary, images, *drawn[t])
                base_losses.append(loss.detach())
                inner.step(loss)
            value = self.meta_loss(temporary, *judges)
            (gradient,) = torch.autograd.grad(value, images)
        return Hypergradient(gradient, value.detach(), torch.stack(base_losses))
