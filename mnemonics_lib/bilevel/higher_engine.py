"""The reference engine: unroll Eq. 8 with ``higher`` (Grefenstette et al. 2019) and differentiate through all of it."""

from __future__ import annotations

import copy
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.graph_size import OVERHEAD, TRANSIENT, GraphSize
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, InnerSGD, MetaLoss, Minibatches

with warnings.catch_warnings():  # Python warns of a line of `higher` when it compiles it, once per environment
    warnings.simplefilter("ignore", SyntaxWarning)
    import higher


class Higher:
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    Memory grows with T: all T graphs are kept until the backward pass. Arguments: :class:`~.problem.Engine`.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None:
        self.base_loss, self.meta_loss, self.sgd = base_loss, meta_loss, sgd
        self.minibatches = sgd.steps

    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Unroll, then walk back through all that was unrolled."""
        sgd, minibatches = self.sgd, self.sgd.numbered() if minibatches is None else minibatches
        images = exemplars.detach().clone().requires_grad_()  # E, [n, c, h, w]
        start = copy.deepcopy(model) if sgd.constant else model
        optimizer = torch.optim.SGD(
            start.parameters(), lr=sgd.alpha, momentum=sgd.momentum, weight_decay=sgd.weight_decay
        )
        base_losses = []
        for t in range(sgd.constant):  # steps whose result is taken as given
            optimizer.zero_grad()
            loss = self.base_loss(start, exemplars.detach(), *minibatches[t])
            loss.backward()
            optimizer.step()
            base_losses.append(loss.detach())
        with higher.innerloop_ctx(start, optimizer, copy_initial_weights=True) as (temporary, inner):
            for t in range(sgd.constant, sgd.steps):
                loss = self.base_loss(temporary, images, *minibatches[t])  # L_c(Theta'; E), Eq. 7b
                base_losses.append(loss.detach())
                inner.step(loss)  # Eq. 8: Theta' <- Theta' - alpha_2 grad_Theta' L_c(Theta'; E)
            value = self.meta_loss(temporary, *validation)  # L_c(Theta'(E); D), Eq. 7a
            (gradient,) = torch.autograd.grad(value, images)  # what Eq. 9 steps along
        return Hypergradient(gradient, value.detach(), torch.stack(base_losses))

    def layers(self) -> AbstractContextManager[Any]:
        """PyTorch's own."""
        return nullcontext()

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """The graphs of all differentiated steps, two copies of the parameters for each, and the meta loss's."""
        kept = self.sgd.differentiated
        steps = (OVERHEAD * kept + TRANSIENT) * batch * graph.step
        return steps + 2 * validation * graph.forward + 2 * kept * graph.parameters
