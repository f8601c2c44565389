"""Convolution and batch normalisation whose second derivative costs what it must.

PyTorch differentiates these layers twice by formulas made for generality: the weight term of a convolution by
convolving with *images* as kernels, batch normalisation by dozens of passes over the activations. Here each is
written out by hand with the kernels of the first derivative. Values and first derivatives are PyTorch's own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from mnemonics_lib.models import TransferConv2d

Pair = Sequence[int]

UNREAD = "slope is unread"
"""A mark on a parameter: of its slope, a graph is made and no value is read."""


def with_unread_slopes(parameters: list[Tensor]) -> list[Tensor]:
    """Mark parameters whose slopes are only differentiated further, and never looked at.

    So it is where an inner step is made again: the second derivative needs the slopes' graph, and their values have
    been used on the way there. Where a convolution's weight is such a parameter, its slope is left 0, which saves a
    pass over all convolutions.
    """
    for parameter in parameters:
        vars(parameter)[UNREAD] = True
    return parameters


def _convolution_backward(
    slopes: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None]:
    """(d/dx, d/dweight) of <slopes, conv(x, weight)>; None for what is not wanted."""
    if not any(wanted):
        return None, None
    gx, gw, _ = torch.ops.aten.convolution_backward(
        slopes, x, weight, None, stride, padding, [1, 1], False, [0, 0], 1, [*wanted, False]
    )
    return (gx if wanted[0] else None), (gw if wanted[1] else None)


class Convolution(torch.autograd.Function):
    """y = conv(x, w), without bias."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
        """The value."""
        ctx.save_for_backward(x, weight)
        ctx.geometry = stride, padding
        ctx.read = UNREAD not in vars(weight)
        return torch.conv2d(x, weight, None, stride, padding)

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> Any:
        """The first derivative."""
        x, weight = ctx.saved_tensors
        # Without a graph it is the way back through the slopes that passes here; and a hook reads what it is given.
        read = ctx.read or not torch.is_grad_enabled() or bool(weight._backward_hooks)
        wanted = list(ctx.needs_input_grad[:2])
        return *ConvolutionGradient.apply(slopes, x, weight, *ctx.geometry, wanted, read), None, None


class ConvolutionGradient(torch.autograd.Function):
    """(slopes, x, w) -> the gradients of <slopes, conv(x, w)>; it is bilinear in each pair, so its own are alike."""

    @staticmethod
    def forward(
        ctx: Any, slopes: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair, wanted: list[bool], read: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        """The first derivative; where it is not read, that with respect to the weight is 0."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(slopes, x, weight)
        ctx.geometry = stride, padding
        gx, gw = _convolution_backward(slopes, x, weight, stride, padding, [wanted[0], wanted[1] and read])
        return gx, (gw if read or not wanted[1] else weight.new_zeros(()).expand_as(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, vx: Tensor | None, vw: Tensor | None) -> Any:
        """The second derivative in direction (vx, vw): of <vx, slopes conv^T w> + <vw, slopes corr x>."""
        slopes, x, weight = ctx.saved_tensors
        d_slopes = dx = dw = None
        if ctx.needs_input_grad[0]:
            terms = [(a, b) for a, b in ((vx, weight), (x, vw)) if a is not None and b is not None]
            for a, b in terms:
                y = torch.conv2d(a, b, None, *ctx.geometry)
                d_slopes = y if d_slopes is None else d_slopes.add_(y)
        wanted = [ctx.needs_input_grad[1] and vw is not None, ctx.needs_input_grad[2] and vx is not None]
        if any(wanted):
            images, kernels = x if vx is None else vx, weight if vw is None else vw
            stride, padding = ctx.geometry
            dx, dw = _convolution_backward(slopes, images, kernels, stride, padding, wanted)
        return d_slopes, dx, dw, None, None, None, None


class BatchNorm(torch.autograd.Function):
    """y = w (x - mean) / sqrt(var + eps) + b with the batch's own statistics, per channel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        """The value."""
        y, mean, invstd = torch.ops.aten.native_batch_norm(x, weight, bias, None, None, True, 0.0, eps)
        ctx.save_for_backward(x, weight, mean, invstd)
        ctx.eps = eps
        return y

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> Any:
        """The first derivative."""
        return *BatchNormGradient.apply(slopes, *ctx.saved_tensors, ctx.eps), None


class BatchNormGradient(torch.autograd.Function):
    """(slopes, x, w) -> the gradients of <slopes, batchnorm(x, w, b)> with respect to x, w and b.

    With z = (x - mean) s the normalised input, s = 1 / sqrt(var + eps), m(.) the mean over a channel and
    P(a) = a - m(a) - z m(a z), they are w s P(slopes), sum(slopes z) and sum(slopes).
    """

    @staticmethod
    def forward(
        ctx: Any, slopes: Tensor, x: Tensor, weight: Tensor, mean: Tensor, invstd: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The first derivative."""
        ctx.set_materialize_grads(False)
        gx, gw, gb = _batch_norm_backward(slopes, x, weight, mean, invstd, eps)
        ctx.save_for_backward(slopes, x, weight, mean, invstd, gw, gb)
        ctx.eps = eps
        return gx, gw, gb

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, vx: Tensor | None, vw: Tensor | None, vb: Tensor | None) -> Any:
        """The second derivative in direction (vx, vw, vb).

        It is that of J = <vx, w s P(slopes)> + <vw, sum(slopes z)> + <vb, sum(slopes)>. P is symmetric, so
        dJ/dslopes = w s P(vx) + vw z + vb and dJ/dw = s S with S = <vx, P(slopes)> per channel. As a function of z, J
        has the slope c = -w s (vx m(slopes z) + slopes m(vx z)) + vw slopes, which normalisation pulls back to s P(c);
        s itself depends on x by ds/dx = -s^2 z / n, which adds -w s^2 z S / n.
        """
        slopes, x, weight, mean, s, sum_gz, sum_g = ctx.saved_tensors
        n = x.numel() // x.shape[1]
        zero = torch.zeros_like(s)
        vw, vb = zero if vw is None else vw, zero if vb is None else vb
        if vx is None:
            vx = torch.zeros_like(x)
        projected, sum_vz, sum_v = _batch_norm_backward(vx, x, weight, mean, s, ctx.eps)
        sum_vg = (vx * slopes).sum((0, 2, 3))
        inner = sum_vg - sum_v * sum_g / n - sum_vz * sum_gz / n  # S

        d_slopes = projected.addcmul_(x, _per_channel(vw * s)).add_(_per_channel(vb - vw * s * mean))

        of_v, of_g = -weight * s * sum_gz / n, vw - weight * s * sum_vz / n  # c = of_v vx + of_g slopes
        mean_c = (of_v * sum_v + of_g * sum_g) / n
        mean_cz = (of_v * sum_vz + of_g * sum_gz) / n
        of_z = -s * mean_cz - weight * s.square() * inner / n
        dx = vx * _per_channel(s * of_v)
        dx.addcmul_(slopes, _per_channel(s * of_g)).addcmul_(x, _per_channel(of_z * s))
        dx.add_(_per_channel(-s * mean_c - of_z * s * mean))
        return d_slopes, dx, s * inner, None, None, None


def _batch_norm_backward(
    slopes: Tensor, x: Tensor, weight: Tensor, mean: Tensor, invstd: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.ops.aten.native_batch_norm_backward(
        slopes, x, weight, None, None, mean, invstd, True, eps, [True, True, True]
    )


def _per_channel(values: Tensor) -> Tensor:
    return values[:, None, None]


def with_second_order(model: nn.Module) -> nn.Module:
    """A copy of a network in which convolutions and training-mode batch normalisations are the ones above.

    For a temporary model: running statistics are neither read nor updated by them. The forward pass of such a module is
    exchanged once, so that no other call costs more than it did; what is around it stays (hooks, a weight computed
    before each call). PyTorch's own remain, as right and less fast: layers of another kind (with a bias, groups,
    dilation, mixed precision, no affine part), modules of a class or with a forward pass of their own, parametrised
    ones too, and what a network calls as a function. Third derivatives are not to be had:
    PyTorch raises an error, or takes them as zero along a direction that needs no gradient.
    """
    network = copy.deepcopy(model)
    callers = set(model.modules())  # what refuses to be copied is the caller's, and not to be changed
    for module in network.modules():
        forward = FORWARDS.get(type(module))
        if forward is not None and module not in callers and "forward" not in vars(module):
            vars(module)["forward"] = MethodType(forward, module)
    return network


def _convolution(module: nn.Conv2d, x: Tensor) -> Tensor:
    if module.padding_mode != "zeros" or module.bias is not None or not _plain(module, x, module.weight):
        return nn.Conv2d.forward(module, x)
    return Convolution.apply(x, module.weight, module.stride, module.padding)


def _transfer_convolution(module: TransferConv2d, x: Tensor) -> Tensor:
    if not _plain(module, x, module.weight):
        return TransferConv2d.forward(module, x)
    return Convolution.apply(x, module.effective(), module.stride, module.padding)


def _batch_norm(module: nn.BatchNorm2d, x: Tensor) -> Tensor:
    of_batch = module.training or (module.running_mean is None and module.running_var is None)
    weight, bias = module.weight, module.bias
    single = x.numel() == x.shape[1]  # one value per channel has no variance: PyTorch says so
    if not of_batch or weight is None or bias is None or not _alike(x, weight) or single:
        return nn.BatchNorm2d.forward(module, x)
    return BatchNorm.apply(x, weight, bias, module.eps)


FORWARDS: dict[type, Callable[..., Tensor]] = {
    nn.Conv2d: _convolution,
    TransferConv2d: _transfer_convolution,
    nn.BatchNorm2d: _batch_norm,
}
"""By the class of a module, its forward pass with a second derivative of ours, where the layer is of the plain kind."""


def _plain(module: nn.Conv2d | TransferConv2d, x: Tensor, weight: Tensor) -> bool:
    """Without groups, dilation and padding by name."""
    padded = isinstance(module.padding, tuple)
    return padded and set(module.dilation) == {1} and module.groups == 1 and _alike(x, weight)


def _alike(x: Tensor, weight: Tensor) -> bool:
    """A batch of images in the weight's precision, whatever autocast would make of it."""
    return x.dim() == 4 and x.dtype == weight.dtype and not torch.is_autocast_enabled(x.device.type)
