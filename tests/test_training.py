"""Mini-batch SGD against arithmetic done by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mnemonics_lib.config import Optimisation
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.training import batches, train

PLAIN: dict[str, Any] = {"epochs": 1, "batch_size": 100, "rate": 0.1, "milestones": [], "augment": False}


def settings(**changes) -> Optimisation:
    return Optimisation(**(PLAIN | changes))


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


IMAGES, LABELS = numbers(10, 1, 2, 2, seed=1), torch.arange(10)


def test_steps_are_sgd_with_momentum_and_weight_decay(grey):
    model = nn.Linear(4, 1, bias=False)
    w = model.weight.detach().double().numpy()[0].copy()
    x, y = IMAGES.flatten(1).double().numpy(), LABELS.double().numpy()

    def loss(images, labels):
        return (model(images.flatten(1))[:, 0] - labels).square().mean()

    axes = settings(epochs=4, rate=0.05, momentum=0.8, weight_decay=0.3)
    history = train(model, loss, IMAGES, LABELS, axes, grey, 0)
    velocity, expected = np.zeros(4), []
    for _ in range(4):
        expected.append(((x @ w - y) ** 2).mean())
        gradient = 2 * x.T @ (x @ w - y) / len(y) + 0.3 * w
        velocity = 0.8 * velocity + gradient
        w = w - 0.05 * velocity
    np.testing.assert_allclose(model.weight.detach().numpy()[0], w, rtol=1e-4)
    assert history == pytest.approx(expected, rel=1e-4)


class Drift(nn.Module):
    """One number whose gradient is always 1, so that it shows the sum of the rates."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.frozen = nn.Parameter(torch.ones(()), requires_grad=False)


@pytest.mark.parametrize(
    ("milestones", "rates"), [([], [1] * 5), ([2, 3], [1, 1, 0.1, 0.01, 0.01]), ([1], [1] + 4 * [0.1])]
)
def test_the_rate_drops_after_each_milestone(grey, milestones, rates):
    model, ends = Drift(), []

    def loss(images, labels):
        ends.append(model.value.item())
        return model.value + 0 * images.sum()

    axes = settings(epochs=5, rate=1.0, milestones=milestones, gamma=0.1, momentum=0.0, weight_decay=0.0)
    train(model, loss, IMAGES, LABELS, axes, grey, 0)
    ends.append(model.value.item())
    assert [a - b for a, b in itertools.pairwise(ends)] == pytest.approx(rates)
    assert model.frozen.item() == 1


def test_every_sample_is_seen_once_per_epoch_with_its_own_label_in_a_new_order(grey):
    model = Drift()
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def loss(images, labels):
        assert model.training
        seen.append((images, labels))
        return model.value

    train(model.eval(), loss, IMAGES, LABELS, settings(epochs=2, batch_size=4), grey, 0)
    assert len(seen) == 6  # three batches an epoch
    epochs = [torch.cat([labels for _, labels in part]).tolist() for part in (seen[:3], seen[3:])]
    assert all(sorted(order) == LABELS.tolist() for order in epochs)
    assert epochs[0] != epochs[1]
    assert all(torch.equal(images, IMAGES[labels]) for images, labels in seen)


def test_the_reported_loss_is_the_mean_over_samples(grey):
    model = Drift()
    history = train(
        model, lambda x, y: y.double().mean() + 0 * model.value, IMAGES, LABELS, settings(batch_size=4), grey, 0
    )
    assert history == pytest.approx([4.5])  # 0..9 in batches of unequal size


@pytest.mark.parametrize("augment", [False, True])
def test_images_are_augmented_when_asked(grey, augment):
    model, moving, seen = Drift(), Pixels(grey.mean, grey.std, 16, 2, False), []

    def loss(images, labels):
        seen.append(torch.equal(images, IMAGES[labels]))
        return model.value

    train(model, loss, IMAGES, LABELS, settings(epochs=3, augment=augment), moving, 0)
    assert seen == [not augment] * 3


def test_training_depends_on_its_seed_and_not_on_the_global_one(grey):
    moving = Pixels(grey.mean, grey.std, 16, 1, True)

    def result(seed):
        torch.rand(3)
        model = nn.Linear(4, 1, bias=False)
        nn.init.ones_(model.weight)
        axes = settings(epochs=2, batch_size=3, augment=True)
        train(model, lambda x, y: model(x.flatten(1)).square().mean(), IMAGES, LABELS, axes, moving, seed)
        return model.weight.detach()

    assert torch.equal(result(1), result(1))
    assert not torch.equal(result(1), result(2))


def test_augmentation_does_not_change_the_order_of_the_samples(grey):
    """A paired ablation of one switch must leave every other random choice as it was."""

    def order(augment):
        model, seen = Drift(), []

        def loss(images, labels):
            seen.extend(labels.tolist())
            return model.value

        train(model, loss, IMAGES, LABELS, settings(epochs=3, batch_size=4, augment=augment), grey, 0)
        return seen

    assert order(True) == order(False)


@given(st.integers(1, 500), st.integers(1, 200), st.integers(0, 2**30))
def test_batches_partition_the_samples_into_nearly_equal_sizes(count, size, seed):
    parts = batches(count, size, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(parts).tolist()) == list(range(count))
    sizes = [len(part) for part in parts]
    assert max(sizes) <= size
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == (count + size - 1) // size
