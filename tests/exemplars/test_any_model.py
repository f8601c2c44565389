"""Exemplars for a network that is none of ours, from plain tensors."""

from __future__ import annotations

import ast
import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.exemplars.any_model import train_exemplars


def classifier() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


def pictures(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noise in two classes: bright above, or bright below."""
    labels = torch.arange(count) % 2
    images = 0.25 * torch.rand(count, 1, 6, 6, generator=torch.Generator().manual_seed(seed))
    images[labels == 0, :, :3] += 0.5
    images[labels == 1, :, 3:] += 0.5
    return images, labels


def loss_after_training_on(exemplars: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor]) -> float:
    net = classifier().train()
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    for _ in range(5):
        sgd.zero_grad()
        F.cross_entropy(net(exemplars[0]), exemplars[1]).backward()
        sgd.step()
    with torch.no_grad():
        return F.cross_entropy(net(validation[0]), validation[1]).item()


LEVEL = ExemplarLevel(
    start="theta", inner_steps=5, alpha=0.5, inner_augment=False, epochs=25, val_batch=1000, optimizer="adam", beta=0.02
)


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_a_network_trained_on_the_trained_exemplars_does_better(engine):
    model, (images, labels), validation = classifier(), pictures(4, seed=1), pictures(60, seed=2)
    before = copy.deepcopy(model.state_dict())
    level = LEVEL.model_copy(update={"engine": engine})
    trained = train_exemplars(model, (images, labels), validation, level)
    assert trained.images.shape == images.shape
    assert loss_after_training_on((trained.images, labels), validation) < 0.8 * loss_after_training_on(
        (images, labels), validation
    )
    assert trained.controls["panel"]["after"] < trained.controls["panel"]["before"]
    assert len(trained.controls["steps"]["meta_loss"]) == 25
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(images, pictures(4, seed=1)[0])


def test_perturbed_starts_work_on_it_and_the_seed_decides():
    level = LEVEL.model_copy(update={"start": "perturbed", "epochs": 2})
    one, same, other = (
        train_exemplars(classifier(), pictures(4, 1), pictures(20, 2), level, seed=seed).images for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_displacements_can_be_shuffled_of_two_exemplars_or_more():
    own, other = (LEVEL.model_copy(update={"epochs": 2, "displacement": of}) for of in ("own", "shuffled"))
    (images, labels), validation = pictures(2, 1), pictures(20, 2)
    plain, swapped = (train_exemplars(classifier(), (images, labels), validation, of).images for of in (own, other))
    torch.testing.assert_close(swapped, images + (plain - images).flip(0))
    assert not torch.equal(swapped, plain)
    with pytest.raises(ValueError, match=r"displacement = 'shuffled': must be 'own' where .* which are 1:"):
        train_exemplars(classifier(), (images[:1], labels[:1]), validation, other)


def test_the_lines_of_the_book_run(root):
    section = (root / "book" / "extend.md").read_text().split("## Exemplars for a network of your own")[1]
    code = section.split("```python\n")[1].split("```")[0]
    assert len(ast.parse(code).body) <= 10  # the promise is few statements: lines are as long as the page is wide
    found: dict[str, Any] = {}
    exec(code, found)
    assert found["trained"].images.shape == (10, 3, 16, 16)


def test_without_a_level_it_takes_the_librarys_own():
    assert train_exemplars(classifier(), pictures(4, 1), pictures(20, 2)).images.shape == (4, 1, 6, 6)


IMAGES, LABELS = pictures(4, seed=1)


@pytest.mark.parametrize(
    ("exemplars", "validation", "message"),
    [
        ((IMAGES[0], LABELS), (IMAGES, LABELS), r"exemplars: images of shape \(1, 6, 6\)"),
        ((IMAGES[:0], LABELS[:0]), (IMAGES, LABELS), r"exemplars: images of shape \(0, 1, 6, 6\)"),
        ((IMAGES.byte(), LABELS), (IMAGES, LABELS), r"exemplars: images .* type torch.uint8: must be floats"),
        ((IMAGES, LABELS), (IMAGES, LABELS[:3]), r"validation: labels of shape \(3,\) .*: must be int64 \[4\]"),
        ((IMAGES, LABELS.float()), (IMAGES, LABELS), r"exemplars: labels .* type torch.float32"),
        ((IMAGES, LABELS), (IMAGES[..., :5], LABELS), r"validation: images of shape \(1, 6, 5\): must be of the exem"),
    ],
)
def test_other_shapes_and_types_are_named(exemplars, validation, message):
    with pytest.raises(ValueError, match=message):
        train_exemplars(classifier(), exemplars, validation, LEVEL)


@pytest.mark.parametrize(
    ("counts", "changes", "message"),
    [
        ((1, 20), {}, r"level: inner_batch = 0, of 1 images in exemplars: must leave two or more images in each batch"),
        ((4, 20), {"inner_batch": 1}, r"level: inner_batch = 1, of 4 images in exemplars: must leave two or more"),
        ((3, 20), {"inner_batch": 2}, r"level: inner_batch = 2, of 3 images in exemplars"),
        ((4, 20), {"val_batch": 1}, r"level: val_batch = 1, of 20 images in validation: must leave two or more"),
        ((4, 1), {}, r"level: val_batch = 1000, of 1 images in validation"),
        ((4, 1), {"batch_norm": "running"}, r"of 1 images in validation"),  # the controls ask for batches
    ],
)
def test_a_batch_of_one_image_is_refused_where_batches_are_normalised(counts, changes, message):
    exemplars, validation = pictures(counts[0], 1), pictures(counts[1], 2)
    level = LEVEL.model_copy(update=changes)
    with pytest.raises(ValueError, match=message):
        train_exemplars(classifier(), exemplars, validation, level)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    level = level.model_copy(update={"epochs": 1, "batch_norm": "batch"})
    assert train_exemplars(plain, exemplars, validation, level).images.shape == exemplars[0].shape


@pytest.mark.parametrize(("inner", "missing"), [("head", "backbone"), ("ncm", "features"), ("ridge", "features")])
def test_what_the_module_lacks_is_named(inner, missing):
    level = LEVEL.model_copy(update={"inner": inner})
    with pytest.raises((TypeError, ValueError), match=f"exemplar_level.inner = '{inner}'.*{missing}"):
        train_exemplars(classifier(), (IMAGES, LABELS), pictures(20, 2), level)


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_what_the_exemplars_were_computed_from_is_left_alone(engine):
    leaf = pictures(4, 1)[0].requires_grad_()
    level = LEVEL.model_copy(update={"epochs": 2, "engine": engine})
    trained = train_exemplars(classifier(), (2 * leaf, LABELS), pictures(20, 2), level)
    assert leaf.grad is None
    assert not trained.images.requires_grad
