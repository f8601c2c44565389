"""What an adjoint engine that is made for speed works on: tensors made once, and the steps that change them in place.

The mathematics is that of :mod:`~mnemonics_lib.bilevel.adjoint`, which is the place to read it. Convolutions and batch
normalisations have second derivatives of our own (:mod:`~.second_order`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, Parameters, leaves, moving
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, InnerSGD, MetaLoss
from mnemonics_lib.bilevel.second_order import with_second_order

Slopes = tuple[Tensor | None, ...]
"""The gradient of a base loss: for each parameter that moves a tensor of its shape; None where the loss does not depend
on it."""

PLAIN = bool | int | float | complex | str | tuple | None
"""The types of attributes that tell layers of one type apart."""


class Walk:
    """The tensors of one hypergradient, all that lives long, and the parts of the recursion, which change them.

    Made in blocks: small tensors that stay, made between large ones that come and go, leave holes in the heap that
    nothing fits into. That was a fifth more memory, measured on a CPU.

    Args:
        model: Theta'; not changed, and copied, since the caller's may change before the next call.
        exemplars: E, [n, c, h, w].
        base_loss: L_c(Theta'; E), Eq. 7b.
        meta_loss: L_val, Eq. 7a.
        sgd: T, alpha, mu, w and truncation.

    Attributes:
        theta: Theta'_t, where the walk is.
        loss: the base loss of the step that was computed last, [1].
        base_losses: those of all steps, to be filled in, [T].
    """

    def __init__(
        self, model: nn.Module, exemplars: Tensor, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD
    ) -> None:
        self.base_loss, self.meta_loss, self.sgd = base_loss, meta_loss, sgd
        self.signature = signature(model, exemplars)
        self.functional = Functional.of(with_second_order(model))
        start = self.functional.start()
        (self.theta,) = copies(start, 1)  # a block of its own: autograd minds changes to any part of a block it reads
        self.velocity, self.v, self.u = copies(start, 3)
        self.images = exemplars.detach().clone().requires_grad_()
        self.gradient = torch.zeros_like(self.images, requires_grad=False)
        self.base_losses = exemplars.new_empty(sgd.steps)
        self.loss, self.value = exemplars.new_empty(2).split(1)

    def changed(self) -> list[Tensor]:
        """What the parts of the recursion change, each some of it."""
        buffers = self.functional.fixed.values()  # in training mode running statistics move, although nobody reads them
        return [*self.theta, *self.velocity, *self.v, *self.u, *buffers, self.gradient, self.loss, self.value]

    @torch.no_grad()
    def start(self, model: nn.Module, exemplars: Tensor) -> None:
        """At Theta'_0, with nothing moved and nothing gathered."""
        self.images.copy_(exemplars)
        self.functional.take(model)
        torch._foreach_copy_(self.theta, moving(model))
        torch._foreach_zero_([*self.velocity, *self.u, self.gradient])

    def slopes(self, theta: Parameters, images: Tensor, *minibatch: Any) -> Slopes:
        """The gradient of the base loss at theta, with its graph.

        With a graph everywhere, since PyTorch computes the slopes of some layers (SiLU, group normalisation) by another
        formula without one, which rounds otherwise.
        """
        loss = self.base_loss(self.functional.classifier(theta), images, *minibatch)  # Eq. 7b
        self.loss.copy_(loss.detach())
        return torch.autograd.grad(loss, theta, create_graph=True, allow_unused=True)

    @torch.no_grad()
    def descend(self, slopes: Slopes) -> None:
        """Theta'_t -> Theta'_{t+1}; a parameter that the loss does not touch stays where it is, as in torch's SGD."""
        now, b, g = _touched(slopes, self.theta, self.velocity)
        if g:  # Eq. 8: b <- mu b + g + w Theta'_t, Theta'_{t+1} = Theta'_t - alpha b
            torch._foreach_mul_(b, self.sgd.momentum)
            torch._foreach_add_(b, g)
            torch._foreach_add_(b, now, alpha=self.sgd.weight_decay)
            torch._foreach_sub_(now, torch._foreach_mul(b, self.sgd.alpha))

    def validate(self, *validation: Any) -> None:
        """Theta'_T -> the validation loss and v."""
        theta = leaves(self.theta)
        value = self.meta_loss(self.functional.classifier(theta), *validation)  # Eq. 7a
        self.value.copy_(value.detach())
        torch._foreach_copy_(self.v, list(torch.autograd.grad(value, theta, materialize_grads=True)))

    def pull_back(self, theta: Parameters, slopes: Slopes) -> None:
        """(u, v) at Theta'_{t+1} -> at Theta'_t = ``theta``, and step t's share of the gradient."""
        # As on the way down: what the loss does not touch keeps its velocity.
        touched_v, u, g = _touched(slopes, self.v, self.u)
        if not g:
            return
        torch._foreach_mul_(u, self.sgd.momentum)  # u <- mu u - alpha v
        torch._foreach_add_(u, touched_v, alpha=-self.sgd.alpha)
        terms = [(slope, along) for slope, along in zip(g, u, strict=True) if slope.requires_grad]
        if terms:
            outputs, along = zip(*terms, strict=True)
            *products, mixed = torch.autograd.grad(outputs, [*theta, self.images], along, materialize_grads=True)
            self.gradient.add_(mixed)  # dE <- dE + d<g, u> / dE
            # v <- v + d<g, u> / dTheta'_t: to all of v, as there is a product for each parameter of Theta'_t, and 0 is
            # that of one which the loss does not touch.
            torch._foreach_add_(self.v, products)
        torch._foreach_add_(touched_v, u, alpha=self.sgd.weight_decay)  # v <- v + w u

    def result(self) -> Hypergradient:
        """What has come together, in tensors that later calls do not change."""
        return Hypergradient(self.gradient.clone(), self.value[0].clone(), self.base_losses.clone())


def _touched(slopes: Slopes, *lists: Parameters) -> tuple[Parameters, ...]:
    """Of each list those whose slope there is, and those slopes."""
    rows = [row for row in zip(*lists, slopes, strict=True) if row[-1] is not None]
    columns = zip(*rows, strict=True) if rows else ((),) * (len(lists) + 1)
    return tuple([tensor for tensor in column if tensor is not None] for column in columns)


def signature(model: nn.Module, exemplars: Tensor) -> Hashable:
    """What must be equal for two calls to be served by the same tensors and steps.

    A layer is known by its name, its type, what it prints of itself, and the plain values that it has, such as its mode
    and a dropout's rate. What it neither prints nor keeps in a tensor or a plain value, such as a function, is taken
    from the first call's network.
    """
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return (
        tuple((name, t.shape, t.stride(), t.dtype, t.device, t.requires_grad) for name, t in tensors.items()),
        tuple((name, type(m), _printed(m), _plain(m)) for name, m in model.named_modules()),
        (exemplars.shape, exemplars.dtype, exemplars.device),
    )


def _printed(module: nn.Module) -> str:
    """What a module prints of itself; that of the modules inside it only where it prints in a way of its own."""
    return module.extra_repr() if type(module).__repr__ is nn.Module.__repr__ else repr(module)


def _plain(module: nn.Module) -> tuple[tuple[str, str], ...]:
    """The attributes of a module that are numbers, words, or tuples, as text, since NaN differs from itself."""
    return tuple((name, repr(value)) for name, value in vars(module).items() if isinstance(value, PLAIN))


def copies(tensors: Parameters, count: int) -> list[Parameters]:
    """``count`` copies of a list of tensors, strides and all, each tensor's in one block of memory."""
    blocks = [tensor.new_empty(count * tensor.numel()) for tensor in tensors]
    return [
        [
            block.as_strided(tensor.shape, torch.empty_like(tensor).stride(), k * tensor.numel()).copy_(tensor)
            for block, tensor in zip(blocks, tensors, strict=True)
        ]
        for k in range(count)
    ]
