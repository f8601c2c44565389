"""Second derivatives that are missing or wrong are found before any exemplar moves, and right ones pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from mnemonics_lib.bilevel.second_order import with_second_order
from mnemonics_lib.bilevel.twice import refuse_if_not_twice_differentiable
from mnemonics_lib.models import build_network, transfer_weights

IMAGES = torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(4) % 2


def around(layer: nn.Module) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        first, last = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(16, 2)
    return nn.Sequential(first, nn.Tanh(), layer, nn.AdaptiveAvgPool2d(2), nn.Flatten(), last)


class Square(torch.autograd.Function):
    """A right first derivative, which is all that most functions are written for."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return 2 * ctx.saved_tensors[0] * slope


class Detaching(Square):
    """One that can be differentiated again, and is constant then."""

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return (2 * ctx.saved_tensors[0] * slope).detach()


class Layer(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def as_it_is(model: nn.Module) -> nn.Module:
    """A network in PyTorch's own layers."""
    return model


RIGHT: dict[str, Any] = {
    "nothing": nn.Identity,
    "ReLU and pooling": lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
    "batch norm": lambda: nn.BatchNorm2d(4),
    "layer norm": lambda: nn.LayerNorm([4, 6, 6]),
    "group norm": lambda: nn.GroupNorm(2, 4),
    "GELU": nn.GELU,
    "dropout": lambda: nn.Dropout(0.5),
    "spectral norm, not iterated": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 1)).eval(),
}


@pytest.mark.parametrize("layers", [as_it_is, with_second_order], ids=["PyTorch's", "ours"])
@pytest.mark.parametrize("layer", sorted(RIGHT))
def test_right_second_derivatives_pass_and_nothing_is_touched(layer, layers):
    model = around(RIGHT[layer]())
    before, numbers = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    refuse_if_not_twice_differentiable(model, IMAGES, LABELS, layers)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), numbers)


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("kind", ["linear", "cosine", "transferred"])
def test_the_librarys_own_networks_pass_also_on_black_images(kind, training):
    model = build_network(8, 4, 1, 2, seed=0, head="cosine" if kind == "cosine" else "linear").train(training)
    if kind == "transferred":
        transfer_weights(model)
    for images in (IMAGES, torch.zeros_like(IMAGES)):
        refuse_if_not_twice_differentiable(model, images, LABELS, with_second_order)


def on_a_kink(layer: nn.Module) -> tuple[nn.Module, Tensor]:
    """Where an image is black and a bias is 0, a ReLU is at 0 exactly; the other biases give the step its size."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        first, last = nn.Conv2d(1, 4, 3), nn.Linear(64, 2)
    with torch.no_grad():
        first.get_parameter("bias")[:2] = 0
    images = IMAGES.clone()
    images[:, :, 2:] = 0
    return nn.Sequential(first, nn.ReLU(), layer, nn.Flatten(), last), images


def test_units_that_stand_on_their_kink_neither_cause_a_refusal_nor_prevent_one():
    model, images = on_a_kink(nn.Identity())
    refuse_if_not_twice_differentiable(model, images, LABELS, as_it_is)
    model, images = on_a_kink(Layer(Square.apply))
    with pytest.raises(TypeError, match="a second derivative of Sequential is wrong"):
        refuse_if_not_twice_differentiable(model, images, LABELS, as_it_is)


def test_where_finite_differences_disagree_among_themselves_there_is_no_verdict():
    rough = Layer(lambda x: x + 1e-7 * torch.sin(3e6 * x))  # of which they see nothing, and autograd all
    refuse_if_not_twice_differentiable(around(rough), IMAGES, LABELS, as_it_is)


@pytest.mark.parametrize("function", [Square, Detaching])
def test_what_pytorch_takes_for_constant_is_found_by_finite_differences(function):
    with pytest.raises(TypeError, match=r"a second derivative of Sequential is wrong, that with respect to 0\.weight"):
        refuse_if_not_twice_differentiable(around(Layer(function.apply)), IMAGES, LABELS, as_it_is)
    refuse_if_not_twice_differentiable(around(Layer(torch.square)), IMAGES, LABELS, as_it_is)


def wrong_in_pytorch() -> bool:
    """Whether this version still differentiates weight normalisation wrongly."""
    v = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    g = torch.ones(3, 1, dtype=torch.float64, requires_grad=True)
    return not torch.autograd.gradgradcheck(lambda v, g: torch._weight_norm(v, g, 0), (v, g), raise_exception=False)


def test_weight_normalisation_is_refused_where_pytorch_differentiates_it_wrongly():
    model = around(nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)))
    if wrong_in_pytorch():
        with pytest.raises(TypeError, match=r"wrong, that with respect to 2\.parametrizations\.weight\.original1"):
            refuse_if_not_twice_differentiable(model, IMAGES, LABELS, as_it_is)
    else:
        refuse_if_not_twice_differentiable(model, IMAGES, LABELS, as_it_is)


def test_what_pytorch_says_of_a_layer_is_passed_on():
    with pytest.raises(TypeError, match=r"a layer of Sequential cannot be differentiated twice.*hardsigmoid_backward"):
        refuse_if_not_twice_differentiable(around(nn.Hardsigmoid()), IMAGES, LABELS, as_it_is)


def test_a_loss_that_no_moving_parameter_takes_part_in_is_refused():
    class Apart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(36, 2).requires_grad_(False), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x.flatten(1))

    with pytest.raises(
        ValueError, match="the logits of Apart depend on none of its parameters that require a gradient"
    ):
        refuse_if_not_twice_differentiable(Apart(), IMAGES, LABELS, as_it_is)


def test_a_network_that_does_not_compute_in_double_precision_is_not_asked_to():
    class Single(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(36, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x.flatten(1).float())

    refuse_if_not_twice_differentiable(Single(), IMAGES, LABELS, as_it_is)
