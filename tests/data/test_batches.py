"""The drawing of batches: partitions of the samples, and Eq. 8's mini-batches as functions of seed and step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mnemonics_lib.data.batches import (
    EpochBatches,
    InnerBatches,
    Share,
    balanced_batches,
    batches,
    count_batches,
    inner_batch,
)
from mnemonics_lib.data.samples import Samples
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


@pytest.mark.parametrize("size", [5, 4, 15])
def test_no_class_has_a_place_of_its_own_in_a_pass(size):
    """Ten classes of four: over many passes each is as often in the first batch, and in the last, as any other."""
    labels, passes = torch.arange(10).repeat_interleave(4), 400
    for place in (0, -1):
        counts = torch.zeros(10)
        for seed in range(passes):
            part = balanced_batches(labels, size, torch.Generator().manual_seed(seed))[place]
            counts += torch.bincount(labels[part], minlength=10)
        expected = counts.sum() / 10
        spread = passes**0.5 / 2  # at most, of a sum of so many numbers that are k or k + 1
        assert (counts - expected).abs().max() < 5 * spread


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
def test_each_inner_step_gets_its_batch_and_its_crops_whatever_was_drawn_before(context, size, augment, grey):
    pixels = replace(grey, pad=2, flip=True)
    exemplars, fixed = numbers(len(LABELS), 1, 8, 8, seed=1), numbers(context, 1, 8, 8, seed=2)
    labels = torch.cat([LABELS, torch.arange(context)])
    data = InnerBatches(LABELS, (fixed, labels[len(LABELS) :]), size, pixels if augment else None, seed=9)
    assert len(data) == len(labels)
    seen: dict[tuple[int, int], Tensor] = {}
    for step in (1, 0, 1):
        minibatches = data.draw(step, 6)
        assert len(minibatches) == 6
        for t, minibatch in enumerate(minibatches):
            images, own = data.load(exemplars, *minibatch)
            chosen = inner_batch(labels, size, derive(9, "inner", step), t)
            expected = torch.cat([exemplars, fixed])[chosen]
            if augment:
                expected = pixels.augment(expected, stream(9, "crops", step, t))
            assert torch.equal(images, expected)
            assert torch.equal(own, labels[chosen])
            assert torch.equal(seen.setdefault((step, t), images), images)
    if size or augment:
        assert not any(torch.equal(a, b) for a, b in itertools.combinations(seen.values(), 2) if a.shape == b.shape)


@given(st.integers(1, 500), st.integers(1, 200), st.integers(0, 2**30))
def test_batches_partition_the_samples_into_nearly_equal_sizes(count, size, seed):
    parts = batches(count, size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(parts).tolist()) == list(range(count))
    sizes = [len(part) for part in parts]
    assert max(sizes) <= size
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == (count + size - 1) // size == count_batches(count, size)


def test_of_no_samples_there_is_one_empty_batch():
    assert [len(part) for part in batches(0, 7, torch.Generator())] == [0]
    assert count_batches(0, 7) == 1


# Labels in any order: so many classes of so many samples each.
balanced = st.tuples(st.integers(1, 8), st.integers(1, 9), st.integers(0, 2**20))


def shuffled(classes: int, each: int, seed: int) -> torch.Tensor:
    labels = torch.arange(classes).repeat_interleave(each) + 3
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]


@given(balanced, st.integers(1, 40), st.integers(0, 2**30))
def test_balanced_batches_partition_the_samples_and_the_classes_alike(sizes, size, seed):
    labels = shuffled(*sizes)
    parts = balanced_batches(labels, size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(parts).tolist()) == list(range(len(labels)))
    lengths = [len(part) for part in parts]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1
    assert len(parts) == -(-len(labels) // size)
    for part in parts:
        counts = [int((labels[part] == label).sum()) for label in labels.unique()]
        assert max(counts) - min(counts) <= 1


@given(balanced, st.integers(0, 2**30))
def test_a_batch_of_all_or_of_more_is_one_shuffled_batch(sizes, seed):
    labels = shuffled(*sizes)
    for size in (len(labels), len(labels) + 1):
        (part,) = balanced_batches(labels, size, torch.Generator().manual_seed(seed))
        assert sorted(part.tolist()) == list(range(len(labels)))


def test_balanced_batches_depend_on_their_generator_and_every_sample_of_a_class_is_as_likely_to_come_first():
    labels, first = torch.arange(3).repeat_interleave(4), np.zeros(12)
    for seed in range(1200):
        parts = [p.tolist() for p in balanced_batches(labels, 3, torch.Generator().manual_seed(seed))]
        assert parts == [p.tolist() for p in balanced_batches(labels, 3, torch.Generator().manual_seed(seed))]
        first[parts[0]] += 1
    assert ((first - 300) ** 2 / 225 < 25).all()  # five standard deviations of a binomial(1200, 1/4)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 12), st.integers(0, 2**20))
def test_classes_of_unequal_size_are_partitioned_too(labels, size, seed):
    parts = balanced_batches(torch.tensor(labels), size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(parts).tolist()) == list(range(len(labels)))
    assert max(map(len, parts)) <= size


@given(st.integers(1, 40), st.integers(1, 9))
def test_the_shares_of_a_batch_are_all_of_it_once_and_none_is_larger_by_two(count, of):
    batch = torch.arange(count)
    shares = [Share(number, of) for number in range(of)]
    sizes = [share.size(count) for share in shares]
    taken = [share.take(batch) for share in shares]
    assert sorted(torch.cat([some[:size] for some, size in zip(taken, sizes, strict=True)]).tolist()) == list(
        range(count)
    )
    assert max(sizes) - min(sizes) <= 1
    assert sizes[0] == max(sizes)
    assert all(some.tolist() == [count - 1] for some, size in zip(taken, sizes, strict=True) if not size)
    assert torch.equal(Share().take(batch), batch)


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("of", [2, 3, 7])
def test_each_of_several_processes_loads_its_share_of_the_batches_of_one(grey, of, augment):
    moving = replace(grey, pad=2, flip=True)
    raw = torch.randint(0, 17, (11, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    learned = torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    samples = Samples(raw, learned, torch.arange(17), moving)
    whole = EpochBatches(samples, 5, augment, seed=3)
    expected = [whole.load(*batch) for batch in whole.epoch()]
    for share in (Share(number, of) for number in range(of)):
        own = EpochBatches(samples, 5, augment, 3, share)
        for (images, labels), batch in zip(expected, own.epoch(), strict=True):
            mine, of_all = own.load(*batch)
            assert torch.equal(mine, share.take(images))
            assert torch.equal(of_all, labels)
