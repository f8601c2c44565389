"""Baseline methods: what they minimise, and how they classify, by slow second readings."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from mnemonics_lib.config import Network, Training
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.methods import METHODS
from mnemonics_lib.models import build_network

CLASSES, BUDGET = 4, 3


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def model():
    net = build_network(Network(depth=8, width=4), 1, CLASSES, seed=3)
    net.train()(numbers(64, 1, 8, 8, seed=9))
    return net.eval()


@pytest.fixture
def memory():
    empty = ExemplarMemory.empty((1, 8, 8), BUDGET, torch.device("cpu"))
    labels = torch.arange(CLASSES).repeat_interleave(BUDGET)
    return empty.extend(numbers(len(labels), 1, 8, 8, seed=1), labels)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.sqrt((vector**2).sum())


@torch.no_grad()
def feature(model, image: np.ndarray) -> np.ndarray:
    """Normalised feature of one image."""
    return unit(model.features(torch.from_numpy(np.ascontiguousarray(image))[None])[0].double().numpy())


@pytest.mark.parametrize("flip", [False, True])
def test_icarl_takes_the_class_whose_mean_exemplar_feature_is_nearest(model, memory, grey, flip):
    means = []
    for k in range(CLASSES):
        own = [image.numpy() for image, label in zip(memory.images, memory.labels, strict=True) if label == k]
        views = own + [image[:, :, ::-1] for image in own] if flip else own
        means.append(unit(np.mean([feature(model, view) for view in views], axis=0)))
    tests = numbers(60, 1, 8, 8, seed=5)
    nearest = [
        int(np.argmin([((feature(model, image.numpy()) - mean) ** 2).sum() for mean in means])) for image in tests
    ]
    space = Pixels(grey.mean, grey.std, white=16, pad=0, flip=flip)
    with torch.no_grad():
        scores = METHODS["icarl"].scorer(model, memory, space)(tests)
    assert scores.shape == (60, CLASSES)
    assert scores.argmax(dim=1).tolist() == nearest
    assert len(set(nearest)) > 1


def test_icarls_mirror_image_matters(model, memory, grey):
    tests = numbers(60, 1, 8, 8, seed=5)
    plain, mirrored = (
        METHODS["icarl"].scorer(model, memory, Pixels(grey.mean, grey.std, 16, 0, flip))(tests)
        for flip in (False, True)
    )
    assert not torch.allclose(plain, mirrored, atol=1e-4)


def test_lwf_classifies_with_the_head(model, memory, grey):
    tests = numbers(10, 1, 8, 8, seed=5)
    scores = METHODS["lwf"].scorer(model, memory, grey)(tests)
    assert torch.equal(scores, model.head(model.features(tests)))


@pytest.mark.parametrize("name", ["lwf", "icarl"])
def test_the_loss_is_eq_5_with_the_teachers_softened_outputs(model, name):
    teacher = build_network(Network(depth=8, width=4), 1, 2, seed=8).eval()
    images, labels = numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 1, 2, 3, 2, 3])
    settings = Training(lam=0.3, temperature=3.0)
    with torch.no_grad():
        p, p_hat = model(images).double().numpy(), teacher(images).double().numpy()

    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    ce = -np.log(softmax(p)[range(6), labels.numpy()]).mean()
    kd = -(softmax(p_hat / 3) * np.log(softmax(p[:, :2] / 3))).sum(axis=1).mean()
    loss = METHODS[name].loss(model, teacher, images, labels, settings)
    assert loss.item() == pytest.approx(0.3 * ce + 0.7 * kd, rel=1e-5)
    alone = METHODS[name].loss(model, None, images, labels, settings)
    assert alone.item() == pytest.approx(ce, rel=1e-5)


@pytest.mark.parametrize("name", ["lwf", "icarl"])
def test_the_teacher_gets_no_gradient_and_does_not_change(model, name):
    teacher = build_network(Network(depth=8, width=4), 1, 2, seed=8).eval()
    before = copy.deepcopy(teacher.state_dict())
    images, labels = numbers(6, 1, 8, 8, seed=6), torch.tensor([0, 1, 2, 3, 2, 3])
    METHODS[name].loss(model, teacher, images, labels, Training()).backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(value, before[key]) for key, value in teacher.state_dict().items())
    assert all(p.grad is not None and p.grad.any() for p in model.head.parameters())


def test_methods_are_registered_under_their_names():
    assert set(METHODS) >= {"lwf", "icarl"}
    assert all(method.name == name for name, method in METHODS.items())
