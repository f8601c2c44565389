"""The inner problems full, head, ncm and ridge: their gradients against problems written out by hand, what may move."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, Hypergradient, local_program
from mnemonics_lib.bilevel.closed_form import ridge_regression
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars import inner_data
from mnemonics_lib.exemplars.inner_data import inner_batch
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import optimise_images, train_exemplars
from mnemonics_lib.models import IncrementalNet, build_network, transfer_weights
from mnemonics_lib.rng import derive, stream

UNROLLED, SOLVED = ["full", "head"], ["ncm", "ridge"]
INNER = UNROLLED + SOLVED
CLASSES, SIDE = 6, 6
KNOWN = [1, 4, 5]  # the classes with exemplars
LABELS = torch.tensor([5, 1, 4, 1, 5, 4, 1])
VAL_LABELS = torch.tensor(KNOWN).repeat(5)


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def eye(d: int) -> Tensor:
    return torch.eye(d, dtype=torch.float64)


EXEMPLARS, VALIDATION = numbers(len(LABELS), 1, SIDE, SIDE, seed=1), numbers(len(VAL_LABELS), 1, SIDE, SIDE, seed=2)


def settings(**changes: Any) -> ExemplarLevel:
    axes = {"epochs": 1, "inner_steps": 3, "alpha": 0.3, "ridge": 0.1, "val_batch": 1000, "halve_every": 0}
    return ExemplarLevel(**(PAPER_EXEMPLAR_LEVEL.model_dump() | axes | changes))


NETWORKS = ["linear", "cosine", "grown", "transferred"]


def network(kind: str = "linear", training: bool = True) -> Any:
    """Six classes; `grown` is LUCIR's network after a phase: a cosine head whose older rows are frozen."""
    model = build_network(8, 2, 1, 4, seed=3, head="cosine" if kind in ("cosine", "grown") else "linear")
    model.grow(CLASSES, seed=4)
    if kind == "grown":
        model.head.freeze_old()
    if kind == "transferred":
        transfer_weights(model)
    model.double().train()(numbers(32, 1, SIDE, SIDE, seed=9))  # running statistics that are nobody's initial ones
    return model.train(training)


def everything(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
    return images, LABELS


def minibatch(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
    """A mini-batch that is a function of t."""
    chosen = torch.randperm(len(LABELS), generator=torch.Generator().manual_seed(t))[:4]
    return images[chosen], LABELS[chosen]


def outer(classifier: Any) -> Tensor:
    return F.cross_entropy(classifier(VALIDATION), VAL_LABELS)


def hypergradient(model: Any, axes: ExemplarLevel, batch: Any = everything, meta_loss: Any = outer) -> Hypergradient:
    return local_program(batch, meta_loss, axes)(temporary(model, axes), EXEMPLARS)


def temporary(model: Any, axes: ExemplarLevel) -> Any:
    """Theta' before Eq. 8: for ``head`` the backbone is frozen, as the exemplar level does it."""
    copied = copy.deepcopy(model)
    if axes.inner == "head":
        copied.backbone.requires_grad_(False)
    return copied


# --- the four inner problems by hand ----------------------------------------------------------------------------------

Fitted = tuple[Callable[[Tensor], Tensor], list[Tensor]]
"""What Eq. 7b ends with: images to logits, and the losses on the exemplars on the way."""


def descended(model: nn.Module, images: Tensor, axes: ExemplarLevel, batch: Any) -> Fitted:
    """SGD by torch.func alone, on all that is trainable or on the last layer of it."""
    theta: dict[str, Any] = {
        name: p.detach().clone().requires_grad_()
        for name, p in model.named_parameters()
        if p.requires_grad and (axes.inner == "full" or name.startswith("head."))
    }
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    velocity: list[Tensor] = []
    losses = []
    for t in range(axes.inner_steps):
        given_away = axes.truncate and t < axes.inner_steps - axes.truncate
        inputs, labels = batch(images.detach() if given_away else images, t)
        loss = F.cross_entropy(functional_call(model, theta | buffers, inputs), labels)
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True)
        slopes = [g + axes.inner_weight_decay * p for g, p in zip(gradients, theta.values(), strict=True)]
        velocity = [axes.inner_momentum * b + g for b, g in zip(velocity, slopes, strict=True)] if velocity else slopes
        theta = {name: p - axes.alpha * b for (name, p), b in zip(theta.items(), velocity, strict=True)}
        if given_away:
            theta = {name: p.detach().requires_grad_() for name, p in theta.items()}
            velocity = [b.detach() for b in velocity]
        losses.append(loss)
    return (lambda x: functional_call(model, theta | buffers, x)), losses


def solved(model: Any, images: Tensor, axes: ExemplarLevel, batch: Any) -> Fitted:
    """Class means one by one, or the least-squares problem [F; sqrt(lambda) I] W = [Y; 0]."""
    model = copy.deepcopy(model)
    inputs, labels = batch(images, 0)
    features = model.features(inputs)
    classes = sorted(set(labels.tolist()))
    lam = axes.ridge * features.square().sum() / features.shape[1]  # trace F'F over d
    targets = [[(y == k) - 1 / len(classes) for k in classes] for y in labels.tolist()]
    left = torch.cat([features, lam.sqrt() * eye(features.shape[1])])
    right = torch.cat([torch.tensor(targets, dtype=torch.float64), torch.zeros(features.shape[1], len(classes))])
    weight = torch.linalg.lstsq(left, right).solution

    def column(of: Tensor, k: int) -> Tensor:
        if k not in classes:
            return torch.full((len(of),), -math.inf)
        if axes.inner == "ridge":
            return of @ weight[:, classes.index(k)]
        own = [f for f, y in zip(features, labels.tolist(), strict=True) if y == k]
        mean = torch.stack(own).sum(0) / len(own)
        return torch.stack([(f * mean).sum() / (f.norm() * mean.norm()) for f in of])

    def logits(of: Tensor) -> Tensor:
        return torch.stack([column(of, k) for k in range(CLASSES)], dim=1)

    return (lambda x: logits(model.features(x))), [F.cross_entropy(logits(features), labels)]


def by_hand(model: Any, images: Tensor, axes: ExemplarLevel, batch: Any = everything) -> Fitted:
    return (descended if axes.inner in UNROLLED else solved)(model, images, axes, batch)


def gradient_by_hand(model: Any, axes: ExemplarLevel, batch: Any = everything) -> Tensor:
    images = EXEMPLARS.clone().requires_grad_()
    return torch.autograd.grad(outer(by_hand(model, images, axes, batch)[0]), images)[0]


def difference(a: Tensor, b: Tensor) -> float:
    assert a.norm() > 1e-6
    return ((a - b).norm() / a.norm()).item()


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("inner", INNER)
def test_it_agrees_with_central_differences(inner, kind, training):
    model, axes = network(kind, training), settings(inner=inner)

    def value(images: Tensor) -> float:
        return outer(by_hand(model, images, axes)[0]).item()

    result = hypergradient(model, axes)
    assert result.meta_loss.item() == pytest.approx(value(EXEMPLARS), rel=1e-10)
    assert result.gradient.shape == EXEMPLARS.shape
    eps = 1e-6  # small enough that no ReLU switches in between
    for seed in range(4):
        direction = numbers(*EXEMPLARS.shape, seed=10 + seed)
        direction /= direction.norm()
        slope = (value(EXEMPLARS + eps * direction) - value(EXEMPLARS - eps * direction)) / (2 * eps)
        assert (result.gradient * direction).sum().item() == pytest.approx(slope, rel=1e-4, abs=1e-8)
    assert result.gradient.norm() > 1e-4  # there was something to agree on


@pytest.mark.parametrize("inner", INNER)
def test_it_agrees_with_central_differences_pixel_by_pixel(inner):
    model, axes = network(), settings(inner=inner)
    gradient = hypergradient(model, axes).gradient
    for index in [(0, 0, 0, 0), (3, 0, 2, 3), (6, 0, 5, 4)]:
        step = torch.zeros_like(EXEMPLARS)
        step[index] = 1e-6
        high, low = (outer(by_hand(model, EXEMPLARS + s * step, axes)[0]).item() for s in (1, -1))
        assert gradient[index].item() == pytest.approx((high - low) / 2e-6, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("batch", [everything, minibatch], ids=["all", "mini-batch"])
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("inner", SOLVED)
def test_a_closed_form_has_the_gradient_of_the_problem_by_hand(inner, kind, batch):
    model, axes = network(kind), settings(inner=inner)
    assert difference(gradient_by_hand(model, axes, batch), hypergradient(model, axes, batch).gradient) <= 1e-9


# --- full and head: SGD with everything, both engines -----------------------------------------------------------------

SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"inner_momentum": 0.9},
    "decay": {"inner_weight_decay": 0.1},
    "truncated": {"truncate": 2},
    "everything": {"inner_momentum": 0.9, "inner_weight_decay": 0.1, "truncate": 2},
}


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("kind", ["linear", "grown", "transferred"])
@pytest.mark.parametrize("inner", UNROLLED)
def test_the_engines_agree_with_one_another_and_with_an_unroll_by_hand(inner, kind, sgd):
    model, plain = network(kind), settings(inner=inner, inner_steps=5, alpha=0.1)
    axes = plain.model_copy(update=sgd)
    assert set(ENGINES) == {"higher", "adjoint"}
    higher, adjoint = (
        hypergradient(model, axes.model_copy(update={"engine": name}), minibatch).gradient
        for name in ("higher", "adjoint")
    )
    assert difference(higher, adjoint) <= 1e-10
    assert difference(gradient_by_hand(model, axes, minibatch), adjoint) <= 1e-9
    if sgd:  # it made a difference
        assert difference(hypergradient(model, plain, minibatch).gradient, adjoint) > 1e-3


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("inner", UNROLLED)
@pytest.mark.parametrize(
    "change",
    [
        {"inner_steps": 4},
        {"alpha": 0.2},
        {"inner_momentum": 0.5},
        {"inner_weight_decay": 0.2},
        {"truncate": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_axis_of_the_descent_changes_its_gradient_and_a_closed_forms_not(inner, engine, change):
    model = network()
    for problem, changes in ((inner, True), ("ncm", False), ("ridge", False)):
        one = settings(inner=problem, engine=engine)
        base, other = (hypergradient(model, axes).gradient for axes in (one, one.model_copy(update=change)))
        assert (difference(base, other) > 1e-3) is changes
        assert torch.equal(base, other) is not changes


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("inner", INNER)
def test_the_engine_that_runs_is_the_one_asked_for_and_a_closed_form_needs_none(inner, engine, monkeypatch):
    ran: list[str] = []
    for name, real in list(ENGINES.items()):

        def spy(*args: Any, name: str = name, real: Any = real) -> Any:
            ran.append(name)
            return real(*args)

        monkeypatch.setitem(ENGINES, name, spy)
    hypergradient(network(), settings(inner=inner, engine=engine))
    assert ran == ([engine] if inner in UNROLLED else [])


def test_the_penalty_is_ridges_alone():
    model = network()
    for inner in INNER:
        base, other = (hypergradient(model, settings(inner=inner, ridge=r)).gradient for r in (0.1, 0.2))
        assert torch.equal(base, other) is (inner != "ridge")


def test_the_four_inner_problems_are_four():
    gradients = [hypergradient(network(), settings(inner=inner)).gradient for inner in INNER]
    for k, one in enumerate(gradients):
        for other in gradients[:k]:
            assert difference(one, other) > 1e-2


# --- what moves and what must not -------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("inner", UNROLLED)
def test_head_moves_the_trainable_rows_of_the_head_alone(inner, kind, engine, monkeypatch):
    model, seen, forward = network(kind), [], IncrementalNet.forward

    def spy(net: IncrementalNet, x: Tensor) -> Tensor:
        if x is VALIDATION:
            seen.append({name: p.detach().clone() for name, p in net.named_parameters()})
        return forward(net, x)

    monkeypatch.setattr(IncrementalNet, "forward", spy)
    hypergradient(model, settings(inner=inner, engine=engine))
    assert len(seen) == 1
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, seen[0][name])}
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    heads = {name for name in trainable if name.startswith("head.")}
    assert heads < trainable
    assert moved == (heads if inner == "head" else trainable)


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("start", ["theta", "perturbed"])
@pytest.mark.parametrize("inner", INNER)
def test_theta_is_left_as_it_was_with_its_buffers_and_flags(inner, start, engine, grey):
    for kind in ("grown", "transferred"):
        model = network(kind).float()
        before = copy.deepcopy(model.state_dict())
        flags = {name: p.requires_grad for name, p in model.named_parameters()}
        assert set(flags.values()) == ({True, False} if kind == "grown" else {True})
        images, labels = EXEMPLARS.float(), LABELS.clone()
        data = Samples.learned(VALIDATION.float(), VAL_LABELS, grey)
        axes = settings(inner=inner, start=start, engine=engine, epochs=2, truncate=2)
        trained, log = optimise_images(model, images, labels, data, (images[:0], labels[:0]), axes, 2, grey, seed=0)
        assert len(log) == 2
        assert (trained != images).flatten(1).any(dim=1).all()
        after = model.state_dict()
        assert "backbone.bn1.running_mean" in before
        assert list(after) == list(before)
        for name in before:
            assert torch.equal(after[name], before[name]), name
        assert {name: p.requires_grad for name, p in model.named_parameters()} == flags
        assert all(p.grad is None for p in model.parameters())
        assert torch.equal(images, EXEMPLARS.float())
        assert not images.requires_grad


@pytest.mark.parametrize("inner", INNER)
def test_the_parameters_of_the_temporary_model_and_the_exemplars_are_left_as_they_were(inner):
    axes, exemplars = settings(inner=inner), EXEMPLARS.clone()
    model = temporary(network(), axes)
    before = copy.deepcopy(dict(model.named_parameters()))
    local_program(everything, outer, axes)(model, exemplars)
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name]), name
        assert p.grad is None
        assert p.requires_grad is (inner != "head" or name.startswith("head."))
    assert torch.equal(exemplars, EXEMPLARS)
    assert not exemplars.requires_grad
    assert exemplars.grad is None


# --- classes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("inner", SOLVED)
def test_a_class_without_an_exemplar_gets_probability_zero_and_the_gradient_is_finite(inner, kind):
    seen = []

    def meta_loss(classifier: Any) -> Tensor:
        seen.append(F.softmax(classifier(VALIDATION), dim=1).detach())
        return outer(classifier)

    result = hypergradient(network(kind), settings(inner=inner), meta_loss=meta_loss)
    (probabilities,) = seen
    assert probabilities.shape == (len(VALIDATION), CLASSES)
    unknown = [k for k in range(CLASSES) if k not in KNOWN]
    assert (probabilities[:, unknown] == 0).all()
    assert (probabilities[:, KNOWN] > 0).all()
    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(VALIDATION)).double())
    assert result.meta_loss.isfinite()
    assert result.base_losses.isfinite().all()
    assert result.gradient.isfinite().all()
    assert (result.gradient != 0).flatten(1).any(dim=1).all()


@pytest.mark.parametrize("inner", SOLVED)
@pytest.mark.parametrize("names", [[4, 5], [5, 4], [0, 5], [3, 1]])
def test_only_which_exemplars_share_a_class_counts_not_what_the_class_is_called(inner, names):
    labels, val_labels = torch.arange(len(EXEMPLARS)) % 2, torch.arange(len(VALIDATION)) % 2

    def run(named: Tensor) -> Hypergradient:
        def batch(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
            return images, named[labels]

        def meta_loss(classifier: Any) -> Tensor:
            return F.cross_entropy(classifier(VALIDATION), named[val_labels])

        return hypergradient(network(), settings(inner=inner), batch, meta_loss)

    plain, renamed = run(torch.tensor([0, 1])), run(torch.tensor(names))
    torch.testing.assert_close(renamed.gradient, plain.gradient, rtol=1e-9, atol=1e-12)
    assert renamed.meta_loss.item() == pytest.approx(plain.meta_loss.item(), rel=1e-12)
    assert plain.gradient.norm() > 1e-4


@pytest.mark.parametrize("inner", SOLVED)
def test_a_single_class_is_certain(inner):
    program = local_program(
        lambda images, t: (images, torch.full((len(images),), 4)),
        lambda classifier: F.cross_entropy(classifier(VALIDATION), torch.full((len(VALIDATION),), 4)),
        settings(inner=inner),
    )
    result = program(network(), EXEMPLARS)
    assert result.meta_loss == 0
    assert result.base_losses.tolist() == [0]
    assert (result.gradient == 0).all()


# --- losses on the exemplars, and which exemplars ---------------------------------------------------------------------


@pytest.mark.parametrize("batch", [everything, minibatch], ids=["all", "mini-batch"])
@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("inner", INNER)
def test_the_losses_on_the_exemplars_are_those_by_hand(inner, engine, batch):
    model, axes = network(), settings(inner=inner, engine=engine, inner_steps=4, truncate=2)
    expected = [loss.item() for loss in by_hand(model, EXEMPLARS, axes, batch)[1]]
    losses = hypergradient(model, axes, batch).base_losses
    assert losses.shape == ((4,) if inner in UNROLLED else (1,))
    assert losses.tolist() == pytest.approx(expected, rel=1e-10)
    assert len(set(expected)) == len(expected)
    assert not losses.requires_grad


@pytest.mark.parametrize("inner", SOLVED)
def test_a_closed_form_asks_for_the_batch_of_step_0_alone_and_for_it_once(inner):
    asked: list[int] = []
    chosen = torch.tensor([6, 0, 2, 3])

    def batch(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
        asked.append(t)
        return images[chosen], LABELS[chosen]

    model, axes = network(), settings(inner=inner, inner_steps=5)
    gradient = hypergradient(model, axes, batch).gradient
    assert asked == [0]
    assert (gradient != 0).flatten(1).any(dim=1).nonzero().flatten().tolist() == sorted(chosen.tolist())
    assert difference(gradient_by_hand(model, axes, batch), gradient) <= 1e-9


@pytest.mark.parametrize("inner", INNER)
def test_the_batch_of_each_outer_step_is_asked_for_as_often_as_the_inner_problem_needs(inner, grey, monkeypatch):
    asked: list[tuple[int, int, int]] = []

    def spy(labels: Tensor, size: int, seed: int, t: int) -> Tensor:
        asked.append((size, seed, t))
        return inner_batch(labels, size, seed, t)

    monkeypatch.setattr(inner_data, "inner_batch", spy)
    data = Samples.learned(VALIDATION, VAL_LABELS, grey)
    axes = settings(inner=inner, inner_batch=4, epochs=3)
    optimise_images(network(), EXEMPLARS, LABELS, data, (EXEMPLARS[:0], LABELS[:0]), axes, 3, grey, seed=5)
    steps = [0, 1, 2] if inner in UNROLLED else [0]
    assert asked == [(4, derive(5, "inner", k), t) for k in range(3) for t in steps]


@pytest.mark.parametrize("context", [0, 3])
@pytest.mark.parametrize("augment", [False, True], ids=["as they are", "augmented"])
@pytest.mark.parametrize("size", [0, 5])
@pytest.mark.parametrize("inner", INNER)
def test_an_outer_step_is_the_gradient_on_the_chosen_and_cropped_exemplars(inner, size, augment, context):
    """One step of SGD on the pixels, crops, mini-batches and fixed exemplars included."""
    half = torch.full((1, 1, 1), 0.5, dtype=torch.float64)
    space = Pixels(half, half / 2, white=16, pad=2, flip=True)
    fixed = numbers(context, 1, SIDE, SIDE, seed=6), torch.tensor([0, 2, 0])[:context]
    all_labels = torch.cat([LABELS, fixed[1]])

    def batch(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
        chosen = inner_batch(all_labels, size, derive(8, "inner", 0), t)
        inputs = torch.cat([images, fixed[0]])[chosen]
        return (space.augment(inputs, stream(8, "crops", 0, t)) if augment else inputs), all_labels[chosen]

    assert len(batch(EXEMPLARS, 0)[1]) == (len(all_labels) + 1) // 2 if size else len(all_labels)
    assert set(batch(EXEMPLARS, 0)[1].tolist()) == set(all_labels.tolist())
    axes = settings(inner=inner, inner_batch=size, inner_augment=augment, beta=1.0)
    model, images = network(), EXEMPLARS.clone().requires_grad_()
    classifier, losses = by_hand(model, images, axes, batch)
    logits = classifier(torch.cat([VALIDATION, fixed[0]]))
    value = F.cross_entropy(logits[: len(VALIDATION)], VAL_LABELS)
    if context:  # two classes beside three
        value = (3 * value + 2 * F.cross_entropy(logits[len(VALIDATION) :], fixed[1])) / 5
    (expected,) = torch.autograd.grad(value, images)
    data = Samples.learned(VALIDATION, VAL_LABELS, space)
    trained, (entry,) = optimise_images(model, EXEMPLARS, LABELS, data, fixed, axes, 1, space, seed=8)
    assert difference(expected, EXEMPLARS - trained) <= 1e-8
    assert entry.meta_loss == pytest.approx(value.item(), rel=1e-9)
    assert entry.base_loss_first == pytest.approx(losses[0].item(), rel=1e-9)
    assert entry.base_loss_last == pytest.approx(losses[-1].item(), rel=1e-9)


# --- closed forms ----------------------------------------------------------------------------------------------------


class Plane:
    """A model whose images are its features."""

    classes = 2

    def features(self, x: Tensor) -> Tensor:
        return x


def test_the_gradient_through_nearest_means_of_a_tiny_case_by_pencil():
    # Exemplars (2, 0) of class 0 and (0, 1) of class 1; (3, 4) of class 0 has cosines 0.6 and 0.8 with them. Turning
    # exemplar k by d theta changes its cosine c by sin(phi - theta_k); moving it along its own direction, not at all.
    exemplars = torch.tensor([[2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    model: Any = Plane()
    program = local_program(
        lambda images, t: (images, torch.tensor([0, 1])),
        lambda classifier: F.cross_entropy(classifier(torch.tensor([[3.0, 4.0]]).double()), torch.tensor([0])),
        settings(inner="ncm"),
    )
    result = program(model, exemplars)
    wrong = 1 / (1 + math.exp(-0.2))  # the probability of class 1
    expected = torch.tensor([[0.0, -wrong * 0.8 / 2], [wrong * 0.6, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(result.gradient, expected)
    assert result.meta_loss.item() == pytest.approx(math.log(1 + math.exp(0.2)))
    assert result.base_losses.tolist() == pytest.approx([math.log(1 + math.exp(-1))])


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("kind", ["linear", "cosine", "transferred"])
def test_the_closed_form_of_ridge_is_where_a_long_descent_ends_and_its_gradient_that_of_the_unroll(kind, training):
    model, strength = network(kind, training), 1.0
    images = EXEMPLARS.clone().requires_grad_()
    features = copy.deepcopy(model).features(images)
    _, positions = LABELS.unique(return_inverse=True)
    targets = F.one_hot(positions).double()
    lam = strength * features.square().sum() / features.shape[1]
    rate = 0.5 / (torch.linalg.matrix_norm(features.detach(), 2) ** 2 + lam.detach())  # 1 / the largest curvature
    weight = torch.zeros(features.shape[1], len(KNOWN), dtype=torch.float64, requires_grad=True)
    for _ in range(400):  # features fixed: condition number at most 1 + d
        misfit = features @ weight - (targets - 1 / len(KNOWN))
        objective = misfit.square().sum() + lam * weight.square().sum()
        (slope,) = torch.autograd.grad(objective, weight, create_graph=True)
        weight = weight - rate * slope
    expected = ridge_regression(features, targets, strength)(eye(features.shape[1]))
    torch.testing.assert_close(weight, expected, rtol=1e-9, atol=1e-12)

    scores = copy.deepcopy(model).features(VALIDATION) @ weight
    value = F.cross_entropy(scores, torch.tensor([KNOWN.index(y) for y in VAL_LABELS.tolist()]))
    (unrolled,) = torch.autograd.grad(value, images)
    result = hypergradient(model, settings(inner="ridge", ridge=strength))
    assert difference(unrolled, result.gradient) <= 1e-8
    assert result.meta_loss.item() == pytest.approx(value.item(), rel=1e-10)


@pytest.mark.parametrize("inner", SOLVED)
def test_the_old_last_layer_counts_for_nothing_in_a_closed_form(inner):
    model, other = network(), network()
    nn.init.normal_(other.head.blocks[0].weight, std=10)
    assert torch.equal(*(hypergradient(m, settings(inner=inner)).gradient for m in (model, other)))


# --- training with each -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inner", INNER)
def test_training_exemplars_lowers_the_loss_of_what_is_fitted_to_them(inner, grey):
    """Three classes as three patterns in noise; the exemplars start as noise."""
    first, patterns = 3, numbers(3, 1, SIDE, SIDE, seed=5)
    labels = torch.arange(60) % 3
    images = patterns[labels] + 0.5 * numbers(60, 1, SIDE, SIDE, seed=6)
    model = network().float()
    own = torch.arange(CLASSES).repeat_interleave(2)
    empty = ExemplarMemory.empty((1, SIDE, SIDE), torch.device("cpu"))
    memory = empty.extend(numbers(len(own), 1, SIDE, SIDE, seed=7).float(), own)
    new = memory.positions(first, CLASSES)
    axes = settings(inner=inner, epochs=12, optimizer="adam", beta=0.1, inner_steps=5, alpha=0.2)
    trained, log = train_exemplars(
        model, memory, first, Samples.learned(images.float(), labels + first, grey), axes, grey, seed=0
    )
    assert len(log) == 12

    def loss(exemplars: Tensor) -> float:
        classifier, _ = by_hand(
            copy.deepcopy(model).double(), exemplars[new].double(), axes, lambda e, t: (e, own[new])
        )
        return F.cross_entropy(classifier(images), labels + first).item()

    assert log[0].meta_loss == pytest.approx(loss(memory.images), rel=1e-4)
    assert loss(trained.images) < 0.9 * loss(memory.images)
    assert log[-1].meta_loss < log[0].meta_loss
    assert torch.equal(trained.images[: 2 * first], memory.images[: 2 * first])
