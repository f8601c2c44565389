"""Images of some classes of a split: against a loop over single images, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.split import Split


def numbered(labels: list[int]) -> Split:
    """Images that hold their own number."""
    raw = torch.arange(len(labels), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 2, 3)
    return Split(raw, torch.tensor(labels, dtype=torch.int64))


@given(
    st.lists(st.integers(-4, 9) | st.sampled_from([-(2**63), 2**63 - 1]), min_size=1, max_size=30),
    st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=10),
    st.data(),
)
def test_of_classes_is_what_a_loop_over_the_images_finds_whatever_other_labels_there_are(labels, order, data):
    first = data.draw(st.integers(0, len(order) - 1))
    last = data.draw(st.integers(first + 1, len(order)))
    split, wanted = numbered(labels), order[first:last]
    missing = sorted(set(wanted) - set(labels))
    if missing:
        with pytest.raises(ValueError, match=f"order: names {missing[0]}.*: must be classes of which the split has"):
            split.of_classes(order, first, last)
        return
    images, positions = split.of_classes(order, first, last)
    assert images[:, 0, 0, 0].tolist() == [i for i, label in enumerate(labels) if label in wanted]
    assert positions.tolist() == [order.index(label) for label in labels if label in wanted]
    assert (images.dtype, positions.dtype, images.shape[1:]) == (torch.uint8, torch.int64, (1, 2, 3))


SPLIT = numbered([2, 0, 1, 3, 2, 1])
REFUSED: list[tuple[tuple[Any, Any, Any], str]] = [
    (([0, 1, 2, 3], -1, 2), "first = -1: must be 0 to 3"),
    (([0, 1, 2, 3], 4, 5), "first = 4: must be 0 to 3"),
    (([0, 1, 2, 3], 1, 5), "last = 5: must be 2 to 4"),
    (([0, 1, 2, 3], 2, 2), "last = 2: must be 3 to 4"),
    (([0, 1, 2, 3], 0, 2.0), r"last = 2\.0: must be 1 to 4"),
    (([], 0, 1), "first = 0: must be"),
    (([0, 1, 0], 0, 3), "order: repeats 0: must"),
    (([0, -1], 0, 2), "order: holds -1"),
    (([0, 1, 42], 0, 3), "order: names 42: must be classes of which the split has images"),
    (([0, 1, 10**30], 0, 3), f"order: names {10**30}: must be"),
]


@pytest.mark.parametrize(("question", "message"), REFUSED)
def test_a_question_outside_of_the_order_or_the_data_is_refused(question, message):
    with pytest.raises(ValueError, match=message):
        SPLIT.of_classes(*question)


def test_a_class_that_is_not_there_may_stand_where_it_is_not_wanted():
    images, positions = SPLIT.of_classes([42, 3, 1, 10**30], 1, 3)
    assert (images[:, 0, 0, 0].tolist(), positions.tolist()) == ([2, 3, 5], [2, 1, 2])


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(SPLIT.images.float(), SPLIT.labels), r"images = torch\.float32"),
        (Split(SPLIT.images[0], SPLIT.labels), r"images = .*\[1, 2, 3\]"),
        (Split(SPLIT.images, SPLIT.labels.to(torch.uint8)), r"labels = torch\.uint8 .*: must be torch\.int64"),
        (Split(SPLIT.images, SPLIT.labels.int()), r"labels = torch\.int32"),
        (Split(SPLIT.images, SPLIT.labels[1:]), r"labels = .*\[5\]: must be .*\[6\], one for each image"),
    ],
)
def test_a_split_of_other_tensors_is_refused_when_it_is_asked(split, message):
    with pytest.raises(ValueError, match=message):
        split.of_classes([0, 1, 2, 3], 0, 2)


def test_labels_may_lie_apart_in_memory():
    spread = torch.stack([SPLIT.labels, SPLIT.labels + 9], dim=1)[:, 0]
    assert not spread.is_contiguous()
    found = Split(SPLIT.images, spread).of_classes([1, 2], 0, 2)
    assert all(map(torch.equal, found, SPLIT.of_classes([1, 2], 0, 2)))


def test_its_classes_are_those_that_it_has_images_of():
    assert numbered([7, 2, 2, 0, 7]).classes() == [0, 2, 7]
    assert numbered([]).classes() == []


def test_contiguous_changes_where_values_lie_and_no_value():
    split = Split(torch.arange(24, dtype=torch.uint8).reshape(2, 3, 2, 2).permute(0, 3, 1, 2), torch.arange(4)[::2])
    laid_out = split.contiguous()
    assert torch.equal(laid_out.images, split.images)
    assert torch.equal(laid_out.labels, split.labels)
    assert laid_out.images.is_contiguous()
    assert laid_out.labels.is_contiguous()
