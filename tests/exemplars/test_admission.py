"""What the memory takes: each class once, as many of each, images of its size and type; what it refuses it names."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from mnemonics_lib.exemplars.memory import ExemplarMemory

CPU = torch.device("cpu")


def images(count: int) -> torch.Tensor:
    return torch.arange(count).float()[:, None, None, None].expand(-1, 1, 2, 2)


def memory(classes: int = 2, each: int = 3) -> ExemplarMemory:
    labels = torch.arange(classes).repeat_interleave(each)
    return ExemplarMemory.empty((1, 2, 2), CPU).extend(images(len(labels)), labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [1, 1, 1, 2, 2, 2],
            "labels: the memory has exemplars of class 1 already; it takes those of new classes alone",
        ),
        ([0, 0, 0, 1, 1, 1], "the memory has exemplars of classes 0, 1 already"),
        ([2, 2, 2, 3, 3], "labels: 2 exemplars of class 3: must be 3, as many as of every other class"),
        ([2, 2], "labels: 2 exemplars of class 2: must be 3"),
        ([2, 3, 2, 3, 2, 3], r"labels: classes in the order \[2, 3, 2, 3, 2, 3\]: must be .* each in one run"),
        ([-1, -1, -1], r"labels: classes in the order \[-1\]: must be class positions, at least 0"),
    ],
)
def test_classes_that_would_get_wrong_ranks_or_stand_twice_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        memory().extend(images(len(labels)), torch.tensor(labels))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_whatever_it_takes_has_every_rank_of_every_class_once(labels):
    empty, given_labels = ExemplarMemory.empty((1, 2, 2), CPU), torch.tensor(labels)
    runs = [labels.index(label) == i or labels[i - 1] == label for i, label in enumerate(labels)]
    even = len({labels.count(label) for label in labels}) == 1
    if not (all(runs) and even):
        with pytest.raises(ValueError, match="labels: "):
            empty.extend(images(len(labels)), given_labels)
        return
    full = empty.extend(images(len(labels)), given_labels)
    each = labels.count(labels[0])
    pairs = sorted(zip(full.labels.tolist(), full.rank.tolist(), strict=True))
    assert pairs == sorted((label, rank) for label in set(labels) for rank in range(each))
    assert all(full.rank[full.labels == label].tolist() == list(range(each)) for label in set(labels))


@given(st.integers(1, 4), st.integers(1, 4))
def test_new_classes_have_as_many_as_the_old_ones(old, new):
    assume(old != new)
    with pytest.raises(ValueError, match=f"labels: {new} exemplars of class 2: must be {old}, as many"):
        memory(each=old).extend(images(new), torch.full((new,), 2))
    assert memory(each=old).shrink(min(old, new)).extend(images(min(old, new)), torch.full((min(old, new),), 2))


OTHER = {
    "size": torch.zeros(3, 1, 2, 3),
    "channels": torch.zeros(3, 2, 2, 2),
    "number": torch.zeros(2, 1, 2, 2),
    "one for all": torch.zeros(1, 1, 2, 2),
    "type": torch.zeros(3, 1, 2, 2).double(),
    "flat": torch.zeros(3, 4),
    "device": torch.zeros(3, 1, 2, 2, device="meta"),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=list(OTHER))
def test_images_of_another_size_number_type_or_device_are_refused(other):
    full = memory()
    with pytest.raises(ValueError, match=r"images: .*must be torch.float32 of shape \[3, 1, 2, 2\] on cpu"):
        full.extend(other, torch.full((3,), 2))
    with pytest.raises(ValueError, match=r"images: .*must be torch.float32 of shape \[3, 1, 2, 2\] on cpu"):
        full.with_images(torch.arange(3), other)
    assert torch.equal(full.images, memory().images)


@pytest.mark.parametrize(
    "labels",
    [torch.full((3,), 2.0), torch.full((3,), 2).int(), torch.full((3, 1), 2), torch.full((3,), 2, device="meta")],
)
def test_labels_of_another_type_shape_or_device_are_refused(labels):
    with pytest.raises(ValueError, match=r"labels: .*must be torch.int64 of shape \[3\] on cpu"):
        memory().extend(images(3), labels)


def test_a_memory_shrinks_to_none_and_not_below():
    assert len(memory().shrink(0)) == 0
    with pytest.raises(ValueError, match="per_class = -1: must be at least 0"):
        memory().shrink(-1)


def test_there_must_be_something_to_split():
    later = ExemplarMemory.empty((1, 2, 2), CPU).extend(images(4), torch.tensor([3, 3, 4, 4]))
    with pytest.raises(ValueError, match="classes = 3: the memory has no exemplars of classes below it"):
        later.splits(2, 3)
    assert [len(part) for part in later.splits(2, 4)] == [1, 1]
