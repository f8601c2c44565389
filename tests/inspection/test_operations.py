"""Multiplications of convolutions are those of the formula, and large operations those on whole tensors."""

import torch
from torch.nn import functional as F

from mnemonics_lib.inspection.operations import Operations

IMAGES, KERNEL = (2, 3, 8, 8), (5, 3, 3, 3)
FORWARD = 2 * 5 * 8 * 8 * 3 * 3 * 3
"""Images, channels out, pixels, channels in, pixels of the kernel."""


def test_a_convolution_multiplies_each_output_pixel_with_a_kernel():
    with Operations() as count, torch.no_grad():
        F.conv2d(torch.randn(IMAGES), torch.randn(KERNEL), padding=1)
    assert count.multiplications == FORWARD
    assert count.kernel == 3


def test_its_gradient_costs_two_more():
    images, kernel = torch.randn(IMAGES, requires_grad=True), torch.randn(KERNEL, requires_grad=True)
    with Operations() as count:
        F.conv2d(images, kernel, padding=1).sum().backward()
    assert count.multiplications == 3 * FORWARD


def test_operations_on_small_tensors_and_views_are_not_large():
    x, small = torch.randn(100), torch.randn(10)
    with Operations(size=100) as count, torch.no_grad():
        x + 1
        small + 1
        x.view(10, 10)
    assert count.large == 1
    assert count.multiplications == count.kernel == 0


def test_a_sum_over_a_large_tensor_is_large_though_its_result_is_small():
    with Operations(size=100) as count, torch.no_grad():
        torch.randn(100).sum()
    assert count.large == 2  # what is drawn, and the sum
