"""The layers' second derivatives against finite differences and against PyTorch's own."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel.second_order import (
    BatchNorm,
    BatchNormGradient,
    Convolution,
    ConvolutionGradient,
    with_second_order,
    with_unread_slopes,
)
from mnemonics_lib.models import TransferConv2d

GEOMETRY = [((1, 1), (1, 1), 3), ((2, 2), (1, 1), 3), ((1, 1), (0, 0), 1), ((2, 2), (0, 0), 1), ((2, 1), (0, 2), 3)]


def numbers(*shape: int, seed: int = 0, dtype=torch.float64) -> Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def leaves(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple(tensor.detach().clone().requires_grad_() for tensor in tensors)


@pytest.mark.parametrize(("stride", "padding", "kernel"), GEOMETRY)
def test_the_convolution_has_the_derivatives_of_finite_differences(stride, padding, kernel):
    x, w = leaves(numbers(2, 3, 6, 5, seed=1), numbers(4, 3, kernel, kernel, seed=2))

    def run(x, w):
        return Convolution.apply(x, w, stride, padding)

    assert torch.autograd.gradcheck(run, (x, w))
    assert torch.autograd.gradgradcheck(run, (x, w))


def test_batch_normalisation_has_the_derivatives_of_finite_differences():
    x, w, b = leaves(numbers(3, 2, 3, 4, seed=1) * 2 + 1, numbers(2, seed=2), numbers(2, seed=3))
    for eps in (1e-5, 0.3):  # a large one shows in every term

        def run(x, w, b, eps=eps):
            return BatchNorm.apply(x, w, b, eps)

        assert torch.autograd.gradcheck(run, (x, w, b))
        assert torch.autograd.gradgradcheck(run, (x, w, b))


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 7),
    st.integers(1, 7),
    st.sampled_from([1, 3]),
    st.integers(1, 2),
    st.booleans(),
    st.integers(0, 2**20),
)
def test_a_network_has_pytorchs_values_and_derivatives(n, inputs, outputs, height, width, kernel, stride, last, seed):
    if n * -(-height // stride) * -(-width // stride) < 2:
        n += 1  # batch normalisation needs two values per channel
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False).double()
    norm = nn.BatchNorm2d(outputs).double()
    x, w, scale, shift, v = leaves(
        numbers(n, inputs, height, width, seed=seed),
        numbers(outputs, inputs, kernel, kernel, seed=seed + 1),
        numbers(outputs, seed=seed + 2),
        numbers(outputs, seed=seed + 3),
        numbers(outputs, inputs, kernel, kernel, seed=seed + 4),
    )
    if last:
        x, w = (t.to(memory_format=torch.channels_last).detach().requires_grad_() for t in (x, w))

    def derivatives(conv: nn.Module, norm: nn.Module) -> list[Tensor]:
        y = torch.func.functional_call(conv, {"weight": w}, (x,))
        y = torch.func.functional_call(norm, {"weight": scale, "bias": shift}, (y,))
        loss = (F.softplus(y).mean((2, 3)) * numbers(n, outputs, seed=seed + 5)).sum() ** 2
        first = torch.autograd.grad(loss, [w, scale, shift], create_graph=True)
        second = torch.autograd.grad(first, [x, w, scale, shift], [v, v.sum((1, 2, 3)), v.mean((1, 2, 3))])
        return [y, *first, *second]

    expected, ours = derivatives(conv, norm), derivatives(with_second_order(conv), with_second_order(norm))
    for a, b in zip(ours[:4], expected[:4], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    for a, b in zip(ours[4:], expected[4:], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6 * max(1.0, b.abs().max().item()))


def nodes(tensor: Tensor) -> set[str]:
    """Names of the graph behind a tensor."""
    found, todo = set(), [tensor.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None:
            found.add(type(node).__name__)
            todo += [parent for parent, _ in node.next_functions]
    return found


OURS = {"ConvolutionBackward", "BatchNormBackward"}


def images(*shape: int) -> Tensor:
    return numbers(*(shape or (2, 4, 5, 5)), dtype=torch.float32)


def test_a_copy_has_both_layers_and_the_network_that_it_is_of_keeps_its_own():
    network = nn.Sequential(nn.Conv2d(4, 3, 3, bias=False), nn.BatchNorm2d(3))
    copied = with_second_order(network)
    assert nodes(copied(images())) >= OURS
    assert not nodes(network(images())) & OURS
    assert torch.equal(copied(images()), network(images()))


def test_a_copy_of_the_copy_computes_with_its_own_weights():
    copied = with_second_order(nn.Conv2d(4, 3, 3, bias=False))
    again = copy.deepcopy(copied).double()
    again.get_parameter("weight").data.zero_()
    assert not again(images().double()).any()
    assert copied(images()).any()


def test_weight_transfer_scales_the_weight_of_our_convolution():
    layer = TransferConv2d(nn.Conv2d(4, 3, 3, padding=1, bias=False))
    layer.scale.data.uniform_(0.5, 2)
    y = with_second_order(layer)(images())
    assert torch.equal(y, layer(images()))
    assert nodes(y) >= {"ConvolutionBackward"}


class Doubled(nn.Conv2d):
    """A convolution of a class of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Functions(nn.Module):
    """Layers that a network calls as functions, with the parameters of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(F.conv2d(x, self.conv.weight), None, None, self.norm.weight, self.norm.bias, True)


def patched() -> nn.Module:
    """A module with a forward pass of its own."""
    conv = nn.Conv2d(4, 4, 3, bias=False)
    vars(conv)["forward"] = lambda x: F.conv2d(x, 3 * conv.weight)
    return conv


def parametrised() -> nn.Module:
    return nn.utils.parametrizations.orthogonal(nn.Conv2d(4, 4, 3, bias=False))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, 3, bias=False, groups=2),
        nn.Conv2d(4, 4, 3, bias=False, dilation=2),
        nn.Conv2d(4, 4, 3, bias=False, padding="same"),
        nn.Conv2d(4, 4, 3, bias=False, padding=1, padding_mode="reflect"),
        nn.BatchNorm2d(4).eval(),
        nn.BatchNorm2d(4, affine=False),
        nn.BatchNorm1d(4),
        Doubled(4, 4, 3, bias=False),
        Functions(),
        patched(),
        parametrised(),
    ],
    ids=lambda layer: str(layer).partition("\n")[0],
)
def test_a_layer_of_another_kind_stays_pytorchs(layer):
    x = (images(6, 4) if isinstance(layer, nn.BatchNorm1d) else images()).requires_grad_()
    expected = layer(x)
    y = with_second_order(layer)(x)
    assert torch.equal(y, expected)
    assert not nodes(y) & OURS


def test_hooks_and_weights_that_are_computed_before_each_call_stay():
    conv = nn.Conv2d(4, 4, 3, bias=False)
    conv.register_forward_hook(lambda module, args, out: 2 * out)
    conv.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        normed = nn.utils.weight_norm(nn.Conv2d(4, 4, 3, bias=False))
    normed(images())  # which leaves a weight that is no leaf, and cannot be copied
    normed.weight = normed.weight.detach()
    normed.get_parameter("weight_g").data.mul_(3)
    for layer in (conv, normed):
        y = with_second_order(layer)(images())
        assert torch.equal(y, layer(images()))
        assert nodes(y) >= {"ConvolutionBackward"}


class Shared(nn.Module):
    """A part that refuses to be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, bias=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> Shared:
        return self

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def test_what_refuses_to_be_copied_is_not_changed():
    network = nn.Sequential(Shared(), nn.BatchNorm2d(4))
    assert nodes(with_second_order(network)(images())) & OURS == {"BatchNormBackward"}
    assert not nodes(network(images())) & OURS


def test_running_statistics_are_left_alone():
    norm = nn.BatchNorm2d(3)
    copied = with_second_order(norm)
    copied(images(4, 3, 2, 2) + 5)
    for of in (norm, copied):
        assert torch.equal(of.get_buffer("running_mean"), torch.zeros(3))
    assert nodes(with_second_order(nn.BatchNorm2d(3, track_running_stats=False).eval())(images(4, 3, 2, 2))) & OURS


@pytest.mark.parametrize("gradient", [ConvolutionGradient, BatchNormGradient])
def test_a_third_derivative_is_refused(gradient):
    x, w, b = leaves(numbers(3, 2, 4, 4), numbers(2, 2, 3, 3), numbers(2))
    if gradient is ConvolutionGradient:
        y = Convolution.apply(x, w, (1, 1), (1, 1))
    else:
        y = BatchNorm.apply(x, w[:, 0, 0, 0], b, 1e-5)
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        second.square().sum().backward()


def test_a_single_value_per_channel_is_refused_as_pytorch_does():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        with_second_order(nn.BatchNorm2d(3))(images(1, 3, 1, 1))


def test_an_image_without_a_batch_and_autocast_stay_pytorchs():
    conv, x = with_second_order(nn.Conv2d(3, 4, 3, bias=False)), images(3, 5, 5)
    assert not nodes(conv(x)) & OURS
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = conv(x[None])
    assert y.dtype == torch.bfloat16
    assert not nodes(y) & OURS


def products(theta: list[Tensor], x: Tensor, hooked: bool) -> tuple[list[Tensor], list[Tensor]]:
    """The slopes of two convolutions, and what a direction through them gives."""
    y = Convolution.apply(x, theta[0], (1, 1), (1, 1))
    y = Convolution.apply(y.tanh(), 2 * theta[1] if hooked else theta[1], (1, 1), (1, 1))
    if hooked:
        theta[0].register_hook(lambda slope: slope * slope.norm())
    slopes = torch.autograd.grad(y.square().sum(), theta, create_graph=True)
    return list(slopes), list(torch.autograd.grad(slopes, [*theta, x], [torch.ones_like(p) for p in theta]))


@pytest.mark.parametrize("hooked", [False, True])
def test_slopes_that_are_not_read_are_not_computed_and_what_comes_through_them_is_the_same(hooked):
    """But for those that a hook reads, and those of weights that are computed, from which other slopes are."""
    theta, x = leaves(numbers(3, 2, 3, 3, seed=1), numbers(2, 3, 3, 3, seed=2)), numbers(2, 2, 5, 5).requires_grad_()
    read, expected = products(list(theta), x, hooked)
    unread, found = products(with_unread_slopes(list(leaves(*theta))), x, hooked)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    for a, b in zip(unread, read, strict=True):
        assert b.all()
        assert torch.equal(a, b) if hooked else not a.any()
