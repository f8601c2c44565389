"""Whether a network can be differentiated twice, tried on a few images before the first hypergradient is taken.

Eq. 9 needs second derivatives, which few layers are ever asked for. Where one is missing PyTorch may say so, or take it
as zero without a word (a function marked ``once_differentiable``); and one may be wrong (in PyTorch 2.14 that of weight
normalisation is, on a CPU). So it is compared with finite differences.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, Parameters
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.rng import seeded

STEPS = (1e-6, 1e-7)
"""Of the finite differences, in units of the parameters' sizes. Where they disagree there is a kink, and no verdict."""
AGREEMENT, DISAGREEMENT, FLOOR = 1e-4, 1e-3, 1e-6
"""Relative: between the two differences, between them and the derivative, and of a tensor to the largest one."""


def refuse_if_not_twice_differentiable(
    model: nn.Module, images: Tensor, labels: Tensor, layers: Callable[[nn.Module], nn.Module]
) -> None:
    """Stop before a network whose second derivative is missing or wrong gives exemplars a gradient that is no gradient.

    Args:
        model: Theta', in the mode of the inner steps; not changed, nor are torch's generators.
        images: a few, [n, c, h, w].
        labels: [n], positions of its logits.
        layers: the engine's, which gives a network as the engine computes with it.

    Raises:
        TypeError: when it is missing or wrong.
        ValueError: when the loss depends on none of the parameters that require a gradient.
    """
    name = type(model).__name__
    network = layers(model)
    try:
        functional = Functional.of(network)
        start = functional.leaves()
        given = _Loss(functional, images, labels)
        touched = given.products(start, functional.start()) is not None
    except RuntimeError as error:
        raise TypeError(f"model: a layer of {name} cannot be differentiated twice, as Eq. 9 asks: {error}") from error
    if not touched:
        raise ValueError(f"model: the logits of {name} depend on none of its parameters that require a gradient")
    try:
        wrong = _wrong(network, images, labels)
    except Exception:  # a network that does not compute in double precision has not been asked to
        return
    if wrong:
        raise TypeError(
            f"model: a second derivative of {name} is wrong, that with respect to {wrong}, by finite differences. Part "
            "of the network may be detached, or have a backward pass that cannot be differentiated itself "
            "(@once_differentiable), or wrongly so (PyTorch's weight_norm, on a CPU)"
        )


class _Loss:
    """Eq. 7b on a few images as a function of the parameters; random layers are the same ones at every point."""

    def __init__(self, functional: Functional, images: Tensor, labels: Tensor) -> None:
        self.functional, self.labels = functional, labels
        self.images = images.detach().clone().requires_grad_()

    def slopes(self, theta: Parameters, graph: bool = False) -> list[Tensor | None]:
        """The gradient with respect to each parameter, and to the images."""
        with seeded(0, self.images.device):
            loss = cross_entropy(self.functional.classifier(theta)(self.images), self.labels)
        if not loss.requires_grad:
            return [None] * (len(theta) + 1)
        return list(torch.autograd.grad(loss, [*theta, self.images], create_graph=graph, allow_unused=True))

    def products(self, theta: Parameters, along: Parameters) -> list[Tensor] | None:
        """d<g, along> / dtheta and / dimages, g the gradient with respect to theta: what a step of Eq. 8 hands back."""
        pairs = zip(self.slopes(theta, graph=True)[:-1], along, strict=True)
        terms = [(slope * direction).sum() for slope, direction in pairs if slope is not None]
        if not terms:
            return None
        total = torch.stack(terms).sum()
        if not total.requires_grad:
            return [torch.zeros_like(tensor) for tensor in (*theta, self.images)]
        return list(torch.autograd.grad(total, [*theta, self.images], materialize_grads=True))

    def differences(self, theta: Parameters, along: Parameters, step: float) -> list[Tensor]:
        """The same by central differences of the gradient."""
        ends = []
        for sign in (step, -step):
            moved = [(p + sign * d).requires_grad_() for p, d in zip(theta, along, strict=True)]
            like = (*theta, self.images)
            found = self.slopes(moved)
            ends.append([torch.zeros_like(t) if s is None else s for s, t in zip(found, like, strict=True)])
        return [(high - low) / (2 * step) for high, low in zip(*ends, strict=True)]


def _wrong(model: nn.Module, images: Tensor, labels: Tensor) -> str:
    """The name of a parameter, or "the images", whose second derivatives differences do not confirm; empty for none."""
    functional = Functional.of(copy.deepcopy(model).double())
    generator = torch.Generator().manual_seed(0)

    def noise(tensor: Tensor) -> Tensor:
        drawn = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
        return tensor.abs().mean() * drawn.to(tensor.device)

    start, loss = functional.start(), _Loss(functional, images.double(), labels)
    along = [noise(tensor) for tensor in start]
    derivatives = loss.products(functional.leaves(), along) or []
    coarse, fine = (loss.differences(start, along, step) for step in STEPS)
    largest = max(tensor.norm().item() for tensor in fine)
    for name, found, one, other in zip([*functional.names, "the images"], derivatives, coarse, fine, strict=True):
        scale = max(other.norm().item(), found.norm().item())
        sure = FLOOR * largest < scale < math.inf and (one - other).norm() <= AGREEMENT * scale
        if sure and (found - other).norm() > DISAGREEMENT * scale:
            return name
    return ""
