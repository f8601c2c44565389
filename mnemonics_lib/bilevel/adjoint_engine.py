"""The engine that scales: walk the T inner steps forwards keeping parameters only, then backwards one step at a time.

The unrolled graph is a chain, Theta'_{t+1} = Theta'_t - alpha grad L_c(Theta'_t; E). Its reverse-mode derivative (the
adjoint state) needs step t's graph only while it passes step t, and that graph can be made again from Theta'_t. So
memory is that of one step, plus T parameter vectors; the price is one more forward and backward pass per step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, Parameters, leaves
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, MetaLoss
from mnemonics_lib.bilevel.second_order import SecondOrder


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
    """The gradient that :func:`mnemonics_lib.bilevel.higher_engine.hypergradient` computes, in the memory of one step.

    With v = dL_val/dTheta'_T, each step t = T-1 .. 0 adds to the gradient of E and moves v to Theta'_t (Eq. 7-9):

        dE <- dE - alpha d<g_t, v>/dE,   v <- v - alpha d<g_t, v>/dTheta'_t,   g_t = grad L_c(Theta'_t; E).

    With momentum mu and decay w, b_{t+1} = mu b_t + g_t + w Theta'_t is a second state, and u its adjoint: in place of
    -alpha v stands u <- mu u - alpha v. Arguments: :class:`~.problem.Engine`.
    """
    temporary = Functional.of(model)
    classifier, start = temporary.classifier, temporary.start()
    images = exemplars.detach().clone().requires_grad_()
    constant = steps - truncate if 0 < truncate < steps else 0  # steps whose result is taken as given
    with SecondOrder():
        trajectory = _copies(start, steps + 1)
        base_losses = []
        velocity: list[Tensor | None] = [None] * len(start)
        for t in range(steps):
            theta = leaves(trajectory[t])
            loss = base_loss(classifier(theta), images.detach(), t)
            slopes = torch.autograd.grad(loss, theta, allow_unused=True)
            base_losses.append(loss.detach())
            with torch.no_grad():
                velocity = [
                    _velocity(b, g, p, momentum, weight_decay) for b, g, p in zip(velocity, slopes, theta, strict=True)
                ]
                for after, p, b in zip(trajectory[t + 1], theta, velocity, strict=True):
                    after.copy_(p if b is None else p - alpha * b)

        theta = leaves(trajectory[steps])
        value = meta_loss(classifier(theta))
        v = list(torch.autograd.grad(value, theta, materialize_grads=True))
        u = [torch.zeros_like(p) for p in theta]
        gradient = torch.zeros_like(images)
        for t in reversed(range(constant, steps)):
            theta = leaves(trajectory[t])
            loss = base_loss(classifier(theta), images, t)
            slopes = torch.autograd.grad(loss, theta, create_graph=True, allow_unused=True)
            u = [momentum * a - alpha * b for a, b in zip(u, v, strict=True)]
            terms = [(g, a) for g, a in zip(slopes, u, strict=True) if g is not None and g.requires_grad]
            if terms:
                *along, across = torch.autograd.grad(
                    [g for g, _ in terms], [*theta, images], [a for _, a in terms], materialize_grads=True
                )
                gradient += across
                v = [b + h for b, h in zip(v, along, strict=True)]
            if weight_decay:
                v = [b if g is None else b + weight_decay * a for b, a, g in zip(v, u, slopes, strict=True)]
    return Hypergradient(gradient, value.detach(), torch.stack(base_losses))


def _copies(tensors: Parameters, count: int) -> list[Parameters]:
    """``count`` copies of a list of tensors, strides and all, of which the first has their values.

    In one block of memory each: T small blocks that live long, between large ones that come and go, would leave holes
    that nothing fits into.
    """
    blocks = [tensor.new_empty(count * tensor.numel()) for tensor in tensors]
    copies = [
        [
            block.as_strided(tensor.shape, tensor.stride(), k * tensor.numel())
            for block, tensor in zip(blocks, tensors, strict=True)
        ]
        for k in range(count)
    ]
    for copy, tensor in zip(copies[0], tensors, strict=True):
        copy.copy_(tensor)
    return copies


def _velocity(
    velocity: Tensor | None, slope: Tensor | None, parameter: Tensor, momentum: float, weight_decay: float
) -> Tensor | None:
    """b_{t+1} = mu b_t + g_t + w Theta'_t; a parameter that the loss does not touch stays where it is, as in torch."""
    if slope is None:
        return None
    if weight_decay:
        slope = slope + weight_decay * parameter
    return slope if velocity is None or not momentum else momentum * velocity + slope
