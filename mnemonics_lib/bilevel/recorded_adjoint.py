"""The recursion of :mod:`~mnemonics_lib.bilevel.adjoint`, for speed.

The mathematics is that of ``adjoint.py``, which is the place to read it; the tests hold the two together. What differs:

- Tensors are made once, at the first call, and changed in place. On a GPU the three kinds of step are recorded once
  warm and replayed from then on (:class:`~mnemonics_lib.device.recording.Step`), because Python cannot launch the
  thousand short kernels of a small network as fast as a GPU runs them.
- Convolutions and batch normalisations have second derivatives of our own (:mod:`~.second_order`).
"""

from __future__ import annotations

import copy
from collections.abc import Hashable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.functional import Functional, Parameters, leaves, moving
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, InnerSGD, MetaLoss, Minibatches
from mnemonics_lib.bilevel.repeated import Replay, refuse_if_different
from mnemonics_lib.bilevel.requirements import refuse_if_nothing_moves
from mnemonics_lib.bilevel.second_order import SecondOrder
from mnemonics_lib.device.recording import WARM, Step, recorder


class RecordedAdjoint(Adjoint):
    """The same recursion as :class:`~.adjoint.Adjoint`, for speed; ``exemplar_level.engine = adjoint`` names it.

    Where steps are recorded, the losses may depend on their arguments and on tensors alone, and mini-batches should be
    given as tensors: another number t would be another recording.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None:
        super().__init__(base_loss, meta_loss, sgd)
        self._walk: _Walk | None = None
        self._steps: list[Step] = []

    @torch.enable_grad()
    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Walk forwards, validate, walk back; the tensors of the first call serve all later ones that are alike."""
        refuse_if_nothing_moves(model)
        if self._walk is None or self._walk.signature != _signature(model, exemplars):
            self._walk, self._steps = None, []  # their memory is given back before others are made
            self._walk = _Walk(model, exemplars, self.base_loss, self.meta_loss, self.sgd)
            kinds, record = (self._walk.forwards, self._walk.validate, self._walk.backwards), recorder(exemplars.device)
            self._steps = [Step(kind, self._walk.changed, record) for kind in kinds]
        walk, (forwards, validate, backwards) = self._walk, self._steps
        steps, constant, replay = self.sgd.steps, self.sgd.constant, Replay(exemplars.device)
        minibatches = self.sgd.draws(minibatches)
        walk.start(model, exemplars)
        with self.layers():
            for t in range(steps):
                if t >= constant:
                    torch._foreach_copy_(walk.trajectory[t - constant], walk.theta)
                replay.note(t)
                forwards(*minibatches[t])
                walk.base_losses[t : t + 1].copy_(walk.loss)
            validate(*validation)
            for t in reversed(range(constant, steps)):
                torch._foreach_copy_(walk.theta, walk.trajectory[t - constant])
                with replay.again(t):
                    backwards(*minibatches[t])
                walk.repeated[t : t + 1].copy_(walk.loss)
        if walk.calls <= WARM:  # not for ever, since it waits for the device; by then all steps have been replayed
            refuse_if_different(model, walk.base_losses[constant:], walk.repeated[constant:])
            walk.calls += 1
        return Hypergradient(walk.gradient.clone(), walk.value[0].clone(), walk.base_losses.clone())

    def layers(self) -> AbstractContextManager[Any]:
        """Those whose second derivatives are written out."""
        return SecondOrder()


class _Walk:
    """The tensors of one hypergradient, all that lives long, and the three kinds of step that change them in place.

    Made in blocks: small tensors that stay, made between large ones that come and go, leave holes in the heap that
    nothing fits into. That was a fifth more memory, measured on a CPU.
    """

    def __init__(
        self, model: nn.Module, exemplars: Tensor, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD
    ) -> None:
        self.base_loss, self.meta_loss, self.sgd = base_loss, meta_loss, sgd
        self.signature = _signature(model, exemplars)
        self.functional = Functional.of(copy.deepcopy(model))  # the caller's may change before the next call
        start = self.functional.start()
        self.trajectory = _copies(start, sgd.differentiated)  # Theta'_t of the steps that the walk back needs
        (self.theta,) = _copies(start, 1)  # a block of its own: autograd minds changes to any part of a block it reads
        self.velocity, self.v, self.u = _copies(start, 3)
        self.images = exemplars.detach().clone().requires_grad_()
        self.gradient = torch.zeros_like(self.images, requires_grad=False)
        self.base_losses, self.repeated = exemplars.new_empty(2, sgd.steps).unbind()  # forwards, and on the way back
        self.loss, self.value = exemplars.new_empty(2).split(1)
        self.calls = 0

    def changed(self) -> list[Tensor]:
        """What the three kinds of step change, each some of it."""
        buffers = self.functional.fixed.values()  # in training mode running statistics move, although nobody reads them
        return [*self.theta, *self.velocity, *self.v, *self.u, *buffers, self.gradient, self.loss, self.value]

    @torch.no_grad()
    def start(self, model: nn.Module, exemplars: Tensor) -> None:
        """At Theta'_0, with nothing moved and nothing gathered."""
        self.images.copy_(exemplars)
        self.functional.take(model)
        torch._foreach_copy_(self.theta, moving(model))
        torch._foreach_zero_([*self.velocity, *self.u, self.gradient])

    def forwards(self, *minibatch: Any) -> None:
        """Theta'_t -> Theta'_{t+1}; a parameter that the loss does not touch stays where it is, as in torch's SGD."""
        theta = leaves(self.theta)
        loss = self.base_loss(self.functional.classifier(theta), self.images.detach(), *minibatch)  # Eq. 7b
        self.loss.copy_(loss.detach())
        slopes = torch.autograd.grad(loss, theta, allow_unused=True)
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

    def backwards(self, *minibatch: Any) -> None:
        """(u, v) at Theta'_{t+1} -> at Theta'_t, and step t's share of the gradient."""
        theta = leaves(self.theta)
        loss = self.base_loss(self.functional.classifier(theta), self.images, *minibatch)
        self.loss.copy_(loss.detach())
        slopes = torch.autograd.grad(loss, theta, create_graph=True, allow_unused=True)
        v, u, g = _touched(slopes, self.v, self.u)  # as forwards: what the loss does not touch keeps its velocity
        if not g:
            return
        torch._foreach_mul_(u, self.sgd.momentum)  # u <- mu u - alpha v
        torch._foreach_add_(u, v, alpha=-self.sgd.alpha)
        terms = [(slope, along) for slope, along in zip(g, u, strict=True) if slope.requires_grad]
        if terms:
            outputs, along = zip(*terms, strict=True)
            *products, mixed = torch.autograd.grad(outputs, [*theta, self.images], along, materialize_grads=True)
            self.gradient.add_(mixed)  # dE <- dE + d<g, u> / dE
            torch._foreach_add_(self.v, products)  # v <- v + d<g, u> / dTheta'_t
        torch._foreach_add_(v, u, alpha=self.sgd.weight_decay)  # v <- v + w u


def _touched(slopes: tuple[Tensor | None, ...], *lists: Parameters) -> tuple[Parameters, ...]:
    """Of each list those whose slope there is, and those slopes."""
    rows = [row for row in zip(*lists, slopes, strict=True) if row[-1] is not None]
    columns = zip(*rows, strict=True) if rows else ((),) * (len(lists) + 1)
    return tuple([tensor for tensor in column if tensor is not None] for column in columns)


def _signature(model: nn.Module, exemplars: Tensor) -> Hashable:
    """What must be equal for two calls to be served by the same tensors and steps."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return (
        type(model),
        tuple((name, t.shape, t.stride(), t.dtype, t.device, t.requires_grad) for name, t in tensors.items()),
        tuple(module.training for module in model.modules()),
        (exemplars.shape, exemplars.dtype, exemplars.device),
    )


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
