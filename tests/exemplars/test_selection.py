"""Selection: herding against exhaustive search in plain numpy, and random subsets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.selection import herd, pick_random, select

sets = st.tuples(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**20))


def features(size) -> torch.Tensor:
    """[n, d], of every length."""
    n, d, seed = size
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(n, d)) * rng.uniform(0.1, 10, size=(n, 1)) + 0.3)


@given(sets)
def test_each_pick_is_the_best_there_is_by_brute_force(size):
    x = features(size)
    unit = [row / np.sqrt(np.dot(row, row)) for row in x.numpy()]
    target = np.mean(unit, axis=0)
    picks = herd(x, len(x)).tolist()
    for k in range(1, len(x) + 1):
        before = picks[: k - 1]
        gaps = {
            j: np.linalg.norm(np.mean([unit[i] for i in [*before, j]], axis=0) - target)
            for j in range(len(x))
            if j not in before
        }
        assert gaps[picks[k - 1]] <= min(gaps.values()) + 1e-12


@given(sets)
def test_herding_all_is_a_permutation_and_fewer_are_its_beginning(size):
    x = features(size)
    everything = herd(x, len(x)).tolist()
    assert sorted(everything) == list(range(len(x)))
    for count in range(1, len(x)):
        assert herd(x, count).tolist() == everything[:count]


def test_the_best_single_image_is_not_picked_again():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.7, 0.7], [0.69, 0.71]])
    assert len(set(herd(x, 5).tolist())) == 5


def test_only_the_direction_of_a_feature_counts():
    x = features((9, 3, 4))
    stretched = x * torch.tensor([2.0, 0.5, 16, 1, 4, 0.25, 8, 2, 1], dtype=x.dtype)[:, None]
    assert herd(stretched, 9).tolist() == herd(x, 9).tolist()


def test_ties_go_to_the_lowest_index():
    assert herd(torch.ones(5, 3), 5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, -1, 5])
def test_more_picks_than_images_or_none_are_refused(count):
    with pytest.raises(ValueError, match=f"count = {count}: must be 1 to 4"):
        herd(torch.randn(4, 2), count)
    with pytest.raises(ValueError, match=f"count = {count}: must be 1 to 4"):
        pick_random(count, 4, torch.Generator())


@given(st.integers(1, 30), st.data(), st.integers(0, 2**20))
def test_a_random_subset_has_no_repeats_and_depends_on_its_generator_alone(of, data, seed):
    count = data.draw(st.integers(1, of))
    torch.manual_seed(count)
    picks = pick_random(count, of, torch.Generator().manual_seed(seed))
    assert len(picks) == len(set(picks.tolist())) == count
    assert set(picks.tolist()) <= set(range(of))
    assert torch.equal(picks, pick_random(count, of, torch.Generator().manual_seed(seed)))


def test_every_image_and_every_rank_is_equally_likely_at_random():
    generator, counts = torch.Generator().manual_seed(0), np.zeros((2, 5))
    for _ in range(2000):
        for rank, image in enumerate(pick_random(2, 5, generator).tolist()):
            counts[rank, image] += 1
    assert ((counts - 400) ** 2 / 320 < 25).all()  # five standard deviations of a binomial(2000, 1/5)


@pytest.fixture
def labelled():
    """30 images of classes 4, 2 and 9, in no order; the first pixel is the image's number."""
    generator = torch.Generator().manual_seed(8)
    images = torch.randn(30, 1, 2, 3, generator=generator)
    images[:, 0, 0, 0] = torch.arange(30)
    labels = torch.tensor([4, 2, 9] * 10)[torch.randperm(30, generator=generator)]
    return Samples.learned(images, labels, Pixels(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), 1, 0, False))


@pytest.mark.parametrize("rule", ["random", "herding"])
def test_selected_exemplars_are_real_images_by_class_then_rank(labelled, rule):
    images, labels = labelled.all()
    chosen, classes = select(labelled, 3, rule, lambda x: x.flatten(1), torch.Generator().manual_seed(1))
    assert classes.tolist() == [2, 2, 2, 4, 4, 4, 9, 9, 9]
    numbers = chosen[:, 0, 0, 0].long()
    assert len(set(numbers.tolist())) == 9
    assert torch.equal(images[numbers], chosen)
    assert torch.equal(labels[numbers], classes)


def test_herding_matches_the_mean_of_each_class_in_feature_space(labelled):
    images, labels = labelled.all()

    def extract(x):
        return x.flatten(1)[:, 1:].square()

    chosen, _ = select(labelled, 4, "herding", extract, torch.Generator())
    expected = []
    for label in (2, 4, 9):
        of_class = images[labels == label]
        expected.append(of_class[herd(extract(of_class), 4)])
    assert torch.equal(chosen, torch.cat(expected))


def test_an_unknown_rule_or_a_class_with_too_few_images_is_refused(labelled):
    with pytest.raises(ValueError, match=r"rule = 'best'.*random.*herding"):
        select(labelled, 1, "best", lambda x: x.flatten(1), torch.Generator())
    for rule in ("random", "herding"):
        with pytest.raises(ValueError, match="class 2: count = 11: must be 1 to 10"):
            select(labelled, 11, rule, lambda x: x.flatten(1), torch.Generator())


@pytest.mark.parametrize("rule", ["random", "herding"])
def test_real_images_come_normalised_and_each_is_passed_through_the_network_once_and_only_for_herding(grey, rule):
    generator = torch.Generator().manual_seed(2)
    raw = torch.randint(17, (2500, 1, 2, 2), dtype=torch.uint8, generator=generator)
    labels = torch.arange(2500) % 5
    seen = []

    def extract(images):
        seen.append(images)
        return images.flatten(1)

    chosen, classes = select(Samples.real(raw, labels, grey), 2, rule, extract, generator)
    assert classes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    known = grey.normalise(raw)
    for image, label in zip(chosen, classes, strict=True):
        assert (known[labels == label] == image).flatten(1).all(dim=1).any()
    if rule == "herding":
        assert len(seen) > 1  # in parts
        assert torch.equal(torch.cat(seen), known)
    else:
        assert seen == []


def test_fewer_exemplars_of_a_class_are_the_first_of_more(labelled):
    for rule in ("random", "herding"):
        many, few = (
            select(labelled, count, rule, lambda x: x.flatten(1), torch.Generator().manual_seed(7))[0]
            for count in (6, 2)
        )
        many, few = many.unflatten(0, (3, 6)), few.unflatten(0, (3, 2))
        if rule == "herding":
            assert torch.equal(few, many[:, :2])
        else:
            assert torch.equal(few[0], many[0, :2])  # later classes go on in the stream where this one stopped


@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_features_that_are_no_numbers_have_no_nearest_mean_and_are_refused(labelled, broken):
    x = features((5, 3, 1))
    x[3, 1] = broken
    with pytest.raises(ValueError, match="features with NaN or infinity"):
        herd(x, 2)

    def extract(images):
        found = images.flatten(1).clone()
        found[labelled.labels == 4] = broken
        return found

    with pytest.raises(ValueError, match="class 4: features with NaN or infinity"):
        select(labelled, 2, "herding", extract, torch.Generator())


@pytest.mark.parametrize("shape", [(5,), (5, 2, 2)])
def test_features_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"features of shape .*: must be finite numbers of shape \[n, d\]"):
        herd(torch.ones(shape), 2)


def test_images_that_are_no_numbers_are_not_chosen_without_a_word(labelled):
    images, labels = labelled.all()
    spoilt = images.clone()
    spoilt[labels == 9, 0, 1, 2] = torch.nan
    samples = Samples.learned(spoilt, labels, labelled.pixels)
    with pytest.raises(ValueError, match="class 9: an image with NaN or infinity"):
        select(samples, 2, "random", lambda x: x.flatten(1), torch.Generator())


def test_of_no_images_none_can_be_chosen(labelled):
    nothing = labelled.where(torch.zeros(30, dtype=torch.bool))
    with pytest.raises(ValueError, match="labels: there are none to choose from"):
        select(nothing, 1, "random", lambda x: x.flatten(1), torch.Generator())
