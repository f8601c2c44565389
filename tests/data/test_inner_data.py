"""What the inner steps of Eq. 8 are dealt: mini-batches and crops that are functions of seed and step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.exemplars.inner_data import InnerData, inner_batch
from mnemonics_lib.rng import derive, stream

LABELS = torch.arange(5).repeat_interleave(3).roll(4)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 7, 14])
def test_a_pass_sees_each_exemplar_once_class_balanced_and_each_pass_in_another_order(size):
    a_pass = -(-len(LABELS) // size)
    orders = []
    for number in range(3):
        parts = [inner_batch(LABELS, size, 8, number * a_pass + k) for k in range(a_pass)]
        assert sorted(torch.cat(parts).tolist()) == list(range(len(LABELS)))
        assert max(map(len, parts)) <= size
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
        for part in parts:
            counts = torch.bincount(LABELS[part], minlength=5)
            assert counts.max() - counts.min() <= 1
        orders.append(torch.cat(parts).tolist())
    assert len({tuple(order) for order in orders}) == 3


@given(st.integers(0, 40), st.integers(0, 20), st.integers(0, 2**30))
def test_the_batch_is_a_function_of_seed_and_step(t, size, seed):
    torch.manual_seed(t)
    first = inner_batch(LABELS, size, seed, t)
    for other in range(3):
        inner_batch(LABELS, size, seed, other)
    assert torch.equal(inner_batch(LABELS, size, seed, t), first)
    if 0 < size < len(LABELS) / 2:
        others = [inner_batch(LABELS, size, seed + k, t).tolist() for k in range(1, 6)]
        assert any(other != first.tolist() for other in others)


@pytest.mark.parametrize("size", [0, 15, 16, 1000])
def test_with_room_for_all_it_is_the_full_batch(size):
    for t in range(4):
        assert sorted(inner_batch(LABELS, size, 3, t).tolist()) == list(range(len(LABELS)))


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("size", [0, 4])
@pytest.mark.parametrize("context", [0, 3])
def test_each_inner_step_gets_its_batch_and_its_crops_whatever_was_dealt_before(context, size, augment, grey):
    pixels = replace(grey, pad=2, flip=True)
    exemplars, fixed = numbers(len(LABELS), 1, 8, 8, seed=1), numbers(context, 1, 8, 8, seed=2)
    labels = torch.cat([LABELS, torch.arange(context)])
    axes = ExemplarLevel(inner_batch=size, inner_augment=augment)
    data = InnerData(LABELS, (fixed, labels[len(LABELS) :]), axes, pixels, seed=9)
    assert len(data) == len(labels)
    seen: dict[tuple[int, int], Tensor] = {}
    for step in (1, 0, 1):
        dealt = data.deal(step, 6)
        assert len(dealt) == 6
        for t, drawn in enumerate(dealt):
            images, own = data.batch(exemplars, *drawn)
            chosen = inner_batch(labels, size, derive(9, "inner", step), t)
            expected = torch.cat([exemplars, fixed])[chosen]
            if augment:
                expected = pixels.augment(expected, stream(9, "crops", step, t))
            assert torch.equal(images, expected)
            assert torch.equal(own, labels[chosen])
            assert torch.equal(seen.setdefault((step, t), images), images)
    if size or augment:
        assert not any(torch.equal(a, b) for a, b in itertools.combinations(seen.values(), 2) if a.shape == b.shape)
