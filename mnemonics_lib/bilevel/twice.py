"""Whether a network can be differentiated twice, tried on a few images before the first hypergradient is taken.

Eq. 9 needs second derivatives, which few layers are ever asked for. Where one is missing PyTorch may say so, or take it
as zero without a word (a function marked ``once_differentiable``); and one may be wrong (in PyTorch 2.14 that of weight
normalisation is, on a CPU). So it is compared with finite differences.
"""

from __future__ import annotations

import copy
import math
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional, Parameters
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.rng import seeded

STEPS = (1e-5, 1e-6)
"""Of the finite differences, in units of the parameters' sizes. Where they disagree there is a kink, and no verdict."""
AGREEMENT, DISAGREEMENT = 1e-4, 1e-3
"""Relative: between the two differences, and between them and the derivative."""


def refuse_if_not_twice_differentiable(
    model: nn.Module, images: Tensor, labels: Tensor, layers: AbstractContextManager[Any]
) -> None:
    """Stop before a network whose second derivative is missing or wrong gives exemplars a gradient that is no gradient.

    Args:
        model: Theta', in the mode of the inner steps; not changed, nor are torch's generators.
        images: a few, [n, c, h, w].
        labels: [n], positions of its logits.
        layers: the context in which the engine makes its graphs.

    Raises:
        TypeError: when it is missing or wrong.
        ValueError: when the loss depends on none of the parameters that require a gradient.
    """
    name = type(model).__name__
    with layers:
        try:
            functional = Functional.of(model)
            point = functional.leaves(), images.detach().clone().requires_grad_()
            value = _squared_slope(functional, *point, labels)
            if value is not None and value.requires_grad:
                torch.autograd.grad(value, [*point[0], point[1]], allow_unused=True)
        except RuntimeError as error:
            raise TypeError(
                f"model: a layer of {name} cannot be differentiated twice, as Eq. 9 must: {error}"
            ) from error
        if value is None:
            raise ValueError(f"model: the logits of {name} depend on none of its parameters that require a gradient")
        try:
            derivative, *differences = _derivative_and_differences(model, images, labels)
        except Exception:  # a network that does not compute in double precision has not been asked to
            return
    scale = max(map(abs, differences))
    spread = max(differences) - min(differences)
    if not math.isfinite(scale + derivative) or spread > AGREEMENT * scale:
        return
    if abs(derivative - differences[-1]) > DISAGREEMENT * max(scale, abs(derivative)):
        raise TypeError(
            f"model: the second derivative of {name} is wrong: {derivative:.4g} along a random direction, where finite "
            f"differences give {differences[-1]:.4g}. Part of it may be detached, or have a backward pass that cannot "
            "be differentiated itself (@once_differentiable), or wrongly so (PyTorch's weight_norm, on a CPU)"
        )


def _squared_slope(functional: Functional, theta: Parameters, images: Tensor, labels: Tensor) -> Tensor | None:
    """The squared length of the loss's gradient at these parameters; None where it depends on none of them."""
    with seeded(0, images.device):  # random layers are the same ones at every point
        loss = cross_entropy(functional.classifier(theta)(images), labels)
    slopes = torch.autograd.grad(loss, theta, create_graph=True, allow_unused=True) if loss.requires_grad else ()
    found = [slope.square().sum() for slope in slopes if slope is not None]
    return torch.stack(found).sum() if found else None


def _derivative_and_differences(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """That squared length's derivative along a random direction, then by differences; in double precision.

    It is taken beside the given point, where a kink (a ReLU at 0, say) is on no one's way.
    """
    functional = Functional.of(copy.deepcopy(model).double())
    generator = torch.Generator().manual_seed(0)

    def noise(tensor: Tensor) -> Tensor:
        return tensor.abs().mean() * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype).to(
            tensor.device
        )

    here = [tensor + 0.01 * noise(tensor) for tensor in (*functional.start(), images.detach().double())]
    direction = [noise(tensor) for tensor in here]

    def at(step: float) -> tuple[Tensor, list[Tensor]]:
        moved = [(tensor + step * along).requires_grad_() for tensor, along in zip(here, direction, strict=True)]
        value = _squared_slope(functional, moved[:-1], moved[-1], labels)
        assert value is not None
        return value, moved

    value, point = at(0.0)
    slopes = torch.autograd.grad(value, point, materialize_grads=True)
    derivative = sum(float((slope * along).sum()) for slope, along in zip(slopes, direction, strict=True))
    return [derivative, *((at(step)[0] - at(-step)[0]).item() / (2 * step) for step in STEPS)]
