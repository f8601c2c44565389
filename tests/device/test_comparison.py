"""Rounding passes, and what a step did not do, or did otherwise, does not."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.device.comparison import SHARE, unlike


def tensors(seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in ((3, 4), (7,), ())] + [torch.tensor(seed)]


@given(st.integers(0, 10**6), st.floats(-3, 3))
def test_what_differs_by_rounding_passes(seed, scale):
    before, plain = tensors(seed), [tensor * 10**scale for tensor in tensors(seed + 1)]
    replayed = [t + (t - b) * 1e-3 if t.is_floating_point() else t for t, b in zip(plain, before, strict=True)]
    assert unlike(before, plain, replayed) == ""


@given(st.integers(0, 10**6), st.integers(0, 2))
def test_a_tensor_that_a_replay_left_as_it_was_is_named(seed, number):
    before, plain = tensors(seed), tensors(seed + 1)
    replayed = [*plain[:number], before[number], *plain[number + 1 :]]
    assert unlike(before, plain, replayed).startswith(f"tensor {number} of 4, of shape")


def test_a_count_must_be_equal():
    before, plain = tensors(1), tensors(2)
    assert unlike(before, plain, [*plain[:3], before[3]]) == "tensor 3 of 4, of torch.int64, has other values"


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_not_a_number_is_a_difference_unless_the_plain_call_gives_it_too(bad):
    before, plain = [torch.zeros(2)], [torch.tensor([1.0, 2.0])]
    broken = [torch.tensor([1.0, bad])]
    assert "off" in unlike(before, plain, broken)
    assert unlike(before, broken, broken) == unlike(before, broken, plain) == ""


def test_what_is_small_beside_all_that_changed_is_no_difference():
    """The slope of a bias before batch normalisation is rounding alone, and another one each time."""
    before = [torch.zeros(5), torch.zeros(1)]
    plain, replayed = [torch.ones(5), torch.full((1,), 1e-9)], [torch.ones(5), torch.full((1,), -1e-9)]
    assert unlike(before, plain, replayed) == ""
    assert unlike(before, plain, [torch.ones(5) * (1 + 2 * SHARE), plain[1]]) != ""
