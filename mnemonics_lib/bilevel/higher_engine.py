"""The reference engine: unroll Eq. 8 with ``higher`` (Grefenstette et al. 2019) and differentiate through all of it."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.problem import (
    OVERHEAD,
    TRANSIENT,
    BaseLoss,
    Engine,
    GraphSize,
    Hypergradient,
    InnerSGD,
    MetaLoss,
    Minibatches,
)
from mnemonics_lib.bilevel.requirements import refuse_if_nothing_moves

with warnings.catch_warnings():  # Python warns of a line of `higher` when it compiles it, once per environment
    warnings.simplefilter("ignore", SyntaxWarning)
    import higher


class Higher:
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    Memory grows with T, because all T graphs are kept until the backward pass.

    Args:
        base_loss: L_c(Theta'; E), Eq. 7b.
        meta_loss: L_val, Eq. 7a.
        sgd: T, alpha, momentum, weight decay and truncation.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None:
        self.base_loss, self.meta_loss, self.sgd = base_loss, meta_loss, sgd
        self.minibatches_per_call = sgd.steps

    @torch.enable_grad()
    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Unroll, then walk back through all that was unrolled. Arguments: :class:`~.problem.Engine`."""
        sgd, minibatches = self.sgd, self.sgd.draws(minibatches)
        refuse_if_nothing_moves(model)
        images = exemplars.detach().clone().requires_grad_()
        start = copy.deepcopy(model) if sgd.constant else model
        optimizer = torch.optim.SGD(
            start.parameters(), lr=sgd.alpha, momentum=sgd.momentum, weight_decay=sgd.weight_decay
        )
        base_losses = []
        for t in range(sgd.constant):  # with truncation, the first steps are plain training
            optimizer.zero_grad()
            loss = self.base_loss(start, exemplars.detach(), *minibatches[t])
            loss.backward()
            optimizer.step()
            base_losses.append(loss.detach())
        with higher.innerloop_ctx(start, optimizer, copy_initial_weights=True) as (temporary, inner):
            for t in range(sgd.constant, sgd.steps):
                loss = self.base_loss(temporary, images, *minibatches[t])
                base_losses.append(loss.detach())
                inner.step(loss)  # Eq. 8
            value = self.meta_loss(temporary, *validation)  # Eq. 7a
            (gradient,) = torch.autograd.grad(value, images)  # the gradient of Eq. 9
        return Hypergradient(gradient, value.detach(), torch.stack(base_losses))

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """All graphs that are kept, the meta loss's besides, and two parameter vectors a step."""
        kept = self.sgd.differentiated
        graphs = (OVERHEAD * kept + TRANSIENT) * batch * graph.step
        return graphs + 2 * validation * graph.forward + 2 * kept * graph.parameters

    def layers(self, model: nn.Module) -> nn.Module:
        """PyTorch's own."""
        return model

    def with_room(self) -> Engine | None:
        """None: it takes what it takes."""
        return None
