"""Samples, real and learned side by side, against a list of single images."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples, part_size
from mnemonics_lib.models import build_network

SHAPE = (2, 3, 4)
SPACE = Pixels(
    torch.tensor([0.3, 0.6])[:, None, None], torch.tensor([0.2, 0.5])[:, None, None], white=255, pad=2, flip=True
)
counts = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(any)
seeds = st.integers(0, 2**20)


def drawn(count: tuple[int, int], seed: int) -> tuple[Samples, list[tuple[Tensor, int]]]:
    """n real and m learned samples, and the same as a list of normalised images with labels."""
    n, m = count
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randint(256, (n, *SHAPE), dtype=torch.uint8, generator=generator)
    images = torch.randn(m, *SHAPE, generator=generator)
    labels = torch.randint(9, (n + m,), generator=generator)
    plain = [(image.float() / 255 - SPACE.mean) / SPACE.std for image in raw] + list(images)
    return Samples(raw, images, labels, SPACE), list(zip(plain, labels.tolist(), strict=True))


def same(found: tuple[Tensor, Tensor], expected: list[tuple[Tensor, int]]) -> bool:
    images, labels = found
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert images.shape == (len(expected), *SHAPE)
    return labels.tolist() == [label for _, label in expected] and all(
        torch.equal(image, own) for image, (own, _) in zip(images, expected, strict=True)
    )


@given(counts, seeds, st.data())
def test_a_batch_is_what_was_asked_for_in_its_order(count, seed, data):
    samples, plain = drawn(count, seed)
    index = data.draw(st.lists(st.integers(0, len(plain) - 1), max_size=20))  # in any order, repeats too
    assert same(samples.batch(torch.tensor(index, dtype=torch.int64)), [plain[i] for i in index])


@pytest.mark.parametrize("count", [(3, 2), (3, 0), (0, 2)])
def test_a_negative_position_is_refused_and_is_no_image_under_the_label_of_another(count):
    samples, _ = drawn(count, 0)
    with pytest.raises(IndexError, match="out of range"):
        samples.batch(torch.tensor([0, -1, 1]))
    with pytest.raises(IndexError, match="out of"):
        samples.batch(torch.tensor([0, sum(count), 1]))


@given(counts, seeds, st.data())
def test_real_first_moves_exemplars_to_the_end_and_keeps_each_kinds_order(count, seed, data):
    samples, plain = drawn(count, seed)
    index = data.draw(st.lists(st.integers(0, len(plain) - 1), max_size=20))
    arranged = samples.real_first(torch.tensor(index, dtype=torch.int64))
    assert arranged.tolist() == [i for i in index if i < count[0]] + [i for i in index if i >= count[0]]


@given(counts, seeds, st.integers(1, 16))
def test_the_parts_are_everything_in_stored_order(count, seed, size):
    samples, plain = drawn(count, seed)
    parts = list(samples.parts(size))
    assert [len(labels) for _, labels in parts] == [len(plain[i : i + size]) for i in range(0, len(plain), size)]
    assert same((torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])), plain)


def test_a_cpu_is_given_parts_that_fit_its_cache_and_an_accelerator_large_ones():
    cpu = torch.device("cpu")
    assert [part_size(cpu, side, side) for side in (8, 16, 32, 64, 1000)] == [1024, 256, 64, 16, 1]
    assert part_size(cpu, 4, 4) == 1024
    assert part_size(torch.device("cuda"), 32, 32) == part_size(torch.device("meta"), 1000, 1000) == 1024


def test_the_parts_are_as_large_as_the_device_wants_them():
    raw = torch.zeros(100, 1, 32, 32, dtype=torch.uint8)
    one = torch.ones(1, 1, 1)
    samples = Samples.real(raw, torch.zeros(100, dtype=torch.int64), Pixels(one, one, white=255, pad=0, flip=False))
    assert [len(labels) for _, labels in samples.parts()] == [64, 36]


@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_scores_and_features_are_the_same_bits_in_parts_of_any_size(head):
    model = build_network(8, 8, 3, 5, seed=0, head=head).eval()
    images = torch.randn(70, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for function in (model, model.features):
            whole = function(images)
            for size in (4, 16, 64):
                assert torch.equal(torch.cat([function(part) for part in images.split(size)]), whole)


@given(counts, seeds)
def test_all_is_everything_in_stored_order(count, seed):
    samples, plain = drawn(count, seed)
    assert len(samples) == len(plain)
    assert same(samples.all(), plain)


@given(counts, seeds, st.data())
def test_where_keeps_the_chosen_in_order_and_their_kind(count, seed, data):
    samples, plain = drawn(count, seed)
    chosen = data.draw(st.lists(st.booleans(), min_size=len(plain), max_size=len(plain)))
    kept = samples.where(torch.tensor(chosen))
    assert same(kept.all(), [sample for sample, keep in zip(plain, chosen, strict=True) if keep])
    assert (len(kept.raw), len(kept.images)) == (sum(chosen[: count[0]]), sum(chosen[count[0] :]))
    assert kept.raw.dtype == torch.uint8


@given(counts, counts, seeds)
def test_more_exemplars_come_after_those_there_are(count, more, seed):
    samples, plain = drawn(count, seed)
    others, plain_others = drawn((0, sum(more)), seed + 1)
    both = samples.with_exemplars(others.images, others.labels)
    assert same(both.all(), plain + plain_others)
    assert torch.equal(both.raw, samples.raw)
    assert same(samples.all(), plain)  # a new one; the first is as it was


@given(st.integers(1, 7), seeds)
def test_real_and_learned_samples_hold_one_kind_alone(n, seed):
    samples, plain = drawn((n, n), seed)
    real = Samples.real(samples.raw, samples.labels[:n], SPACE)
    learned = Samples.learned(samples.images, samples.labels[n:], SPACE)
    assert same(real.all(), plain[:n])
    assert same(learned.all(), plain[n:])
    assert (len(real.images), len(learned.raw)) == (0, 0)
    assert (real.raw.dtype, learned.raw.dtype) == (torch.uint8, torch.uint8)
    assert same(real.with_exemplars(*learned.all()).all(), plain)


def test_no_samples_are_an_empty_batch_and_no_part():
    none = torch.zeros(4, dtype=torch.bool)
    for nothing in (drawn((2, 2), 0)[0].where(none), drawn((4, 0), 0)[0].where(none)):
        assert len(nothing) == 0
        assert same(nothing.all(), [])
        assert same(nothing.batch(torch.empty(0, dtype=torch.int64)), [])
        assert [len(labels) for _, labels in nothing.parts()] in ([], [0])


def test_a_gradient_reaches_the_exemplars_through_a_batch():
    samples, _ = drawn((3, 3), 0)
    images = samples.images.clone().requires_grad_()
    x, _ = Samples(samples.raw, images, samples.labels, SPACE).batch(torch.tensor([5, 0, 3]))
    x.sum().backward()
    assert images.grad is not None
    assert images.grad.flatten(1).any(dim=1).tolist() == [True, False, True]


@pytest.mark.parametrize("size", [1, 3, 1024])
def test_real_images_are_normalised_when_drawn_and_kept_as_bytes(size):
    raw = torch.randint(256, (50, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    samples = Samples.real(raw, torch.arange(50), SPACE)
    assert samples.raw is raw  # not copied, let alone as floats
    assert all(images.dtype == torch.float32 for images, _ in samples.parts(size))


def test_samples_are_checked_when_they_are_made():
    samples, _ = drawn((3, 2), 0)
    with pytest.raises(ValueError, match=r"labels = torch\.int64 of shape \[4\]: must be torch\.int64 of shape \[5\]"):
        Samples(samples.raw, samples.images, samples.labels[1:], SPACE)
    with pytest.raises(ValueError, match=r"raw = torch\.float32"):
        Samples.real(samples.raw.float(), samples.labels[:3], SPACE)
    with pytest.raises(ValueError, match=r"images = torch\.uint8"):
        Samples.learned(samples.raw, samples.labels[:3], SPACE)
    with pytest.raises(ValueError, match=r"labels = torch\.int32"):
        Samples.real(samples.raw, samples.labels[:3].int(), SPACE)


def test_no_check_of_samples_reads_a_value_off_the_device():
    """Samples are made inside loops; a tensor without values shows what is read."""
    meta = torch.device("meta")
    with torch.device(meta):
        space = object.__new__(Pixels)  # which does read its own, once
        for name, value in {"mean": torch.zeros(2, 1, 1), "std": torch.ones(2, 1, 1), "white": 255}.items():
            object.__setattr__(space, name, value)
        made = Samples.real(torch.zeros(3, *SHAPE, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64), space)
    assert made.labels.device == meta
    images, labels = made.batch(torch.zeros(2, dtype=torch.int64, device=meta))
    assert (images.device, labels.device) == (meta, meta)
