"""The phase protocol, section 5.1: half of the classes first, the rest evenly over N phases; and its variants."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.split import Split
from mnemonics_lib.phases import PhaseProtocol, class_order


@st.composite
def protocols(draw):
    """Any number of classes and any N that divides the second half."""
    classes = draw(st.integers(2, 120))
    later = classes - classes // 2
    phases = draw(st.sampled_from([n for n in range(1, later + 1) if later / n == later // n]))
    return PhaseProtocol(class_order(classes, draw(st.integers(0, 2**32 - 1))), phases)


@st.composite
def variants(draw):
    """Any classes of a data set, any first phase, and any N up to the number of classes that follow."""
    order = class_order(draw(st.integers(2, 120)), draw(st.integers(0, 2**32 - 1)))
    first = draw(st.integers(0, len(order) - 2))
    order = order[first : draw(st.integers(first + 2, len(order)))]
    first_classes = draw(st.integers(1, len(order) - 1))
    return PhaseProtocol(order, draw(st.integers(1, len(order) - first_classes)), first_classes, uneven=True)


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


@given(variants())
def test_uneven_phases_partition_the_classes_in_order_and_differ_by_one_at_most(protocol):
    bounds = [protocol.bounds(phase) for phase in range(protocol.phases + 1)]
    assert [p for first, last in bounds for p in range(first, last)] == list(range(len(protocol.order)))
    first, *later = [last - first for first, last in bounds]
    assert first == protocol.first_classes
    assert later == sorted(later, reverse=True)
    assert later[0] - later[-1] <= 1
    assert later[-1] >= 1


@given(variants())
def test_uneven_phases_are_the_even_ones_where_n_divides(protocol):
    if (len(protocol.order) - protocol.seen(0)) % protocol.phases == 0:
        even = PhaseProtocol(protocol.order, protocol.phases, protocol.first_classes)
        assert [even.bounds(i) for i in range(even.phases + 1)] == [protocol.bounds(i) for i in range(even.phases + 1)]


@given(protocols())
def test_unless_said_otherwise_the_protocol_is_the_papers(protocol):
    half = len(protocol.order) // 2
    for same in (
        PhaseProtocol(protocol.order, protocol.phases, half),
        PhaseProtocol(protocol.order, protocol.phases, half, True),
    ):
        assert [same.bounds(i) for i in range(same.phases + 1)] == [protocol.bounds(i) for i in range(same.phases + 1)]


@given(st.integers(2, 100), st.integers(0, 2**32 - 1), st.data())
def test_a_configuration_says_which_classes_arrive_when(phases, seed, data):
    first = data.draw(st.integers(0, 97))
    last = data.draw(st.integers(first + 2, 100))
    share = data.draw(st.integers(1, 99))
    values = {"dataset": "cifar100", "classes": [first, last], "first_share": share / 100, "order_seed": seed}
    first_classes = max(1, share * (last - first) // 100)
    phases = min(phases, last - first - first_classes)
    protocol = RunConfig().replace(**values, phases=phases, uneven=True).protocol()
    assert protocol.seen(0) == first_classes
    assert [protocol.order[p] for i in range(phases + 1) for p in range(*protocol.bounds(i))] == class_order(100, seed)[
        first:last
    ]


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


@pytest.mark.parametrize("first", [0, 10, -1])
def test_a_first_phase_without_classes_or_with_all_is_refused(first):
    with pytest.raises(ValueError, match=f"first_classes = {first}: must be at least 1 and less than the 10"):
        PhaseProtocol(class_order(10), 1, first, uneven=True)


@given(variants(), st.integers(0, 5))
def test_more_phases_than_classes_are_refused(protocol, more):
    later = len(protocol.order) - protocol.seen(0)
    with pytest.raises(ValueError, match=f"phases = {later + 1 + more}: must be 1 to {later},"):
        PhaseProtocol(protocol.order, later + 1 + more, protocol.first_classes, uneven=True)


def marked(classes: int, per_class: int = 3) -> Split:
    """Images whose pixels are their data-set class, class by class in data-set order, interleaved."""
    labels = torch.arange(classes).repeat(per_class)
    return Split(labels.to(torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2), labels)


@given(protocols())
def test_data_carry_positions_in_the_order_as_labels(protocol):
    split, order = marked(len(protocol.order)), protocol.order
    for phase in range(protocol.phases + 1):
        images, labels = protocol.new_data(split, phase)
        first, last = protocol.bounds(phase)
        assert sorted(labels.tolist()) == sorted(3 * list(range(first, last)))
        assert [order[p] for p in labels.tolist()] == images[:, 0, 0, 0].tolist()


@given(protocols())
def test_seen_data_are_the_new_data_of_all_phases_so_far(protocol):
    split, seen = marked(len(protocol.order)), []
    for phase in range(protocol.phases + 1):
        seen += protocol.new_data(split, phase)[1].tolist()
        images, labels = protocol.seen_data(split, phase)
        assert sorted(labels.tolist()) == sorted(seen)
        assert [protocol.order[p] for p in labels.tolist()] == images[:, 0, 0, 0].tolist()


@given(variants())
def test_classes_that_are_not_in_use_are_never_returned(protocol):
    split, order = marked(max(protocol.order) + 3), protocol.order
    for phase in range(protocol.phases + 1):
        torch.full((200,), phase)  # memory with small numbers in it, for a table of positions that is not initialised
        images, labels = protocol.new_data(split, phase)
        assert sorted(labels.tolist()) == sorted(3 * list(range(*protocol.bounds(phase))))
        assert [order[p] for p in labels.tolist()] == images[:, 0, 0, 0].tolist()
    images, labels = protocol.seen_data(split, protocol.phases)
    assert sorted(images[:, 0, 0, 0].tolist()) == sorted(3 * order)


# What is no protocol


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 1, 2, 1], "order: repeats 1: must name each class once"),
        ([0, 1, 2, -1], "order: holds -1: must be class ids"),
        ([0, 1, 2, 3.0], r"order: holds 3\.0: must be class ids"),
        ((0, 1, 2, 3), "order = a tuple: must be a list"),
        ([], r"order = \[\]: must name at least 2 classes"),
        ([4], r"order = \[4\]: must name at least 2 classes, one of them for phase 0"),
    ],
)
@pytest.mark.parametrize("uneven", [False, True])
def test_what_is_no_class_order_makes_no_protocol(order, message, uneven):
    with pytest.raises(ValueError, match=message):
        PhaseProtocol(order, 1, uneven=uneven)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(
    ("phases", "first", "message"),
    [
        (1.0, 2, r"phases = 1\.0: must"),
        (True, 2, "phases = True: must"),
        ("1", 2, "phases = '1': must"),
        (1, 2.0, r"first_classes = 2\.0: must"),
        (1, True, "first_classes = True: must"),
    ],
)
def test_numbers_of_phases_and_classes_are_integers(phases, first, message, uneven):
    with pytest.raises(ValueError, match=message):
        PhaseProtocol([3, 1, 0, 2], phases, first, uneven)


@pytest.mark.parametrize("phase", [1.0, True, None])
def test_a_phase_is_an_integer(phase):
    with pytest.raises(ValueError, match=f"phase = {phase}: must be 0 to 5"):
        PhaseProtocol(class_order(10), 5).bounds(phase)


@pytest.mark.parametrize(
    ("classes", "seed", "message"),
    [
        (0, 1, "classes = 0: must be an integer >= 1"),
        (-3, 1, "classes = -3: must be an integer >= 1"),
        (10.0, 1, r"classes = 10\.0: must be an integer"),
        (10, -1, "seed = -1: must be an integer from 0 to 4294967295"),
        (10, 2**32, "seed = 4294967296: must be"),
        (10, None, "seed = None: must be"),  # the generator would take it, and give another order each time
        (10, 0.5, r"seed = 0\.5: must be"),
    ],
)
def test_an_order_of_no_classes_or_by_no_seed_is_refused(classes, seed, message):
    with pytest.raises(ValueError, match=message):
        class_order(classes, seed)


@given(variants(), st.data())
def test_classes_that_the_data_do_not_have_are_refused_in_their_phase(protocol, data):
    split, gone = marked(max(protocol.order) + 3), data.draw(st.sampled_from(protocol.order))
    kept = split.labels != gone
    without = Split(split.images[kept], split.labels[kept])
    for phase in range(protocol.phases + 1):
        first, last = protocol.bounds(phase)
        if gone in protocol.order[first:last]:
            with pytest.raises(ValueError, match=f"order: names {gone}: must be classes of which the split has images"):
                protocol.new_data(without, phase)
        else:
            assert torch.equal(protocol.new_data(without, phase)[0], protocol.new_data(split, phase)[0])
