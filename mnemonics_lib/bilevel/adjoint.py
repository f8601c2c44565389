"""The adjoint method in plain view: the gradient of an unrolled training, with one step's graph in memory.

The unrolled graph is a chain, Theta'_{t+1} = Theta'_t - alpha g_t with g_t = grad_Theta' L_c(Theta'_t; E). Its
reverse-mode derivative needs the graph of step t only while it passes step t, and that graph can be made again from
Theta'_t. So parameters are all that is kept on the way forwards. The engine that runs use does the same in place:
:mod:`mnemonics_lib.bilevel.recorded_adjoint`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, leaves
from mnemonics_lib.bilevel.graph_size import OVERHEAD, TRANSIENT, GraphSize
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, InnerSGD, MetaLoss, Minibatches


class Adjoint:
    """Gradient of the validation loss with respect to the exemplars, through every inner step (Eq. 7-9).

    With momentum mu and weight decay w, SGD has a second state, b_{t+1} = mu b_t + g_t + w Theta'_t and Theta'_{t+1} =
    Theta'_t - alpha b_{t+1}; v and u are the derivatives of L_val with respect to Theta'_{t+1} and b_{t+1}. Lists hold
    one tensor per parameter. Every parameter must have a part in the base loss. Arguments: :class:`~.problem.Engine`.
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
        """Walk forwards, evaluate, walk back."""
        alpha, mu, w = self.sgd.alpha, self.sgd.momentum, self.sgd.weight_decay
        minibatches = self.sgd.numbered() if minibatches is None else minibatches
        net, grad = Functional.of(model), torch.autograd.grad
        E = exemplars.detach().clone().requires_grad_()  # [n, c, h, w]
        thetas, losses = [net.leaves()], []
        b = [torch.zeros_like(p) for p in thetas[0]]
        for t in range(self.sgd.steps):  # Eq. 8, T times
            theta = thetas[t]
            loss = self.base_loss(net.classifier(theta), E.detach(), *minibatches[t])  # L_c(Theta'_t; E)
            b = [mu * b_k + g_k + w * p for b_k, g_k, p in zip(b, grad(loss, theta), theta, strict=True)]
            thetas.append(leaves(p - alpha * b_k for p, b_k in zip(theta, b, strict=True)))  # Theta'_{t+1}
            losses.append(loss.detach())
        value = self.meta_loss(net.classifier(thetas[-1]), *validation)  # L_val, Eq. 7a
        v = list(grad(value, thetas[-1], materialize_grads=True))  # v <- dL_val / dTheta'_T
        u, dE = [torch.zeros_like(p) for p in v], torch.zeros_like(exemplars)
        for t in reversed(range(self.sgd.constant, self.sgd.steps)):
            theta = thetas[t]
            loss = self.base_loss(net.classifier(theta), E, *minibatches[t])
            g = grad(loss, theta, create_graph=True)  # g_t, with its graph
            u = [mu * u_k - alpha * v_k for u_k, v_k in zip(u, v, strict=True)]  # u <- mu u - alpha v
            *Hu, Bu = grad(g, [*theta, E], u, materialize_grads=True)  # d<g_t, u>/dTheta'_t, d<g_t, u>/dE
            dE = dE + Bu  # dE <- dE + d<g_t, u>/dE, [n, c, h, w]
            v = [v_k + h + w * u_k for v_k, h, u_k in zip(v, Hu, u, strict=True)]  # v <- v + d<g_t, u>/dTheta'_t + w u
        return Hypergradient(dE, value.detach(), torch.stack(losses))

    def layers(self) -> AbstractContextManager[Any]:
        """PyTorch's own."""
        return nullcontext()

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """One step's graph or the meta loss's, whichever is larger, and the trajectory of the parameters."""
        step, meta = (OVERHEAD + TRANSIENT) * batch * graph.step, 2 * validation * graph.forward
        return max(step, meta) + (self.sgd.steps + 5) * graph.parameters
