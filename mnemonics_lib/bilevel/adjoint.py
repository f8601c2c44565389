"""The gradient through training, in the memory of one step: the adjoint recursion as the mathematics has it.

The T inner steps are a chain, Theta'_{t+1} = Theta'_t - alpha grad L_c(Theta'_t; E). Reverse-mode differentiation
needs the graph of step t only while it passes step t, and that graph can be made again from Theta'_t. So the walk
forward keeps parameters alone, and memory is that of one graph and T parameter vectors, not of T graphs. The price is
one more forward and backward pass per step, which must find the same step again (``repeated.py``).
``book/engines.py`` derives the recursion and walks it on a toy.

:mod:`~mnemonics_lib.bilevel.recorded_adjoint` is this recursion for speed; tests hold the two together.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import grad

from mnemonics_lib.bilevel.functional import Functional
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
from mnemonics_lib.bilevel.repeated import Replay, refuse_if_different
from mnemonics_lib.bilevel.requirements import refuse_if_nothing_moves

Named = dict[str, Tensor]
"""One tensor per parameter that moves, of the parameter's shape."""


class Adjoint:
    """Eq. 9's gradient through Eq. 8, SGD with momentum mu and weight decay w.

    A step moves the parameters that its loss depends on, the keys of g below, and their velocities b. The others stay
    where they are, weight decay or not, as in ``torch.optim.SGD``.

    Args:
        base_loss: L_c(Theta'; E), Eq. 7b.
        meta_loss: L_val, Eq. 7a.
        sgd: T, alpha, mu, w and truncation.
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
        """Walk T steps forward, take the validation loss, walk back. Arguments: :class:`~.problem.Engine`."""
        T, alpha, mu, w = self.sgd.steps, self.sgd.alpha, self.sgd.momentum, self.sgd.weight_decay
        draws, replay = self.sgd.draws(minibatches), Replay(exemplars.device)
        refuse_if_nothing_moves(model)
        network = Functional.of(model)
        E = exemplars.detach().clone().requires_grad_()  # [n, c, h, w]

        # Eq. 8:  b <- mu b + grad L_c(Theta'_t; E) + w Theta'_t,  Theta'_{t+1} = Theta'_t - alpha b.
        theta = dict(zip(network.names, network.leaves(), strict=True))
        trajectory: dict[int, Named] = {}
        losses = []
        b = {name: torch.zeros_like(p) for name, p in theta.items()}
        for t in range(T):
            if t >= self.sgd.constant:  # the walk back ends there
                trajectory[t] = theta
                replay.note(t)
            loss = self.base_loss(network.classifier([*theta.values()]), E.detach(), *draws[t])
            losses.append(loss.detach())
            g = _slopes(loss, theta)
            b |= {k: mu * b[k] + g[k] + w * theta[k].detach() for k in g}
            theta = theta | {k: (theta[k].detach() - alpha * b[k]).requires_grad_() for k in g}

        # Eq. 7a:  u <- 0,  v <- dL_val / dTheta'_T,  dE <- 0.
        meta_loss = self.meta_loss(network.classifier([*theta.values()]), *validation)
        u = {name: torch.zeros_like(p) for name, p in theta.items()}
        v = u | _slopes(meta_loss, theta)
        dE = torch.zeros_like(exemplars)  # the gradient of Eq. 9, [n, c, h, w]
        again: list[Tensor] = []

        for t in reversed(range(self.sgd.constant, T)):
            theta = trajectory[t]
            # g = grad L_c(Theta'_t; E), with its graph.
            with replay.again(t):
                loss = self.base_loss(network.classifier([*theta.values()]), E, *draws[t])
            g = _slopes(loss, theta, graph=True)
            again.insert(0, loss.detach())
            # u <- mu u - alpha v.
            u |= {k: mu * u[k] - alpha * v[k] for k in g}
            # d<g, u> / dTheta'_t and d<g, u> / dE, u held constant: one backward pass gives both products.
            along = sum(((g[k] * u[k]).sum() for k in g), start=E.new_zeros((), requires_grad=True))
            *of_theta, of_E = grad(along, [*theta.values(), E], materialize_grads=True)
            # dE <- dE + d<g, u> / dE.
            dE += of_E
            # v <- v + d<g, u> / dTheta'_t + w u.
            v = {k: v[k] + product for k, product in zip(theta, of_theta, strict=True)}
            v |= {k: v[k] + w * u[k] for k in g}
        refuse_if_different(model, torch.stack(losses[self.sgd.constant :]), torch.stack(again))
        return Hypergradient(dE, meta_loss.detach(), torch.stack(losses))

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """The larger of a walk back through one step's graph and of the meta loss's; and the trajectory with it."""
        walk_back, meta = (OVERHEAD + TRANSIENT) * batch * graph.step, 2 * validation * graph.forward
        return max(walk_back, meta) + (self.sgd.differentiated + 4) * graph.parameters

    def layers(self, model: nn.Module) -> nn.Module:
        """PyTorch's own."""
        return model

    def with_room(self) -> Engine | None:
        """None: it takes what it takes."""
        return None


def _slopes(loss: Tensor, theta: Named, graph: bool = False) -> Named:
    """The gradient of a loss, for the parameters that it depends on; with ``graph``, to be differentiated again."""
    found = grad(loss, [*theta.values()], create_graph=graph, allow_unused=True)
    return {name: slope for name, slope in zip(theta, found, strict=True) if slope is not None}
