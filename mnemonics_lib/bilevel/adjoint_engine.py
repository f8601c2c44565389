"""The engine that scales: walk the T inner steps forwards keeping parameters only, then backwards one step at a time.

The unrolled graph is a chain, Theta'_{t+1} = Theta'_t - alpha grad L_c(Theta'_t; E). Its reverse-mode derivative (the
adjoint state) needs step t's graph only while it passes step t, and that graph can be made again from Theta'_t. So
memory is that of one step, plus T parameter vectors; the price is one more forward and backward pass per step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, Parameters, leaves
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, MetaLoss, differentiated
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
    temporary, images = Functional.of(model), exemplars.detach().clone().requires_grad_()
    constant = steps - differentiated(steps, truncate)  # steps whose result is taken as given
    # All that lives long is made here, in blocks, and changed in place. Small tensors that stay, made between large
    # ones that come and go, leave holes in the heap that nothing fits into: a fifth more memory, measured on a CPU.
    trajectory = _copies(temporary.start(), steps + 1)
    velocity, v, u = _copies(temporary.start(), 3)
    base_losses = images.new_empty(steps)
    gradient = torch.zeros_like(images)
    for tensor in (*velocity, *u):
        tensor.zero_()

    def forwards(t: int) -> None:
        """Theta'_t -> Theta'_{t+1}; a parameter that the loss does not touch stays where it is, as in torch's SGD."""
        theta = leaves(trajectory[t])
        loss = base_loss(temporary.classifier(theta), images.detach(), t)
        base_losses[t] = loss.detach()
        slopes = torch.autograd.grad(loss, theta, allow_unused=True)
        for now, after, b, g in zip(trajectory[t], trajectory[t + 1], velocity, slopes, strict=True):
            if g is not None:
                b.mul_(momentum).add_(g).add_(now, alpha=weight_decay)
            after.copy_(now if g is None else now - alpha * b)

    def backwards(t: int) -> None:
        """(u, v) at Theta'_{t+1} -> at Theta'_t, and step t's share of the gradient."""
        theta = leaves(trajectory[t])
        loss = base_loss(temporary.classifier(theta), images, t)
        slopes = torch.autograd.grad(loss, theta, create_graph=True, allow_unused=True)
        for a, b, g in zip(u, v, slopes, strict=True):
            if g is not None:  # as forwards: what the loss does not touch keeps its velocity
                a.mul_(momentum).sub_(b, alpha=alpha)
        terms = [(g, a) for g, a in zip(slopes, u, strict=True) if g is not None and g.requires_grad]
        if terms:
            inputs, (outputs, along) = [*theta, images], zip(*terms, strict=True)
            *products, mixed = torch.autograd.grad(outputs, inputs, along, materialize_grads=True)
            gradient.add_(mixed)
            for b, product in zip(v, products, strict=True):
                b.add_(product)
        for a, b, g in zip(u, v, slopes, strict=True):
            if g is not None:
                b.add_(a, alpha=weight_decay)

    with SecondOrder():
        for t in range(steps):
            forwards(t)
        theta = leaves(trajectory[steps])
        value = meta_loss(temporary.classifier(theta))
        for b, slope in zip(v, torch.autograd.grad(value, theta, materialize_grads=True), strict=True):
            b.copy_(slope)
        for t in reversed(range(constant, steps)):
            backwards(t)
    return Hypergradient(gradient, value.detach(), base_losses)


def _copies(tensors: Parameters, count: int) -> list[Parameters]:
    """``count`` copies of a list of tensors, strides and all, each tensor's in one block of memory."""
    blocks = [tensor.new_empty(count * tensor.numel()) for tensor in tensors]
    return [
        [
            block.as_strided(tensor.shape, torch.empty_like(tensor).stride(), k * tensor.numel()).copy_(tensor)
            for block, tensor in zip(blocks, tensors, strict=True)
        ]
        for k in range(count)
    ]
