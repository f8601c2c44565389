"""TF32, emulated: what is rounded, and what that does to gradients."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from mnemonics_lib.bench import tf32
from mnemonics_lib.bench.tf32 import TF32, rounded
from mnemonics_lib.config import ConfigError

FLOATS = st.floats(width=32, min_value=-(2.0**100), max_value=2.0**100).filter(lambda x: x == 0 or abs(x) > 2.0**-100)


@given(FLOATS)
def test_a_number_has_the_nearest_neighbour_of_eleven_bits(value: float):
    """By another way: the significand, scaled to an integer of eleven bits."""
    significand, exponent = math.frexp(value)
    nearest = math.copysign(math.floor(abs(significand) * 2**11 + 0.5), value)
    assert rounded(torch.tensor([value])).item() == math.ldexp(nearest, exponent - 11)


def test_it_rounds_what_it_is_given_once():
    x = torch.randn(100, generator=torch.Generator().manual_seed(0))
    assert torch.equal(rounded(rounded(x)), rounded(x))
    assert (rounded(x) != x).any()
    assert rounded(x.double()) is not None
    assert torch.equal(rounded(x.double()), x.double())


def test_convolutions_see_rounded_inputs_in_all_derivatives_and_other_operations_do_not():
    generator = torch.Generator().manual_seed(0)
    x, kernel = (torch.randn(shape, generator=generator) for shape in ((2, 3, 5, 5), (4, 3, 3, 3)))
    image, weight = (t.clone().requires_grad_() for t in (x, kernel))
    with TF32():
        out = F.conv2d(image, weight)
        slopes = torch.autograd.grad(out.square().sum(), (image, weight), create_graph=True)
        product = x @ x
    assert torch.equal(out, F.conv2d(rounded(x), rounded(kernel)))
    assert torch.equal(product, x @ x)
    image, weight = (rounded(t).requires_grad_() for t in (x, kernel))
    expected = torch.autograd.grad(F.conv2d(image, weight), (image, weight), grad_outputs=rounded(2 * out))
    for found, right in zip(slopes, expected, strict=True):
        torch.testing.assert_close(found, right)


def test_rows_and_table_of_small_cases():
    found = tf32.rows(cases=[("ResNet-8, 8 x 8", 2, 4), (tf32.TRAINED, 2, 4)])
    for row in found:
        assert row["engines_float32"] < 1e-4
        assert row["engines_tf32"] > 10 * row["engines_float32"]
        assert row["adjoint_tf32"] > 10 * row["engines_float32"]
        assert row["cosine_tf32"] == pytest.approx(1, abs=row["adjoint_tf32"])
    lines = tf32.table(found).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith(tf32.TRAINED)


def test_another_device_is_refused():
    with pytest.raises(ConfigError, match="device = cuda: must be cpu"):
        tf32.rows("cuda")
