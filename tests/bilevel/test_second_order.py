"""The layers' second derivatives against finite differences and against PyTorch's own."""

from __future__ import annotations

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
    SecondOrder,
)

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

    def derivatives() -> list[Tensor]:
        y = torch.func.functional_call(conv, {"weight": w}, (x,))
        y = torch.func.functional_call(norm, {"weight": scale, "bias": shift}, (y,))
        loss = (F.softplus(y).mean((2, 3)) * numbers(n, outputs, seed=seed + 5)).sum() ** 2
        first = torch.autograd.grad(loss, [w, scale, shift], create_graph=True)
        second = torch.autograd.grad(first, [x, w, scale, shift], [v, v.sum((1, 2, 3)), v.mean((1, 2, 3))])
        return [y, *first, *second]

    expected = derivatives()
    with SecondOrder():
        ours = derivatives()
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


def test_the_mode_replaces_both_layers_and_ends_with_its_block():
    conv, norm, x = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), numbers(2, 3, 5, 5, dtype=torch.float32)
    with SecondOrder():
        assert nodes(norm(conv(x))) >= OURS
    assert not nodes(norm(conv(x))) & OURS


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, 3, bias=False, groups=2),
        nn.Conv2d(4, 4, 3, bias=False, dilation=2),
        nn.Conv2d(4, 4, 3, bias=False, padding="same"),
        nn.BatchNorm2d(4).eval(),
        nn.BatchNorm2d(4, affine=False),
        nn.BatchNorm1d(4),
    ],
    ids=str,
)
def test_a_layer_of_another_kind_stays_pytorchs(layer):
    shape = (6, 4) if isinstance(layer, nn.BatchNorm1d) else (2, 4, 5, 5)
    x = numbers(*shape, dtype=torch.float32).requires_grad_()
    expected = layer(x)
    with SecondOrder():
        y = layer(x)
    assert torch.equal(y, expected)
    assert not nodes(y) & OURS


def test_running_statistics_are_left_alone_inside_the_mode():
    norm = nn.BatchNorm2d(3)
    with SecondOrder():
        norm(numbers(4, 3, 2, 2, dtype=torch.float32) + 5)
    assert torch.equal(norm.get_buffer("running_mean"), torch.zeros(3))


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
    norm, x = nn.BatchNorm2d(3), numbers(1, 3, 1, 1, dtype=torch.float32)
    with SecondOrder(), pytest.raises(ValueError, match="more than 1 value per channel"):
        norm(x)


def test_an_image_without_a_batch_and_autocast_stay_pytorchs():
    conv, x = nn.Conv2d(3, 4, 3, bias=False), numbers(3, 5, 5, dtype=torch.float32)
    with SecondOrder():
        assert not nodes(conv(x)) & OURS
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = conv(x[None])
    assert y.dtype == torch.bfloat16
    assert not nodes(y) & OURS
