"""Mini-batch SGD against arithmetic done by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mnemonics_lib.config import Optimisation
from mnemonics_lib.data.batches import batches
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.loops import walk
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import build_network
from mnemonics_lib.rng import stream
from mnemonics_lib.training import Descent

PLAIN: dict[str, Any] = {"epochs": 1, "batch_size": 100, "rate": 0.1, "milestones": [], "augment": False}


def settings(**changes) -> Optimisation:
    return Optimisation(**(PLAIN | changes))


def train(model, loss, samples, sgd, seed) -> list[float]:
    """All epochs of a training; the mean loss of each."""
    descent = Descent(model, loss, samples, sgd, seed)
    walk(descent)
    return descent.losses


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


IMAGES, LABELS = numbers(10, 1, 2, 2, seed=1), torch.arange(10)


def samples(pixels: Pixels) -> Samples:
    """The ten images, as they are."""
    return Samples.learned(IMAGES, LABELS, pixels)


def test_steps_are_sgd_with_momentum_and_weight_decay(grey):
    model = nn.Linear(4, 1, bias=False)
    w = model.weight.detach().double().numpy()[0].copy()
    x, y = IMAGES.flatten(1).double().numpy(), LABELS.double().numpy()

    def loss(images, labels):
        return (model(images.flatten(1))[:, 0] - labels).square().mean()

    axes = settings(epochs=4, rate=0.05, momentum=0.8, weight_decay=0.3)
    history = train(model, loss, samples(grey), axes, 0)
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
    ("milestones", "rates"), [([], [1] * 5), ([0.4, 0.6], [1, 1, 0.1, 0.01, 0.01]), ([0.2], [1] + 4 * [0.1])]
)
def test_the_rate_drops_after_each_milestone(grey, milestones, rates):
    model, ends = Drift(), []

    def loss(images, labels):
        ends.append(model.value.item())
        return model.value + 0 * images.sum()

    axes = settings(epochs=5, rate=1.0, milestones=milestones, gamma=0.1, momentum=0.0, weight_decay=0.0)
    train(model, loss, samples(grey), axes, 0)
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

    train(model.eval(), loss, samples(grey), settings(epochs=2, batch_size=4), 0)
    assert len(seen) == 6  # three batches an epoch
    epochs = [torch.cat([labels for _, labels in part]).tolist() for part in (seen[:3], seen[3:])]
    assert all(sorted(order) == LABELS.tolist() for order in epochs)
    assert epochs[0] != epochs[1]
    assert all(torch.equal(images, IMAGES[labels]) for images, labels in seen)


def test_the_reported_loss_is_the_mean_over_samples(grey):
    model = Drift()
    history = train(model, lambda x, y: y.double().mean() + 0 * model.value, samples(grey), settings(batch_size=4), 0)
    assert history == pytest.approx([4.5])  # 0..9 in batches of unequal size


@pytest.mark.parametrize("augment", [False, True])
def test_images_are_augmented_when_asked(grey, augment):
    model, moving, seen = Drift(), Pixels(grey.mean, grey.std, 16, 2, False), []

    def loss(images, labels):
        seen.append(torch.equal(images, IMAGES[labels]))
        return model.value

    train(model, loss, samples(moving), settings(epochs=3, augment=augment), 0)
    assert seen == [not augment] * 3


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_what_a_random_layer_draws_is_new_in_each_epoch(grey, dropout):
    """Of equal samples, so that their order changes nothing, and with a rate that is as good as none."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 16), nn.Dropout(dropout), nn.Linear(16, 2))
    equal = Samples.learned(IMAGES[:1].expand(10, -1, -1, -1).contiguous(), torch.zeros(10, dtype=torch.int64), grey)
    axes = settings(epochs=3, batch_size=4, rate=1e-30)
    losses = train(model, lambda x, y: cross_entropy(model(x), y), equal, axes, 0)
    assert len(set(losses)) == (3 if dropout else 1)


def test_training_depends_on_its_seed_and_not_on_the_global_one(grey):
    moving = Pixels(grey.mean, grey.std, 16, 1, True)

    def result(seed):
        torch.rand(3)
        model = nn.Linear(4, 1, bias=False)
        nn.init.ones_(model.weight)
        axes = settings(epochs=2, batch_size=3, augment=True)
        train(model, lambda x, y: model(x.flatten(1)).square().mean(), samples(moving), axes, seed)
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

        train(model, loss, samples(grey), settings(epochs=3, batch_size=4, augment=augment), 0)
        return seen

    assert order(True) == order(False)


def test_real_and_learned_samples_are_trained_on_together_normalised_and_with_their_own_labels(grey):
    raw = torch.arange(7, dtype=torch.uint8)[:, None, None, None].expand(7, 1, 2, 2).contiguous()
    images = numbers(5, 1, 2, 2, seed=4)
    mixed = Samples(raw, images, torch.arange(12), grey)
    known = torch.cat([grey.normalise(raw), images])
    model, seen = Drift(), []

    def loss(x, y):
        assert torch.equal(x, known[y])
        seen.append(y)
        return model.value

    train(model, loss, mixed, settings(epochs=2, batch_size=5), 3)
    # The order is the partition's: the same whatever kind a sample is of.
    generator = stream(3, "order")
    expected = [batch for _ in range(2) for batch in batches(12, 5, generator)]
    assert [sorted(y.tolist()) for y in seen] == [sorted(batch.tolist()) for batch in expected]


@pytest.mark.parametrize("batch_norm", ["batch", "running"])
def test_batch_norm_uses_the_statistics_that_were_asked_for(grey, batch_norm):
    norm = nn.BatchNorm2d(1)
    model = nn.Sequential(norm, nn.Flatten(), nn.Linear(4, 1))
    modes = []

    def loss(x, y):
        modes.append(model.training)
        return model(x).square().mean()

    train(model, loss, samples(grey), settings(batch_norm=batch_norm, batch_size=5), 0)
    assert modes == [batch_norm == "batch"] * 2
    assert (norm.state_dict()["num_batches_tracked"].item() > 0) is (batch_norm == "batch")
    assert torch.equal(norm.state_dict()["running_mean"], torch.zeros(1)) is (batch_norm == "running")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_bfloat16_is_for_the_forward_pass_alone(grey, precision):
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(8, 1))
    inside = []

    def loss(x, y):
        inside.append((x.dtype, model[0](x).dtype))
        return model(x).float().square().mean()

    (value,) = train(model, loss, samples(grey), settings(precision=precision), 0)
    assert inside == [(torch.float32, getattr(torch, precision))]
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert value > 0


def test_training_in_bfloat16_goes_nearly_where_float32_goes(grey):
    ends = {}
    for precision in ("float32", "bfloat16"):
        net = build_network(8, 4, 1, 10, seed=2, head="cosine")
        loss = lambda x, y, net=net: cross_entropy(net(x), y)  # noqa: E731
        axes = settings(precision=precision, epochs=3, rate=0.01)
        train(net, loss, Samples.learned(numbers(10, 1, 8, 8, seed=1), LABELS, grey), axes, 0)
        start = torch.cat([p.detach().flatten() for p in build_network(8, 4, 1, 10, 2, head="cosine").parameters()])
        ends[precision] = torch.cat([p.detach().flatten() for p in net.parameters()]) - start
    assert ends["float32"].isfinite().all()
    apart = (ends["float32"] - ends["bfloat16"]).norm() / ends["float32"].norm()
    assert 0 < apart < 0.1  # of the way gone
