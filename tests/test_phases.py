"""The phase protocol, section 5.1: half of the classes first, the rest evenly over N phases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.split import Split
from mnemonics_lib.phases import PhaseProtocol, class_order


@st.composite
def protocols(draw):
    """Any number of classes and any N that divides the second half."""
    classes = draw(st.integers(2, 120))
    later = classes - classes // 2
    phases = draw(st.sampled_from([n for n in range(1, later + 1) if later / n == later // n]))
    return PhaseProtocol(class_order(classes, draw(st.integers(0, 2**32 - 1))), phases)


def test_cifar_100_starts_with_the_published_classes():
    assert class_order(100, 1993)[:8] == [68, 56, 78, 8, 23, 84, 90, 65]
    assert class_order(100)[:8] == [68, 56, 78, 8, 23, 84, 90, 65]


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_the_order_is_a_permutation_of_the_classes(classes, seed):
    order = class_order(classes, seed)
    assert sorted(order) == list(range(classes))
    assert all(type(c) is int for c in order)


def test_the_order_depends_on_the_seed_alone():
    np.random.seed(0)  # noqa: NPY002
    first = class_order(50, 5)
    np.random.seed(1)  # noqa: NPY002
    assert class_order(50, 5) == first
    assert class_order(50, 6) != first


@given(protocols())
def test_the_phases_partition_the_classes_in_order(protocol):
    covered = [p for phase in range(protocol.phases + 1) for p in range(*protocol.bounds(phase))]
    assert covered == list(range(len(protocol.order)))


@given(protocols())
def test_half_of_the_classes_come_first_and_the_rest_evenly(protocol):
    sizes = [last - first for first, last in map(protocol.bounds, range(protocol.phases + 1))]
    assert sizes[0] == len(protocol.order) // 2
    assert len(set(sizes[1:])) == 1
    assert sizes[1] * protocol.phases == len(protocol.order) - sizes[0]


@given(protocols())
def test_seen_counts_every_class_up_to_the_phase(protocol):
    total = 0
    for phase in range(protocol.phases + 1):
        first, last = protocol.bounds(phase)
        total += last - first
        assert protocol.seen(phase) == total
    assert total == len(protocol.order)


@pytest.mark.parametrize("phase", [-1, 6])
def test_a_phase_that_does_not_exist_is_refused(phase):
    with pytest.raises(ValueError, match=f"phase = {phase}: .*0 to 5"):
        PhaseProtocol(class_order(10), 5).bounds(phase)


@given(st.integers(2, 120), st.integers(-3, 200))
def test_an_n_that_does_not_divide_is_refused_with_the_list_of_those_that_do(classes, phases):
    later = classes - classes // 2
    allowed = [n for n in range(1, later + 1) if not later % n]
    if phases in allowed:
        PhaseProtocol(class_order(classes), phases)
        return
    with pytest.raises(ValueError, match=f"phases = {phases}:") as caught:
        PhaseProtocol(class_order(classes), phases)
    assert f"({', '.join(map(str, allowed))})" in str(caught.value)


def marked(order: list[int], per_class: int = 3) -> Split:
    """Images whose pixels are their data-set class, class by class in data-set order, interleaved."""
    labels = torch.arange(len(order)).repeat(per_class)
    return Split(labels.to(torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2), labels)


@given(protocols())
def test_data_carry_positions_in_the_order_as_labels(protocol):
    split, order = marked(protocol.order), protocol.order
    for phase in range(protocol.phases + 1):
        images, labels = protocol.new_data(split, phase)
        first, last = protocol.bounds(phase)
        assert sorted(labels.tolist()) == sorted(3 * list(range(first, last)))
        assert [order[p] for p in labels.tolist()] == images[:, 0, 0, 0].tolist()


@given(protocols())
def test_seen_data_are_the_new_data_of_all_phases_so_far(protocol):
    split, seen = marked(protocol.order), []
    for phase in range(protocol.phases + 1):
        seen += protocol.new_data(split, phase)[1].tolist()
        images, labels = protocol.seen_data(split, phase)
        assert sorted(labels.tolist()) == sorted(seen)
        assert [protocol.order[p] for p in labels.tolist()] == images[:, 0, 0, 0].tolist()
