"""The exemplar memory: who is where, the splits of Eq. 10, and how far images have moved."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.exemplars.memory import ExemplarMemory


def memory(classes: int, budget: int) -> ExemplarMemory:
    """Built phase by phase, two classes at a time; each image holds its own number."""
    full = ExemplarMemory.empty((1, 2, 2), budget, torch.device("cpu"))
    for first in range(0, classes, 2):
        labels = torch.arange(first, min(first + 2, classes)).repeat_interleave(budget)
        numbers = torch.arange(len(full), len(full) + len(labels)).float()
        full = full.extend(numbers[:, None, None, None].expand(-1, 1, 2, 2), labels)
    return full


def test_an_empty_memory_has_no_exemplars_and_grows_by_class_then_rank():
    empty = ExemplarMemory.empty((3, 4, 5), 2, torch.device("cpu"))
    assert len(empty) == 0
    assert empty.images.shape == (0, 3, 4, 5)
    full = memory(5, 3)
    assert len(full) == 15
    assert full.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert full.images[:, 0, 0, 0].tolist() == list(range(15))
    assert torch.equal(full.origin, full.images)


@given(st.integers(1, 9), st.integers(1, 5), st.data())
def test_positions_are_those_of_the_classes_in_range(classes, budget, data):
    full = memory(classes, budget)
    first = data.draw(st.integers(0, classes))
    last = data.draw(st.integers(first, classes))
    found = full.positions(first, last).tolist()
    assert found == [i for i, label in enumerate(full.labels.tolist()) if first <= label < last]


@given(st.integers(1, 9), st.integers(2, 7), st.data())
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


@pytest.mark.parametrize("parts", [0, 1, 4])
def test_a_split_into_one_part_or_more_than_there_are_exemplars_is_refused(parts):
    with pytest.raises(ValueError, match=f"parts = {parts}: must be 2 to 3"):
        memory(4, 3).splits(parts, 2)


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


def test_bytes_are_those_of_the_stored_floats():
    assert memory(3, 2).nbytes == 3 * 2 * 4 * 4


def test_the_state_gives_the_memory_back():
    full = memory(3, 2).with_images(torch.tensor([0]), torch.full((1, 1, 2, 2), 9.0))
    again = ExemplarMemory(**full.state())  # type: ignore[arg-type]
    for name in ("images", "origin", "labels"):
        assert torch.equal(getattr(again, name), getattr(full, name))
    assert again.budget == full.budget
