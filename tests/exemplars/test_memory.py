"""The exemplar memory: who is where, the splits of Eq. 10, how far images have moved, and what is kept of them."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.memory import ExemplarMemory

CPU = torch.device("cpu")
SPACE = Pixels(torch.full((1, 1, 1), 0.4), torch.full((1, 1, 1), 0.3), white=255, pad=0, flip=False)


def memory(classes: int, budget: int) -> ExemplarMemory:
    """Built phase by phase, two classes at a time; each image holds its own number."""
    full = ExemplarMemory.empty((1, 2, 2), CPU)
    for first in range(0, classes, 2):
        labels = torch.arange(first, min(first + 2, classes)).repeat_interleave(budget)
        numbers = torch.arange(len(full), len(full) + len(labels)).float()
        full = full.extend(numbers[:, None, None, None].expand(-1, 1, 2, 2), labels)
    return full


def test_an_empty_memory_has_no_exemplars_and_grows_by_class_then_rank():
    empty = ExemplarMemory.empty((3, 4, 5), CPU)
    assert len(empty) == empty.per_class == empty.nbytes == 0
    assert empty.images.shape == (0, 3, 4, 5)
    assert empty.storage == "float32"
    full = memory(5, 3)
    assert len(full) == 15
    assert full.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert full.images[:, 0, 0, 0].tolist() == list(range(15))
    assert torch.equal(full.origin, full.images)
    assert full.rank.tolist() == [0, 1, 2] * 5
    assert full.per_class == 3


def test_no_new_classes_leave_the_memory_as_it_is():
    full = memory(4, 2)
    assert full.extend(full.images[:0], full.labels[:0]) is full


@given(st.integers(1, 9), st.integers(1, 5), st.data())
def test_positions_are_those_of_the_classes_in_range(classes, budget, data):
    full = memory(classes, budget)
    first = data.draw(st.integers(0, classes))
    last = data.draw(st.integers(first, classes))
    found = full.positions(first, last).tolist()
    assert found == [i for i, label in enumerate(full.labels.tolist()) if first <= label < last]


@given(st.integers(1, 9), st.integers(2, 9), st.data())
def test_splits_are_disjoint_balanced_and_cover_the_old_classes(classes, budget, data):
    full = memory(classes, budget)
    parts, old = data.draw(st.integers(2, budget)), data.draw(st.integers(1, classes))
    split = full.splits(parts, old)
    assert len(split) == parts
    everything = torch.cat(split).tolist()
    assert sorted(everything) == [i for i, label in enumerate(full.labels.tolist()) if label < old]
    for index in split:
        counts = Counter(full.labels[index].tolist())
        assert sorted(counts) == list(range(old))
        assert len(set(counts.values())) == 1  # each class as often as any other
    sizes = [len(index) // old for index in split]
    assert max(sizes) - min(sizes) <= 1
    for label in range(old):  # good and less good exemplars in each part: ranks are dealt in turn
        best = [int(full.rank[index[full.labels[index] == label]].min()) for index in split]
        assert best == list(range(parts))


@pytest.mark.parametrize("parts", [0, 1, 4])
def test_a_split_into_one_part_or_more_than_there_are_exemplars_is_refused(parts):
    with pytest.raises(ValueError, match=f"parts = {parts}: must be 2 to 3"):
        memory(4, 3).splits(parts, 2)


@given(st.integers(1, 9), st.integers(1, 5), st.data())
def test_the_exemplars_of_some_classes_are_a_memory_of_their_own(classes, budget, data):
    full = memory(classes, budget).with_images(torch.tensor([0]), torch.full((1, 1, 2, 2), -1.0))
    first = data.draw(st.integers(0, classes))
    last = data.draw(st.integers(first, classes))
    some, index = full.of_classes(first, last), full.positions(first, last)
    for name in ("images", "origin", "labels", "rank"):
        assert torch.equal(getattr(some, name), getattr(full, name)[index]), name
    assert some.storage == full.storage


def test_trained_images_replace_their_own_and_leave_the_rest():
    full = memory(4, 2)
    before, index = full.images.clone(), torch.tensor([6, 1])
    trained = full.with_images(index, torch.tensor([-6.0, -1.0])[:, None, None, None].expand(2, 1, 2, 2))
    assert trained.images[:, 0, 0, 0].tolist() == [0, -1, 2, 3, 4, 5, -6, 7]
    assert torch.equal(full.images, before)  # a new memory; the old one is as it was
    assert torch.equal(trained.origin, before)
    assert torch.equal(trained.labels, full.labels)


def test_displacement_is_the_root_mean_square_since_selection():
    full = memory(2, 2)
    moved = full.images[2:4].clone()
    moved[0] += 3.0
    moved[1] -= 4.0
    full = full.with_images(torch.tensor([2, 3]), moved)
    assert full.displacement(torch.tensor([0, 1])) == 0
    assert full.displacement(torch.tensor([2])) == pytest.approx(3)
    assert full.displacement(torch.tensor([2, 3])) == pytest.approx(12.5**0.5)
    assert full.displacement(torch.arange(4)) == pytest.approx(6.25**0.5)


def test_displacement_accumulates_over_phases():
    full = memory(2, 1)
    for _ in range(3):
        full = full.with_images(torch.tensor([0]), full.images[:1] + 1)
        full = full.extend(torch.zeros(1, 1, 2, 2), torch.tensor([len(full)]))
    assert full.displacement(torch.tensor([0])) == pytest.approx(3)


@given(st.integers(1, 8), st.integers(1, 6), st.data())
def test_shrinking_keeps_the_best_of_every_class_and_more_room_changes_nothing(classes, budget, data):
    full, room = memory(classes, budget), data.draw(st.integers(0, 8))
    less = full.shrink(room)
    kept = [i for i in range(len(full)) if i % budget < room]  # ordered by class, then rank
    assert less.images[:, 0, 0, 0].tolist() == kept
    assert less.origin[:, 0, 0, 0].tolist() == kept
    assert less.labels.tolist() == [i // budget for i in kept]
    assert less.rank.tolist() == [i % budget for i in kept]
    assert less.per_class == min(room, budget)
    assert len(full) == classes * budget  # a new memory; the old one is as it was


def test_a_fixed_total_shrinks_the_old_classes_as_new_ones_come_and_trained_images_keep_their_rank():
    full = memory(2, 4).with_images(torch.tensor([1]), torch.full((1, 1, 2, 2), -7.0))
    full = full.shrink(2).extend(torch.full((4, 1, 2, 2), 9.0), torch.tensor([2, 2, 3, 3]))
    assert full.images[:, 0, 0, 0].tolist() == [0, -7, 4, 5, 9, 9, 9, 9]
    assert full.rank.tolist() == [0, 1] * 4
    assert full.displacement(torch.tensor([1])) == pytest.approx(8)  # measured from where it started, still
    assert [index.tolist() for index in full.splits(2, 3)] == [[0, 2, 4], [1, 3, 5]]


def test_bytes_are_those_of_the_stored_pixels():
    full = memory(3, 2)
    assert full.nbytes == 3 * 2 * 4 * 4
    assert replace(full, storage="uint8").nbytes == 3 * 2 * 4


def trained(storage: str, seed: int = 0) -> ExemplarMemory:
    """Two phases of real images, some of them trained since."""
    generator = torch.Generator().manual_seed(seed)
    full = ExemplarMemory.empty((1, 3, 3), CPU, storage)
    for first in (0, 2):
        raw = torch.randint(256, (6, 1, 3, 3), dtype=torch.uint8, generator=generator)
        full = full.extend(SPACE.normalise(raw), torch.arange(first, first + 2).repeat_interleave(3))
        index = torch.tensor([1, len(full) - 1])
        full = full.with_images(index, full.images[index] + torch.randn(2, 1, 3, 3, generator=generator)).stored(SPACE)
    return full


def test_floats_are_stored_as_they_are():
    full = trained("float32")
    assert full.stored(SPACE) is full


@given(st.integers(0, 2**20))
def test_bytes_are_stored_as_the_nearest_grey_levels_once_and_for_all(seed):
    full = trained("uint8", seed)
    assert torch.equal(full.stored(SPACE).images, full.images)
    moved = full.with_images(torch.tensor([4]), torch.full((1, 1, 3, 3), 99.0)).stored(SPACE)
    torch.testing.assert_close(moved.images[4], SPACE.high.expand(1, 3, 3))  # clamped
    levels = (moved.images * 0.3 + 0.4) * 255
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-3)


@given(st.integers(0, 2**20))
def test_real_images_are_the_same_bits_however_they_are_stored(seed):
    raw = torch.randint(256, (6, 1, 3, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    images, labels = SPACE.normalise(raw), torch.arange(2).repeat_interleave(3)
    full = ExemplarMemory.empty((1, 3, 3), CPU, "uint8").extend(images, labels)
    assert torch.equal(full.stored(SPACE).images, images)
    assert full.stored(SPACE).displacement(torch.arange(6)) == 0


@pytest.mark.parametrize("storage", ["float32", "uint8"])
def test_a_checkpoint_gives_the_memory_back_bit_for_bit(storage):
    full = trained(storage)
    assert not torch.equal(full.images, full.origin)
    file = io.BytesIO()
    torch.save(full.state(SPACE), file)
    file.seek(0)
    again = ExemplarMemory.from_state(torch.load(file, weights_only=True), SPACE)
    for name in ("images", "origin", "labels", "rank"):
        one, other = getattr(again, name), getattr(full, name)
        assert one.dtype == other.dtype
        assert torch.equal(one, other), name
    assert (again.storage, again.nbytes, again.per_class) == (storage, full.nbytes, 3)
    assert full.state(SPACE)["images"].dtype == {"float32": torch.float32, "uint8": torch.uint8}[storage]
    assert full.state(SPACE)["origin"].dtype == torch.uint8  # real images, as the bytes that they are


def test_a_memory_from_before_there_were_those_on_the_host_is_read_as_what_it_was():
    """A finished run of then is still loaded, whatever source it was made by."""
    full = trained("float32")
    state = full.state(SPACE)
    del state["on_host"]
    again = ExemplarMemory.from_state(state, SPACE)
    assert torch.equal(again.images, full.images)
    assert torch.equal(again.origin, full.origin)


@pytest.mark.parametrize("storage", ["float32", "uint8"])
def test_an_empty_memory_comes_back_empty(storage):
    empty = ExemplarMemory.empty((3, 4, 5), CPU, storage)
    again = ExemplarMemory.from_state(empty.state(SPACE), SPACE)
    assert (len(again), again.images.shape, again.storage) == (0, (0, 3, 4, 5), storage)


def test_as_samples_they_are_what_is_stored():
    full = trained("uint8")
    images, labels = full.samples(SPACE).all()
    assert torch.equal(images, full.images)
    assert torch.equal(labels, full.labels)


@pytest.fixture
def two_memories(tmp_path):
    """The same trained exemplars of four classes, on the device and on the host; with their levels and labels."""

    def grown(storage: str) -> tuple[ExemplarMemory, ExemplarMemory]:
        resident = ExemplarMemory.empty((1, 3, 3), CPU, storage)
        held = ExemplarMemory.on_host((1, 3, 3), SPACE, storage)
        for first in (0, 2):
            levels = torch.randint(256, (6, 1, 3, 3), generator=torch.Generator().manual_seed(first)).to(torch.uint8)
            labels = torch.arange(first, first + 2).repeat_interleave(3)
            resident = resident.extend(SPACE.normalise(levels), labels)
            held = held.extend(HeldImages(levels, SPACE), labels)
            index = torch.tensor([len(held) - 1, len(held) - 4])
            moved = SPACE.normalise(levels[[5, 2]]) + 2 * torch.randn(2, 1, 3, 3)
            resident, held = (one.with_images(index, moved).stored(SPACE) for one in (resident, held))
        return resident, held

    return grown


@pytest.mark.parametrize("storage", ["float32", "uint8"])
def test_a_memory_on_the_host_is_the_memory_on_the_device(two_memories, storage):
    resident, held = two_memories(storage)
    assert isinstance(held.images, HeldImages)
    assert held.images.kept.dtype == (torch.uint8 if storage == "uint8" else torch.float32)
    assert held.origin.kept.dtype == torch.uint8  # real images, always
    assert held.nbytes == resident.nbytes
    assert held.per_class == resident.per_class == 3
    index = torch.tensor([0, 2, 11])
    assert held.displacement(index) == pytest.approx(resident.displacement(index), rel=1e-6)
    assert held.displacement(index[:0]) == 0.0
    assert held.outside(SPACE) == resident.outside(SPACE)
    assert (held.outside(SPACE) > 0) == (storage == "float32")
    changes = {
        "whole": (held, resident),
        "shrink": (held.shrink(2), resident.shrink(2)),
        "of_classes": (held.of_classes(1, 3), resident.of_classes(1, 3)),
    }
    for ours, theirs in changes.values():
        whole = ours.whole()
        for name in ("images", "origin", "labels", "rank"):
            assert torch.equal(getattr(whole, name), getattr(theirs, name))
    index = torch.tensor([3, 1])
    for one in (held, resident):
        images, labels = one.samples(SPACE).batch(index)
        assert torch.equal(images, resident.images[index])
        assert torch.equal(labels, resident.labels[index])


@pytest.mark.parametrize("storage", ["float32", "uint8"])
def test_a_memory_on_the_host_comes_back_from_a_checkpoint_as_it_was(two_memories, storage):
    _, held = two_memories(storage)
    file = io.BytesIO()
    torch.save(held.state(SPACE), file)
    file.seek(0)
    again = ExemplarMemory.from_state(torch.load(file, weights_only=True), SPACE)
    assert isinstance(again.images, HeldImages)
    assert torch.equal(again.images.kept, held.images.kept)
    assert again.images.kept.dtype == held.images.kept.dtype
    assert torch.equal(again.origin.kept, held.origin.kept)
    assert torch.equal(again.labels, held.labels)
    assert again.storage == storage
