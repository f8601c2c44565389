"""Margins, percentiles and distances of exemplars, against loops over one exemplar and one image at a time."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars import margins as module
from mnemonics_lib.exemplars.margins import margins, margins_of, unit_features
from mnemonics_lib.models import IncrementalNet, build_network


def samples(grey, count: int, classes: int, seed: int) -> Samples:
    images = torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed))
    return Samples.learned(images, torch.arange(count) % classes, grey)


def network(classes: int) -> IncrementalNet:
    """With running statistics of its own, and in training mode, in which nothing may be measured."""
    model = build_network(8, 2, 1, classes, seed=3).train()
    model(2 * torch.randn(64, 1, 8, 8, generator=torch.Generator().manual_seed(9)) + 1)
    return model


def by_hand(model: IncrementalNet, exemplars: Samples, real: Samples) -> list[tuple[float, float, float]]:
    model.eval()

    def feature(image: Tensor) -> list[float]:
        values = model.features(image[None])[0].tolist()
        length = math.sqrt(sum(v * v for v in values))
        return [v / length for v in values]

    found = []
    with torch.no_grad():
        points = [(feature(image), int(label)) for image, label in zip(*real.all(), strict=True)]
        for image, label in zip(*exemplars.all(), strict=True):
            k, point = int(label), feature(image)
            own = [other for other, of in points if of == k]
            mean = [sum(column) / len(own) for column in zip(*own, strict=True)]
            nearer = sum(math.dist(other, mean) < math.dist(point, mean) for other in own)
            other = min((math.dist(point, where) for where, of in points if of != k), default=math.inf)
            exponents = [math.exp(logit) for logit in model(image[None])[0].tolist()]
            p = [e / sum(exponents) for e in exponents]
            found.append((p[k] - max([*p[:k], *p[k + 1 :], 0.0]), 100 * nearer / len(own), other))
    return found


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_margins_are_those_of_a_slow_loop(grey, classes):
    model = network(classes)
    exemplars, real = samples(grey, 9, classes, seed=1), samples(grey, 50, classes, seed=2)
    measured = margins(model, exemplars, real)
    assert {each.dtype for each in measured} == {torch.float64}  # of one that is sure, float32 has 1 for a probability
    found = torch.stack(measured, dim=1)
    for ours, theirs in zip(found.tolist(), by_hand(model, exemplars, real), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
    assert len(set(found[:, 1].tolist())) > 2  # a percentile of more than the ends


def test_margins_are_measured_in_evaluation_mode_and_leave_the_model_as_it_was(grey):
    model = network(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    real, exemplars = samples(grey, 30, 3, seed=2), samples(grey, 6, 3, seed=1)
    in_training = margins(model, exemplars, real)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for one, other in zip(in_training, margins(model.eval(), exemplars, real), strict=True):
        assert torch.equal(one, other)
    assert unit_features(model, real).norm(dim=1).tolist() == pytest.approx([1.0] * 30)


def test_the_order_of_exemplars_is_that_of_the_numbers(grey):
    model, real = network(3), samples(grey, 30, 3, seed=2)
    exemplars, order = samples(grey, 6, 3, seed=1), torch.tensor([5, 0, 3, 1, 4, 2])
    images, labels = exemplars.batch(order)
    found, shuffled = margins(model, exemplars, real), margins(model, Samples.learned(images, labels, grey), real)
    for one, other in zip(found, shuffled, strict=True):
        assert one[order].tolist() == pytest.approx(other.tolist(), abs=1e-6)


def test_a_real_image_is_not_nearer_to_the_mean_than_itself(grey):
    """Herding's exemplars are real images: of ten the nearest has the percentile 0, and the farthest 90."""
    real = samples(grey, 20, 2, seed=1)
    for of_class in margins(network(2), real, real).percentile.reshape(10, 2).T:  # labels alternate
        assert of_class.sort().values.tolist() == pytest.approx(range(0, 100, 10))


def test_of_several_sets_each_has_its_own_and_the_real_images_are_looked_at_once(grey, monkeypatch):
    model, real = network(3), samples(grey, 30, 3, seed=1)
    sets, asked = [samples(grey, 6, 3, seed=2), samples(grey, 9, 3, seed=4)], []
    features = module.unit_features

    def counting(network: IncrementalNet, of: Samples) -> Tensor:
        asked.append(len(of))
        return features(network, of)

    expected = [margins(model, each, real) for each in sets]
    monkeypatch.setattr(module, "unit_features", counting)
    for found, alone in zip(margins_of(model, sets, real), expected, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(found, alone, strict=True))
    assert asked == [30, 6, 9]
