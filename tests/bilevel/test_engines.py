"""The hypergradient against central differences, a closed form, and an unroll written without ``higher``."""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, Hypergradient, InnerSGD
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.kept_adjoint import KeptAdjoint
from mnemonics_lib.bilevel.problem import MakeEngine
from mnemonics_lib.models import build_network, transfer_weights

EVERY: dict[str, MakeEngine] = {**ENGINES, "plain adjoint": Adjoint, "kept adjoint": KeptAdjoint}
"""The registry, the recursion that one of it is made after, and what that one becomes where memory allows."""

LABELS = torch.tensor([0, 1, 2, 0])
VAL_LABELS = torch.arange(12) % 3
ALPHA = 0.3


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


EXEMPLARS, VALIDATION = numbers(4, 1, 5, 5, seed=1), numbers(12, 1, 5, 5, seed=2)


class Smooth(nn.Module):
    """Convolution, batch norm, no kinks: finite differences are exact to many digits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3)
        self.head = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.softplus(self.bn(self.conv(x))).mean((2, 3)))


def smooth() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = Smooth().double()
    model.bn.weight.data.copy_(torch.tensor([0.7, 1.4, 1.0]))
    return model


def resnet() -> nn.Module:
    return build_network(8, 2, 1, 3, seed=3).double()


def cosine() -> nn.Module:
    """LUCIR's network after a phase: two blocks of rows, the older one frozen."""
    model = build_network(8, 2, 1, 2, seed=3, head="cosine")
    model.grow(3, seed=4)
    model.head.freeze_old()
    return model.double()


def transferred() -> nn.Module:
    model = resnet()
    transfer_weights(model)
    return model


def base_loss(model: nn.Module, images: Tensor, t: int) -> Tensor:
    return F.cross_entropy(model(images), LABELS)


def meta_loss(model: Any) -> Tensor:
    return F.cross_entropy(model(VALIDATION), VAL_LABELS)


def by(name: str) -> Any:
    """An engine as one function."""

    def hypergradient(model, exemplars, base, meta, steps: int, alpha: float, **sgd) -> Hypergradient:
        return EVERY[name](base, meta, InnerSGD(steps, alpha, **sgd))(model, exemplars)

    return hypergradient


@pytest.fixture(params=sorted(EVERY))
def engine(request):
    return by(request.param)


def trained(model: nn.Module, images: Tensor, steps: int) -> tuple[nn.Module, list[float]]:
    """Eq. 8 as anyone would write it: a copy of the model, T steps of plain gradient descent in place."""
    temporary, losses = copy.deepcopy(model), []
    for t in range(steps):
        temporary.zero_grad()
        loss = base_loss(temporary, images, t)
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in temporary.parameters():
                if p.grad is not None:
                    p.sub_(ALPHA * p.grad)
    return temporary, losses


@torch.enable_grad()
def value(model: nn.Module, images: Tensor, steps: int) -> float:
    return meta_loss(trained(model, images.detach(), steps)[0]).item()


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("build", [smooth, resnet, transferred, cosine])
def test_it_agrees_with_central_differences(engine, build, steps, training):
    model = build().train(training)
    gradient = engine(model, EXEMPLARS, base_loss, meta_loss, steps, ALPHA).gradient
    assert gradient.shape == EXEMPLARS.shape
    eps = 1e-6  # small enough that no ReLU switches in between
    for seed in range(6):
        direction = numbers(*EXEMPLARS.shape, seed=10 + seed)
        direction /= direction.norm()
        high, low = (value(model, EXEMPLARS + s * eps * direction, steps) for s in (1, -1))
        slope = (high - low) / (2 * eps)
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-4, abs=1e-8)
    assert gradient.norm() > 1e-4  # there was something to agree on


def test_it_agrees_with_central_differences_pixel_by_pixel(engine):
    model = smooth().train()
    gradient = engine(model, EXEMPLARS, base_loss, meta_loss, 3, ALPHA).gradient
    for index in [(0, 0, 0, 0), (1, 0, 2, 3), (3, 0, 4, 4)]:
        step = torch.zeros_like(EXEMPLARS)
        step[index] = 1e-5
        slope = (value(model, EXEMPLARS + step, 3) - value(model, EXEMPLARS - step, 3)) / 2e-5
        assert gradient[index].item() == pytest.approx(slope, rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("build", [smooth, resnet, transferred])
def test_it_agrees_with_an_unroll_by_hand(engine, build, steps):
    model = build().train()
    images = EXEMPLARS.clone().requires_grad_()
    fast: dict[str, Any] = dict(model.named_parameters())
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    for _ in range(steps):
        loss = F.cross_entropy(functional_call(model, fast | buffers, images), LABELS)
        slopes = torch.autograd.grad(loss, list(fast.values()), create_graph=True)
        fast = {name: p - ALPHA * g for (name, p), g in zip(fast.items(), slopes, strict=True)}
    loss = F.cross_entropy(functional_call(model, fast | buffers, VALIDATION), VAL_LABELS)
    (expected,) = torch.autograd.grad(loss, images)
    result = engine(model, EXEMPLARS, base_loss, meta_loss, steps, ALPHA)
    torch.testing.assert_close(result.gradient, expected, rtol=1e-8, atol=1e-12)


class Point(nn.Module):
    """A model that is a point theta."""

    def __init__(self, theta: Tensor) -> None:
        super().__init__()
        self.theta = nn.Parameter(theta.clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.theta


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 8), st.floats(0.01, 1.5), st.integers(0, 2**20))
def test_it_agrees_with_the_closed_form_of_the_quadratic_toy(m, d, steps, alpha, seed):
    # Inner: 1/2 mean_j |theta - e_j|^2, so theta_T = q theta_0 + (1 - q) mean(e) with q = (1 - alpha)^T.
    # Outer: 1/2 |theta_T - target|^2, so d/d e_j = (1 - q) (theta_T - target) / m.
    start, exemplars, target = numbers(d, seed=seed), numbers(m, d, seed=seed + 1), numbers(d, seed=seed + 2)
    for name in EVERY:
        result = by(name)(
            Point(start),
            exemplars,
            lambda model, e, t: (model(e) - e).square().sum(dim=1).mean() / 2,
            lambda model: (model(target) - target).square().sum() / 2,
            steps,
            alpha,
        )
        q = (1 - alpha) ** steps
        end = q * start + (1 - q) * exemplars.mean(dim=0)
        expected = ((1 - q) / m * (end - target)).expand(m, d)
        torch.testing.assert_close(result.gradient, expected, rtol=1e-9, atol=1e-12)
        assert result.meta_loss == pytest.approx((end - target).square().sum().item() / 2, rel=1e-9, abs=1e-15)


def test_the_losses_it_reports_are_those_of_a_plain_training_run(engine):
    model = resnet().train()
    temporary, losses = trained(model, EXEMPLARS, 3)
    result = engine(model, EXEMPLARS, base_loss, meta_loss, 3, ALPHA)
    assert result.base_losses.tolist() == pytest.approx(losses, rel=1e-10)
    assert result.meta_loss == pytest.approx(meta_loss(temporary).item(), rel=1e-10)


def test_the_base_loss_is_told_each_inner_step_and_on_the_way_back_again_by_the_adjoint():
    there_and_back = [0, 1, 2, 3, 3, 2, 1, 0]
    once = [0, 1, 2, 3]
    expected = {
        "higher": once,
        "adjoint": there_and_back,
        "plain adjoint": there_and_back,
        "kept adjoint": once,
    }
    assert set(EVERY) == set(expected)
    for name in EVERY:
        seen: list[int] = []

        def counting(model, images, t, seen=seen):
            seen.append(t)
            return base_loss(model, images, t)

        by(name)(smooth(), EXEMPLARS, counting, meta_loss, 4, ALPHA)
        assert seen == expected[name]


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
def test_the_model_is_left_as_it_was_parameters_buffers_gradients_and_mode(engine, training):
    model = transferred().train(training)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    before, exemplars = copy.deepcopy(model.state_dict()), EXEMPLARS.clone()
    engine(model, exemplars, base_loss, meta_loss, 3, ALPHA)
    after = model.state_dict()
    assert "backbone.bn1.running_mean" in after
    for key in before:
        assert torch.equal(after[key], before[key]), key
    assert all(p.requires_grad and p.grad is not None and (p.grad == 1).all() for p in model.parameters())
    assert all(m.training is training for m in model.modules())
    assert torch.equal(exemplars, EXEMPLARS)
    assert exemplars.grad is None
    assert not exemplars.requires_grad


def test_a_frozen_parameter_does_not_move_in_the_inner_loop(engine):
    model = smooth()
    model.head.requires_grad_(False)
    ends = []

    class Spy(Smooth):
        """Shows its parameters when it looks at the validation data."""

        def forward(self, x: Tensor) -> Tensor:
            if x is VALIDATION:
                ends.append({name: p.detach().clone() for name, p in self.named_parameters()})
            return super().forward(x)

    spy = Spy().double()
    spy.load_state_dict(model.state_dict())
    spy.head.requires_grad_(False)
    engine(spy, EXEMPLARS, base_loss, meta_loss, 2, ALPHA)
    for name, p in model.named_parameters():
        assert torch.equal(p, ends[0][name]) == name.startswith("head"), name


# --- the engines against each other, and SGD with everything ----------------------------------------------------------

SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "decay": {"weight_decay": 0.05},
    "momentum, decay": {"momentum": 0.9, "weight_decay": 0.05},
    "truncated": {"momentum": 0.9, "weight_decay": 0.05, "truncate": 2},
}


def of_minibatch(model: Any, images: Tensor, t: int) -> Tensor:
    """The loss of a mini-batch that is a function of t."""
    chosen = torch.randperm(len(LABELS), generator=torch.Generator().manual_seed(t))[:3]
    return F.cross_entropy(model(images[chosen]), LABELS[chosen])


def of_each(
    model: nn.Module, steps: int, alpha: float, loss: Any = base_loss, dtype=torch.float64, **sgd: Any
) -> dict[str, Tensor]:
    """The gradient by each engine."""
    model, images = model.to(dtype), EXEMPLARS.to(dtype)

    def outer(classifier):
        return F.cross_entropy(classifier(VALIDATION.to(dtype)), VAL_LABELS)

    return {name: by(name)(model, images, loss, outer, steps, alpha, **sgd).gradient for name in EVERY}


def difference(a: Tensor, b: Tensor) -> float:
    assert a.norm() > 0
    return ((a - b).norm() / a.norm()).item()


def apart(gradients: dict[str, Tensor]) -> float:
    """The largest difference of any engine to the reference."""
    return max(difference(gradients["higher"], other) for name, other in gradients.items() if name != "higher")


# Every kind of step on a short way; the long ones, of seconds each, with one kind.
WAYS = [*product([1, 5], [base_loss, of_minibatch], [True, False]), (20, of_minibatch, True), (50, of_minibatch, True)]


@pytest.mark.parametrize(("steps", "loss", "training"), WAYS)
@pytest.mark.parametrize("build", [smooth, resnet, transferred, cosine])
def test_the_engines_agree_in_double_precision(build, steps, loss, training):
    assert apart(of_each(build().train(training), steps, 0.05, loss)) <= 1e-10


@pytest.mark.parametrize("steps", [1, 5, 20, 50])
@pytest.mark.parametrize("build", [smooth, resnet, transferred, cosine])
def test_the_engines_agree_in_single_precision(build, steps):
    assert apart(of_each(build().train(), steps, 0.05, dtype=torch.float32)) <= 1e-5


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("build", [smooth, resnet, transferred, cosine])
def test_the_engines_agree_on_sgd_with_everything(build, sgd):
    found = of_each(build().train(), 6, 0.05, of_minibatch, **sgd)
    assert apart(found) <= 1e-10
    if sgd:  # it made a difference
        plain = of_each(build().train(), 6, 0.05, of_minibatch)
        assert difference(found["higher"], plain["higher"]) > 1e-3


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
def test_it_trains_as_torchs_sgd_does(engine, sgd):
    model = smooth().train()
    plain, losses = copy.deepcopy(model), []
    axes = {key: value for key, value in sgd.items() if key != "truncate"}
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, **axes)
    for t in range(5):
        loss = of_minibatch(plain, EXEMPLARS, t)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    result = engine(model, EXEMPLARS, of_minibatch, meta_loss, 5, 0.1, **sgd)
    assert result.base_losses.tolist() == pytest.approx(losses, rel=1e-10)
    assert result.meta_loss.item() == pytest.approx(meta_loss(plain).item(), rel=1e-10)


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
def test_sgd_with_everything_agrees_with_central_differences(engine, sgd):
    """Truncated: the first steps see the exemplars as they were, whatever the last steps see."""
    model, steps, keep = smooth().train(), 5, sgd.get("truncate", 0)
    plain = {key: value for key, value in sgd.items() if key != "truncate"}

    def moved(shift: Tensor) -> float:
        def loss(classifier, images, t):
            return of_minibatch(classifier, images if keep and t < steps - keep else images + shift, t)

        return engine(model, EXEMPLARS, loss, meta_loss, steps, ALPHA, **plain).meta_loss.item()

    gradient = engine(model, EXEMPLARS, of_minibatch, meta_loss, steps, ALPHA, **sgd).gradient
    direction = numbers(*EXEMPLARS.shape, seed=77)
    slope = (moved(1e-6 * direction) - moved(-1e-6 * direction)) / 2e-6
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-5)


class Intermittent(nn.Module):
    """Two numbers, of which the loss of an odd step does not touch the second."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.tensor(x, dtype=torch.float64)) for x in (0.7, -0.4))

    def forward(self, x: Tensor) -> Tensor:
        return self.a * x[..., 0] + (self.b * x[..., 1] if x.shape[-1] > 1 else 0)


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
def test_a_parameter_that_a_steps_loss_does_not_touch_stays_and_keeps_its_velocity(engine, sgd):
    points, target = numbers(4, 2, seed=5), numbers(3, 2, seed=6)

    def loss(model, e, t):
        return (model(e if t % 2 == 0 else e[:, :1]) - 1).square().mean()

    def outer(model):
        return (model(target) - 0.5).square().mean()

    plain = Intermittent()
    axes = {key: value for key, value in sgd.items() if key != "truncate"}
    optimizer = torch.optim.SGD(plain.parameters(), lr=ALPHA, **axes)
    for t in range(5):
        optimizer.zero_grad(set_to_none=True)
        loss(plain, points, t).backward()
        optimizer.step()
    result = engine(Intermittent(), points, loss, outer, 5, ALPHA, **sgd)
    assert result.meta_loss.item() == pytest.approx(outer(plain).item(), rel=1e-12)
    reference = by("higher")(Intermittent(), points, loss, outer, 5, ALPHA, **sgd)
    torch.testing.assert_close(result.gradient, reference.gradient, rtol=1e-12, atol=1e-14)


def test_a_parameter_that_is_a_slice_of_something_larger_is_one_like_any_other(engine):
    model, slices = smooth().train(), smooth().train()
    wide = torch.zeros(3, 6, dtype=torch.float64)
    wide[:, ::2] = slices.get_parameter("head.weight").detach()
    slices.get_submodule("head").weight = nn.Parameter(wide[:, ::2])
    assert not slices.get_parameter("head.weight").is_contiguous()
    results = [engine(each, EXEMPLARS, base_loss, meta_loss, 3, ALPHA).gradient for each in (model, slices)]
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-14)


def test_truncation_to_all_steps_or_more_is_none(engine):
    full = engine(smooth(), EXEMPLARS, base_loss, meta_loss, 3, ALPHA).gradient
    for keep in (0, 3, 9):
        assert torch.equal(engine(smooth(), EXEMPLARS, base_loss, meta_loss, 3, ALPHA, truncate=keep).gradient, full)
    assert not torch.equal(engine(smooth(), EXEMPLARS, base_loss, meta_loss, 3, ALPHA, truncate=2).gradient, full)
