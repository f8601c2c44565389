"""The exemplar level, Eq. 7-10: who is trained, who judges, what moves and what must not."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, Hypergradient, WillNotFitError
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.data.batches import inner_batch
from mnemonics_lib.data.held import HeldImages, read
from mnemonics_lib.data.held_batches import HeldInnerBatches
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars import adjustment
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.controls import controls
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining, new_exemplar_training
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.loops import walk
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.rng import derive
from tests.outer import adjust_exemplars, rows_of, train_exemplars, train_images

PLAIN: dict[str, Any] = PAPER_EXEMPLAR_LEVEL.model_dump() | {
    "epochs": 1,
    "adjust_epochs": 1,
    "inner_steps": 2,
    "alpha": 0.1,
    "beta": 10.0,
    "val_batch": 1000,
    "halve_every": 0,
}
BUDGET, OLD, ALL = 3, 4, 6


def settings(**changes) -> ExemplarLevel:
    return ExemplarLevel(**(PLAIN | changes))


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def model():
    """Theta_i, which knows six classes, four of them old."""
    net = build_network(8, 2, 1, OLD, seed=3)
    net.grow(ALL, seed=4)
    net.train()(numbers(32, 1, 8, 8, seed=9))  # running statistics that are nobody's initial ones
    return net


@pytest.fixture
def memory():
    empty = ExemplarMemory.empty((1, 8, 8), torch.device("cpu"))
    labels = torch.arange(ALL).repeat_interleave(BUDGET)
    return empty.extend(numbers(len(labels), 1, 8, 8, seed=1), labels)


@pytest.fixture
def data(grey):
    """D_i: the two new classes."""
    return Samples.learned(numbers(20, 1, 8, 8, seed=2), torch.arange(20) % 2 + OLD, grey)


def nothing(images: Tensor) -> tuple[Tensor, Tensor]:
    return images[:0], torch.empty(0, dtype=torch.int64)


def unrolled(model: nn.Module, images: Tensor, inner, outer, alpha: float, steps: int) -> Tensor:
    """The hypergradient, with torch.func alone: inner and outer take a function from images to logits."""
    images = images.clone().requires_grad_()
    fast: dict[str, Any] = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    for _ in range(steps):
        loss = inner(lambda x, now=fast: functional_call(model, now | buffers, x), images)
        slopes = torch.autograd.grad(loss, list(fast.values()), create_graph=True)
        fast = {name: p - alpha * g for (name, p), g in zip(fast.items(), slopes, strict=True)}
    loss = outer(lambda x: functional_call(model, fast | buffers, x))
    return torch.autograd.grad(loss, images)[0]


@pytest.mark.parametrize(
    "changes", [{}, {"inner_batch": 4, "inner_augment": True}, {"optimizer": "adam", "clip": True}]
)
@pytest.mark.parametrize("objective", ["eq7", "eq4b"])
def test_exemplars_on_the_host_are_trained_like_those_on_the_device(model, memory, data, grey, objective, changes):
    """To the bit: only those of the inner steps' mini-batches travel, and the gradient of the others is zero."""
    level = settings(objective=objective, epochs=3, adjust_epochs=2, val_batch=8, **changes)
    pixels = replace(grey, pad=1)
    held = replace(memory, images=HeldImages(memory.images, pixels), origin=HeldImages(memory.origin, pixels))
    data = replace(data, pixels=pixels)
    ends = []
    for of in (memory, held):
        training = new_exemplar_training(model, of, OLD, data, level, seed=5)
        adjustment = Adjustment(model, of, of.splits(2, OLD), level, pixels, seed=6)
        for loop in (training, adjustment):
            while loop.done < len(loop):
                loop.step()
        ends.append((training, adjustment))
    (training, adjustment), (on_host, adjusted) = ends
    assert isinstance(on_host.inner, HeldInnerBatches)
    assert not isinstance(training.inner, HeldInnerBatches)
    assert not torch.equal(training.E, training.start)
    assert torch.equal(on_host.E, training.E)
    assert torch.equal(read(adjusted.memory.images), adjustment.memory.images)
    for ours, theirs in (([on_host], [training]), (adjusted.trainings, adjustment.trainings)):
        assert controls(ours) == controls(theirs)


def test_eq_9_is_one_gradient_step_on_the_new_exemplars_judged_by_the_new_data(model, memory, data, grey):
    new = slice(OLD * BUDGET, None)
    labels = memory.labels[new]
    gradient = unrolled(
        model,
        memory.images[new],
        lambda logits, images: F.cross_entropy(logits(images), labels),
        lambda logits: F.cross_entropy(logits(data.images), data.labels),
        alpha=0.1,
        steps=2,
    )
    trained, log = train_exemplars(model, memory, OLD, data, settings(), grey, seed=0)
    assert len(log) == 1
    assert log[0].gradient == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-3)
    change = trained.images[new] - memory.images[new]
    torch.testing.assert_close(change, -10.0 * gradient, rtol=1e-3, atol=1e-5)
    assert change.abs().max() > 1e-3
    assert log[0].displacement == pytest.approx(change.square().mean().sqrt().item(), rel=1e-3)
    assert log[0].base_loss_first == pytest.approx(
        F.cross_entropy(model.train()(memory.images[new]), labels).item(), rel=1e-5
    )


def test_the_global_bop_trains_on_all_exemplars_and_judges_by_all_classes_alike(model, memory, data, grey):
    old, new = slice(0, OLD * BUDGET), slice(OLD * BUDGET, None)

    def inner(logits, images):
        return F.cross_entropy(logits(torch.cat([images, memory.images[old]])), memory.labels.roll(-OLD * BUDGET))

    def outer(logits):  # one pass over two new classes and four old ones, every class of the same weight
        labels = torch.cat([data.labels, memory.labels[old]])
        each = F.cross_entropy(logits(torch.cat([data.images, memory.images[old]])), labels, reduction="none")
        new_share, old_share = 2 / 6 / len(data), 4 / 6 / (OLD * BUDGET)
        share = torch.where(labels >= OLD, new_share, old_share)
        return (share * each).sum()

    gradient = unrolled(model, memory.images[new], inner, outer, alpha=0.1, steps=2)
    trained, _ = train_exemplars(model, memory, OLD, data, settings(objective="eq4b"), grey, seed=0)
    torch.testing.assert_close(trained.images[new] - memory.images[new], -10.0 * gradient, rtol=1e-3, atol=1e-5)
    assert torch.equal(trained.images[old], memory.images[old])


def as_engine(function: Any) -> Any:
    """A function (model, exemplars, base loss of model, exemplars and t, meta loss of model, loop) as an engine."""

    class Made:
        def __init__(self, base_loss, meta_loss, sgd):
            self.base_loss, self.meta_loss, self.sgd, self.minibatches_per_call = base_loss, meta_loss, sgd, sgd.steps

        def __call__(self, model, exemplars, minibatches, validation):
            return function(
                model,
                exemplars,
                lambda classifier, images, t: self.base_loss(classifier, images, *minibatches[t]),
                lambda classifier: self.meta_loss(classifier, *validation),
                self.sgd,
            )

    return Made


def test_an_inner_step_may_be_computed_twice(model, memory, data, grey, monkeypatch):
    """An engine that recomputes step t on its way back must meet the same crops; other steps have others."""
    space, values = Pixels(grey.mean, grey.std, white=16, pad=2, flip=True), []

    def look(net, images, base_loss, meta_loss, loop):
        probe = copy.deepcopy(net).eval()
        values.append([base_loss(probe, images, t).item() for t in (0, 1, 0, 1)])
        return Higher(base_loss, meta_loss, loop)(net, images)

    monkeypatch.setitem(ENGINES, "higher", as_engine(look))
    train_exemplars(model, memory, OLD, data, settings(inner_augment=True, epochs=2), space, seed=0)
    for first, second, first_again, second_again in values:
        assert (first, second) == (first_again, second_again)
        assert first != second
    assert values[0] != values[1]


@pytest.mark.parametrize("objective", ["eq7", "eq4b"])
def test_training_new_exemplars_never_moves_old_ones(model, memory, data, grey, objective):
    trained, _ = train_exemplars(model, memory, OLD, data, settings(objective=objective), grey, seed=0)
    old = memory.labels < OLD
    assert torch.equal(trained.images[old], memory.images[old])
    assert (trained.images[~old] != memory.images[~old]).flatten(1).any(dim=1).all()
    assert torch.equal(trained.origin, memory.origin)


def test_old_exemplars_count_in_eq_4b_and_not_in_eq_7(model, memory, data, grey):
    planted = memory.with_images(torch.tensor([0]), memory.images[:1] + 1)
    new = memory.labels >= OLD
    for objective, counts in (("eq7", False), ("eq4b", True)):
        one, other = (
            train_exemplars(model, m, OLD, data, settings(objective=objective), grey, seed=0)[0]
            for m in (memory, planted)
        )
        assert torch.equal(one.images[new], other.images[new]) is not counts


@pytest.mark.parametrize("start", ["theta", "perturbed"])
@pytest.mark.parametrize("batch_norm", ["batch", "running"])
def test_theta_is_left_as_it_was_with_its_batch_norm_statistics(model, memory, data, grey, start, batch_norm):
    before = copy.deepcopy(model.state_dict())
    axes = settings(start=start, batch_norm=batch_norm, epochs=2, val_batch=10, inner_augment=True, val_augment=True)
    train_exemplars(model, memory, OLD, data, axes, grey, seed=0)
    adjust_exemplars(model, memory, OLD, 2, axes, grey, seed=0)
    after = model.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


class Linear(nn.Module):
    """The smallest model there is to train exemplars for."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)
        nn.init.zeros_(self.layer.weight)
        nn.init.zeros_(self.layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(1))


@pytest.mark.parametrize(("optimizer", "beta"), [("sgd", 2.0), ("adam", 0.05)])
def test_on_an_easy_problem_a_model_trained_on_the_exemplars_does_better_than_before(grey, optimizer, beta):
    labels = torch.arange(40) % 2
    images = numbers(40, 1, 2, 2, seed=1) * 0.3 + (2.0 * labels - 1)[:, None, None, None]
    start, own = numbers(4, 1, 2, 2, seed=2), torch.tensor([0, 1, 0, 1])
    axes = settings(inner_steps=5, alpha=0.3, optimizer=optimizer, beta=beta)
    theta: Any = Linear()
    validation = Samples.learned(images, labels, grey)
    axes = axes.model_copy(update={"epochs": 30})
    training = ExemplarTraining(theta, (start, own), validation, nothing(start), axes, seed=0)
    walk(training)
    trained, log = training.E.detach(), rows_of(training)

    def loss_after_training_on(exemplars: Tensor) -> float:
        fresh = Linear()
        sgd = torch.optim.SGD(fresh.parameters(), lr=0.3)
        for _ in range(5):
            sgd.zero_grad()
            F.cross_entropy(fresh(exemplars), own).backward()
            sgd.step()
        return F.cross_entropy(fresh(images), labels).item()

    assert log[0].meta_loss == pytest.approx(loss_after_training_on(start), rel=1e-4)
    assert loss_after_training_on(trained) < 0.7 * loss_after_training_on(start)
    assert log[-1].meta_loss < log[0].meta_loss
    assert torch.equal(training.start, start)


class Spy:
    """In place of the training of a part: keeps what it was made from, and in one step adds 100 to every image."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, model, exemplars, validation, context, level, seed) -> None:
        self.E, self.done = exemplars[0].clone(), 0
        made = {"images": exemplars[0], "labels": exemplars[1], "validation": validation.all(), "context": context}
        self.calls.append(made | {"epochs": level.epochs, "seed": seed})

    def __len__(self) -> int:
        return 1

    def use(self, free: float) -> None:
        """How much memory is free is nothing to it."""

    def step(self) -> None:
        self.E += 100
        self.done = 1


@pytest.fixture
def spy(monkeypatch):
    monkeypatch.setattr(Spy, "calls", [])
    monkeypatch.setattr(adjustment, "ExemplarTraining", Spy)
    return Spy


def rows(images: Tensor, labels: Tensor) -> list[tuple[float, ...]]:
    """Images with their labels, as values that can be compared in any order."""
    return sorted((float(label), *image.flatten().tolist()) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize("parts", [2, 3])
def test_each_part_of_the_old_exemplars_is_judged_by_its_complement_as_adjusted_so_far(model, memory, grey, spy, parts):
    loop = Adjustment(model, memory, memory.splits(parts, OLD), settings(epochs=7, adjust_epochs=9), grey, seed=0)
    for _ in range(parts):
        loop.step()
    adjusted, old = loop.memory, memory.labels < OLD
    assert len(spy.calls) == parts
    assert {call["epochs"] for call in spy.calls} == {9}  # its own number of passes
    assert len({call["seed"] for call in spy.calls}) == parts
    now = memory.images.clone()
    trained = 0
    for call in spy.calls:
        assert call["context"] is None
        counts = torch.bincount(call["labels"])
        assert len(counts) == OLD  # every old class, equally often
        assert counts.unique().numel() == 1
        both = torch.cat([call["images"], call["validation"][0]])
        both_labels = torch.cat([call["labels"], call["validation"][1]])
        assert rows(both, both_labels) == rows(now[old], memory.labels[old])
        for image in call["images"]:
            now[(now == image).flatten(1).all(dim=1)] += 100
        trained += len(call["images"])
    assert trained == OLD * BUDGET
    assert torch.equal(adjusted.images, now)
    assert torch.equal(adjusted.images[~old], memory.images[~old])
    torch.testing.assert_close(adjusted.images[old], memory.images[old] + 100)


def test_new_exemplars_are_trained_for_their_own_number_of_passes_on_their_own_data(model, memory, data):
    axes = settings(epochs=7, adjust_epochs=9, val_batch=10)
    training = new_exemplar_training(model, memory, OLD, data, axes, seed=3)
    new = memory.labels >= OLD
    assert (len(training), training.seed) == (7 * 2, 3)
    assert torch.equal(training.E, memory.images[new])
    assert torch.equal(training.inner.labels, memory.labels[new])
    assert rows(*training.samples.all()) == rows(data.images, data.labels)
    assert len(Adjustment(model, memory, memory.splits(3, OLD), axes, data.pixels, 0)) == 9 * 3  # 8 of 12 in one batch


def test_no_context_is_an_empty_one(model, memory, data):
    new = memory.labels >= OLD
    exemplars, trained = (memory.images[new], memory.labels[new]), []
    for context in (None, nothing(memory.images)):
        training = ExemplarTraining(model, exemplars, data, context, settings(val_batch=10), seed=3)
        assert [part.shape for part in training.context] == [(0, *memory.images.shape[1:]), (0,)]
        training.step()
        trained.append(training.E.detach())
    assert torch.equal(*trained)
    assert not torch.equal(trained[0], exemplars[0])


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_a_loop_goes_on_from_its_state_to_the_same_bits(model, memory, data, stop):
    axes = settings(
        start="perturbed", optimizer="adam", beta=0.1, epochs=2, adjust_epochs=2, val_batch=5, halve_every=1
    )

    def loops() -> list[Any]:
        parts = memory.splits(2, OLD)
        return [
            new_exemplar_training(model, memory, OLD, data, axes, seed=3),
            Adjustment(model, memory, parts, axes, data.pixels, seed=4),
        ]

    for straight, stopped, resumed in zip(loops(), loops(), loops(), strict=True):
        walk(straight)
        for _ in range(stop):
            stopped.step()
        resumed.load_state(copy.deepcopy(stopped.state()))
        assert resumed.done == stop
        walk(resumed)
        ends = [loop.memory.images if isinstance(loop, Adjustment) else loop.E for loop in (straight, resumed)]
        assert torch.equal(*ends)
        finished = loops()[0 if isinstance(straight, ExemplarTraining) else 1]
        finished.load_state(copy.deepcopy(straight.state()))
        assert finished.done == len(finished) == len(straight)


def test_eq_10a_is_one_gradient_step_on_a_judged_by_b(model, memory, grey):
    a, b = memory.splits(2, OLD)
    gradient = unrolled(
        model,
        memory.images[a],
        lambda logits, images: F.cross_entropy(logits(images), memory.labels[a]),
        lambda logits: F.cross_entropy(logits(memory.images[b]), memory.labels[b]),
        alpha=0.1,
        steps=2,
    )
    adjusted, log = adjust_exemplars(model, memory, OLD, 2, settings(), grey, seed=0)
    assert len(log) == 2
    torch.testing.assert_close(adjusted.images[a] - memory.images[a], -10.0 * gradient, rtol=1e-3, atol=1e-5)
    new = memory.labels >= OLD
    assert torch.equal(adjusted.images[new], memory.images[new])


class Recorder(nn.Module):
    """A model that keeps the images it is shown."""

    classes = ALL

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach().clone())
        return torch.zeros(len(x), ALL)


def engine(gradient: float, base: Recorder | None = None, meta: Recorder | None = None, models: list | None = None):
    """In place of an engine: a constant hypergradient, after showing both losses to recorders."""

    def run(model, images, base_loss, meta_loss, loop):
        for t in range(loop.steps):
            if base is not None:
                base_loss(base, images, t)
        if meta is not None:
            meta_loss(meta)
        if models is not None:
            models.append(model)
        return Hypergradient(torch.full_like(images, gradient), torch.zeros(()), torch.zeros(loop.steps))

    return as_engine(run)


def run_with(monkeypatch, replacement, data, pixels, model: Any = None, images: Tensor | None = None, **changes):
    monkeypatch.setitem(ENGINES, "higher", replacement)
    images = torch.zeros(2, *data.images.shape[1:]) if images is None else images
    model = Recorder() if model is None else model
    labels = torch.arange(len(images)) % 2
    axes = settings(**changes)
    return train_images(model, (images, labels), data, nothing(images), axes, pixels, seed=5)


@pytest.mark.parametrize(
    ("halve_every", "expected"),
    [(2, [2, 4, 5, 6, 6.5]), (1, [2, 3, 3.5, 3.75, 3.875]), (5, [2, 4, 6, 8, 10]), (0, [2, 4, 6, 8, 10])],
)
def test_beta_halves_after_every_so_many_epochs(monkeypatch, data, grey, halve_every, expected):
    # Two steps an epoch and a gradient of 1: an epoch at rate beta moves every pixel by -2 beta.
    _, log = run_with(monkeypatch, engine(1.0), data, grey, beta=1.0, epochs=5, val_batch=10, halve_every=halve_every)
    assert [step.displacement for step in log[1::2]] == pytest.approx(expected)


def test_random_layers_draw_anew_at_each_outer_step(monkeypatch, data, grey):
    """Of the same masks at every step, exemplars would be fitted to one thinned network."""
    drawn = []

    def draw(model, images, base_loss, meta_loss, loop):
        drawn.append(torch.rand(()).item())
        return Hypergradient(torch.zeros_like(images), torch.zeros(()), torch.zeros(loop.steps))

    run_with(monkeypatch, as_engine(draw), data, grey, epochs=3)
    assert len(drawn) == len(set(drawn)) == 3


def test_pixels_go_down_the_gradient(monkeypatch, data, grey):
    trained, _ = run_with(monkeypatch, engine(0.25), data, grey, beta=2.0)
    torch.testing.assert_close(trained, torch.full((2, 1, 8, 8), -0.5))


@pytest.mark.parametrize("gradient", [-1.0, 1.0])
def test_clipping_keeps_pixels_in_the_range_of_real_images(monkeypatch, data, grey, gradient):
    # grey: black is -2, white is 2
    end = torch.full((2, 1, 8, 8), 2.0 if gradient < 0 else -2.0)
    clipped, log = run_with(monkeypatch, engine(gradient), data, grey, beta=50.0, clip=True)
    assert torch.equal(clipped, end)
    assert log[-1].outside == 1  # counted before the projection
    assert log[-1].displacement == pytest.approx(2)
    free, _ = run_with(monkeypatch, engine(gradient), data, grey, beta=50.0, clip=False)
    torch.testing.assert_close(free, 25 * end)


def test_every_validation_image_counts_once_per_epoch_in_a_new_order(monkeypatch, data, grey):
    meta = Recorder()
    _, log = run_with(monkeypatch, engine(0.0, meta=meta), data, grey, epochs=3, val_batch=7)
    assert len(log) == len(meta.seen) == 3 * 3  # 20 images in batches of at most 7
    shown = torch.cat(meta.seen).flatten(1).split(20)
    want = sorted(data.images.flatten(1).tolist())
    assert all(sorted(epoch.tolist()) == want for epoch in shown)
    assert not torch.equal(shown[0], shown[1])


@pytest.mark.parametrize("which", ["inner_augment", "val_augment"])
def test_augmentation_is_where_it_was_asked_for_and_nowhere_else(monkeypatch, data, grey, which):
    moving = Pixels(grey.mean, grey.std, white=16, pad=2, flip=False)
    images, meta, base = numbers(6, 1, 8, 8, seed=7), Recorder(), Recorder()
    run_with(monkeypatch, engine(0.0, base, meta), data, moving, images=images, **{which: True, "inner_steps": 3})
    assert len(base.seen) == 3
    if which == "inner_augment":
        assert not any(torch.equal(x, images) for x in base.seen)
        assert not torch.equal(base.seen[0], base.seen[1])  # anew at each inner step
    else:
        assert all(torch.equal(x, images) for x in base.seen)
    plain = sorted(meta.seen[0].flatten(1).tolist()) == sorted(data.images.flatten(1).tolist())
    assert plain is (which == "inner_augment")


def weights(model: Any) -> Tensor:
    """The head's, [classes, d]."""
    return torch.cat([block.weight.detach() for block in model.head.blocks])


def share(temporary: nn.Module, ours: nn.Module, fresh: nn.Module) -> list[float]:
    """How much of a fresh network each parameter of a temporary one holds, where they differ."""
    shares = []
    for t, o, f in zip(temporary.parameters(), ours.parameters(), fresh.parameters(), strict=True):
        if not torch.equal(o, f):
            r = ((t - o) * (f - o)).sum() / (f - o).square().sum()
            torch.testing.assert_close(t, o + r * (f - o), rtol=1e-4, atol=1e-5)
            shares.append(r.item())
    return shares


def test_a_perturbed_start_lies_between_theta_and_a_fresh_network_by_one_share_for_all(model):
    for seed in range(20):
        axes = settings(start="perturbed", perturbation=0.4)
        temporary = temporary_model(model, axes, seed, seed / 19)
        shares = share(temporary, model, model.reinitialised(seed))
        assert len(shares) > 5
        assert max(shares) - min(shares) < 1e-4
        assert shares[0] == pytest.approx(0.4 * seed / 19, abs=1e-5)


def test_perturbed_starts_spread_over_the_whole_range_and_are_new_at_each_step(monkeypatch, model, data, grey):
    models: list[Any] = []
    run_with(
        monkeypatch,
        engine(0.0, models=models),
        data,
        grey,
        model=model,
        images=numbers(2, 1, 8, 8, seed=1),
        start="perturbed",
        perturbation=1.0,
        val_batch=1,
        epochs=2,
    )
    assert len(models) == 40
    heads = torch.stack([weights(m) for m in models])
    assert len(heads.unique(dim=0)) == 40
    # One fresh network for all steps would put every start on one line through Theta.
    assert torch.linalg.matrix_rank((heads - weights(model)).flatten(1), rtol=1e-3) > 10
    # The share of Theta is U(0, 1): the projection on Theta's own head has mean 1/2, give or take the fresh part.
    ours = weights(model)
    shares = (heads * ours).sum(dim=(1, 2)) / ours.square().sum()
    assert shares.mean().item() == pytest.approx(0.5, abs=0.25)
    assert shares.max() > 0.75
    assert shares.min() < 0.25


@pytest.mark.parametrize("batch_norm", ["batch", "running"])
def test_a_start_perturbed_by_nothing_answers_as_theta_does(model, batch_norm):
    images = numbers(5, 1, 8, 8, seed=4)
    axes = settings(start="perturbed", perturbation=0.0, batch_norm=batch_norm)
    temporary = temporary_model(model, axes, 1, 0.5)
    theta = copy.deepcopy(model).train(batch_norm == "batch")
    torch.testing.assert_close(temporary(images), theta(images))


@pytest.mark.parametrize("start", ["theta", "perturbed"])
@pytest.mark.parametrize(("batch_norm", "training"), [("batch", True), ("running", False)])
def test_batch_norm_uses_the_statistics_that_were_asked_for(model, batch_norm, training, start):
    temporary = temporary_model(model, settings(batch_norm=batch_norm, start=start), 1, 0.5)
    assert all(m.training is training for m in temporary.modules())


def test_the_same_seed_gives_the_same_exemplars_whatever_the_global_generator_did(model, memory, data, grey):
    axes = settings(start="perturbed", val_batch=6, inner_augment=True, val_augment=True)
    space = Pixels(grey.mean, grey.std, white=16, pad=1, flip=True)

    def result(seed: int) -> Tensor:
        torch.rand(seed + 1)
        return train_exemplars(model, memory, OLD, data, axes, space, seed)[0].images

    first = result(4)
    torch.manual_seed(1234)
    assert torch.equal(result(4), first)
    assert not torch.equal(result(5), first)


def test_frozen_rows_take_part_in_a_perturbed_start_and_stay(model):
    model.head.freeze_old()
    temporary = temporary_model(model, settings(start="perturbed", perturbation=1.0), 1, 0.5)
    assert isinstance(temporary, IncrementalNet)
    old, new = temporary.head.blocks
    assert isinstance(new, nn.Linear)
    for name, p in old.named_parameters():
        assert torch.equal(p, model.head.blocks[0].get_parameter(name))
        assert not p.requires_grad
    assert not torch.equal(new.weight, model.head.blocks[1].weight)


# Mini-batches of exemplars in Eq. 8


def test_with_room_for_all_the_trained_exemplars_are_those_of_the_full_batch(model, memory, data, grey):
    axes = {"inner_steps": 3, "inner_augment": False}
    full, _ = train_exemplars(model, memory, OLD, data, settings(**axes), grey, seed=0)
    for size in (6, 7, 500):
        same, _ = train_exemplars(model, memory, OLD, data, settings(**axes, inner_batch=size), grey, seed=0)
        torch.testing.assert_close(same.images, full.images, rtol=1e-3, atol=1e-5)
    other, _ = train_exemplars(model, memory, OLD, data, settings(**axes, inner_batch=5), grey, seed=0)
    assert not torch.allclose(other.images, full.images, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("objective", ["eq7", "eq4b"])
def test_the_gradient_goes_to_the_exemplars_that_were_chosen_and_to_no_other(
    model, memory, data, grey, monkeypatch, objective
):
    """The loss of inner step t is that of its batch alone, new exemplars and context alike."""
    checked = []

    def look(net, images, base_loss, meta_loss, loop):
        probe = copy.deepcopy(net).eval()
        for t in range(4):
            moving = images.detach().clone().requires_grad_()
            value = base_loss(probe, moving, t)
            (gradient,) = torch.autograd.grad(value, moving, allow_unused=True, materialize_grads=True)
            touched = gradient.flatten(1).any(dim=1)
            # Which ones they are is told by the loss: that of exactly these, and of so many of the context.
            checked.append((touched.nonzero().flatten().tolist(), value.item()))
        return Higher(base_loss, meta_loss, loop)(net, images)

    monkeypatch.setitem(ENGINES, "higher", as_engine(look))
    train_exemplars(model, memory, OLD, data, settings(objective=objective, inner_batch=3, inner_steps=4), grey, seed=0)
    step_seed = derive(0, "inner", 0)
    new, old = memory.positions(OLD, ALL), memory.positions(0, OLD)
    everything = new if objective == "eq7" else torch.cat([new, old])
    labels, images = memory.labels[everything], memory.images[everything]
    net = copy.deepcopy(model).eval()
    for t, (touched, value) in enumerate(checked):
        chosen = inner_batch(labels, 3, step_seed, t)
        assert len(chosen) <= 3
        assert touched == sorted(i for i in chosen.tolist() if i < len(new))
        with torch.no_grad():
            assert value == pytest.approx(F.cross_entropy(net(images[chosen]), labels[chosen]).item(), rel=1e-5)
    if objective == "eq7":  # six exemplars: two batches are a pass
        assert sorted(checked[0][0] + checked[1][0]) == list(range(6)) == sorted(checked[2][0] + checked[3][0])
    assert len({tuple(touched) for touched, _ in checked}) > 1


def test_only_the_exemplars_of_one_batch_move_where_there_is_one_inner_step(model, memory, data, grey):
    trained, _ = train_exemplars(model, memory, OLD, data, settings(inner_steps=1, inner_batch=3), grey, seed=0)
    new = memory.positions(OLD, ALL)
    moved = (trained.images[new] != memory.images[new]).flatten(1).any(dim=1)
    chosen = inner_batch(memory.labels[new], 3, derive(0, "inner", 0), 0)
    assert moved.nonzero().flatten().tolist() == sorted(chosen.tolist())
    assert len(chosen) == 3


def test_only_exemplars_that_the_host_holds_ask_for_room_there(model, memory, data, grey):
    """Of the loops of Eq. 9 and 10 alike."""

    def loops(of: ExemplarMemory) -> list[ExemplarTraining | Adjustment]:
        new = new_exemplar_training(model, of, OLD, data, settings(), seed=0)
        return [new, Adjustment(model, of, of.splits(2, OLD), settings(), grey, seed=0)]

    held = replace(memory, images=HeldImages(memory.images, grey), origin=HeldImages(memory.images, grey))
    for resident, on_host in zip(loops(memory), loops(held), strict=True):
        resident.fit_into_host(0.0)
        on_host.fit_into_host(1e9)
        with pytest.raises(WillNotFitError, match="of the host's memory"):
            on_host.fit_into_host(1000.0)
