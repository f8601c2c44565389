"""Inner steps computed twice: random layers get their numbers again, and what differs all the same is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import StochasticDepth

from mnemonics_lib.bilevel import ENGINES, InnerSGD, recorded_adjoint
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.kept_adjoint import KeptAdjoint
from mnemonics_lib.bilevel.problem import MakeEngine
from mnemonics_lib.bilevel.recorded_adjoint import RecordedAdjoint
from mnemonics_lib.bilevel.repeated import Replay, refuse_if_different
from tests.tape import Tape

EVERY: dict[str, MakeEngine] = {**ENGINES, "plain adjoint": Adjoint, "kept adjoint": KeptAdjoint}
TWICE: dict[str, MakeEngine] = {"adjoint": RecordedAdjoint, "plain adjoint": Adjoint}
SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "everything": {"momentum": 0.9, "weight_decay": 0.05, "truncate": 2},
}
STEPS, ALPHA = 4, 0.4
LABELS, VAL_LABELS = torch.arange(6) % 3, torch.arange(15) % 3
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


EXEMPLARS, VALIDATION = numbers(6, 1, 5, 5, seed=1), numbers(15, 1, 5, 5, seed=2)


class InForward(nn.Module):
    """Dropout that no module's type shows."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.4, self.training)


class Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * (1 + 0.3 * torch.randn_like(x)) if self.training else x


class Scaled(nn.Module):
    """A number that it does not print, beside a layer that it holds."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor, self.layer = factor, nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * self.layer(x)


class Attention(nn.Module):
    """Rows of an image as a sequence; with its weights asked for it is made of operations that differentiate twice."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 2, dropout=0.3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2).transpose(1, 2)  # [n, places, 12]
        return self.attention(x, x, x)[0].mean(1)[:, :, None, None]


RANDOM: dict[str, Any] = {
    "Dropout": lambda: nn.Dropout(0.5),
    "Dropout2d": lambda: nn.Dropout2d(0.3),
    "AlphaDropout": lambda: nn.AlphaDropout(0.3),
    "RReLU": lambda: nn.RReLU(),
    "F.dropout": InForward,
    "noise": Noise,
    "MultiheadAttention": Attention,
}


def network(layer: nn.Module) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first, last = nn.Conv2d(1, 12, 3), nn.Linear(12, 3)
    return nn.Sequential(first, nn.Tanh(), layer, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last).double().train()


def base_loss(classifier: Any, exemplars: Tensor, t: int) -> Tensor:
    return F.cross_entropy(classifier(exemplars), LABELS)


def meta_loss(classifier: Any) -> Tensor:
    return F.cross_entropy(classifier(VALIDATION), VAL_LABELS)


def ask(make: MakeEngine, model: nn.Module, exemplars: Tensor, loss: Any = base_loss, **sgd: Any) -> Any:
    torch.manual_seed(7)  # the same masks at every call
    return make(loss, meta_loss, InnerSGD(STEPS, ALPHA, **sgd))(model, exemplars)


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("layer", sorted(RANDOM))
@pytest.mark.parametrize("name", sorted(EVERY))
def test_through_random_layers_it_agrees_with_central_differences(name, layer, sgd):
    model, eps = network(RANDOM[layer]()), 1e-6
    keep = sgd.get("truncate", 0)
    plain = {key: value for key, value in sgd.items() if key != "truncate"}
    direction = numbers(*EXEMPLARS.shape, seed=5)

    def moved(shift: Tensor) -> float:
        def loss(classifier: Any, exemplars: Tensor, t: int) -> Tensor:  # truncated: the first steps see no shift
            return base_loss(classifier, exemplars if keep and t < STEPS - keep else exemplars + shift, t)

        return ask(EVERY[name], model, EXEMPLARS, loss, **plain).meta_loss.item()

    slope = (moved(eps * direction) - moved(-eps * direction)) / (2 * eps)
    gradient = ask(EVERY[name], model, EXEMPLARS, **sgd).gradient
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert abs(slope) > 1e-6
    torch.testing.assert_close(gradient, ask(ENGINES["higher"], model, EXEMPLARS, **sgd).gradient)


@pytest.mark.parametrize("layer", sorted(RANDOM))
def test_the_layers_are_random_so_that_agreeing_says_something(layer):
    model = network(RANDOM[layer]())
    torch.manual_seed(1)
    assert not torch.allclose(model(EXEMPLARS), model(EXEMPLARS))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_generator_ends_where_a_plain_training_would_leave_it(name):
    model = network(nn.Dropout(0.5))
    ask(EVERY[name], model, EXEMPLARS)
    after = torch.get_rng_state()
    torch.manual_seed(7)
    for _ in range(STEPS):
        model(EXEMPLARS)
    model(VALIDATION)
    assert torch.equal(torch.get_rng_state(), after)


def test_steps_that_are_recorded_get_their_numbers_again_too(monkeypatch):
    tape = Tape()
    monkeypatch.setattr(recorded_adjoint, "recorder", lambda device: tape)
    chosen = [(torch.arange(6),) for _ in range(STEPS)]
    engine = RecordedAdjoint(
        lambda classifier, e, index: F.cross_entropy(classifier(e[index]), LABELS), meta_loss, InnerSGD(STEPS, ALPHA)
    )
    model = network(nn.Dropout(0.5))
    for seed in range(4):
        torch.manual_seed(seed)
        result = engine(model, EXEMPLARS, chosen)
        torch.manual_seed(seed)
        expected = ENGINES["higher"](base_loss, meta_loss, InnerSGD(STEPS, ALPHA))(model, EXEMPLARS)
        torch.testing.assert_close(result.gradient, expected.gradient)
    assert tape.replayed > 0


@cuda
@pytest.mark.parametrize("layer", sorted(RANDOM.keys() - {"MultiheadAttention"}))
def test_on_a_gpu_recorded_steps_get_their_numbers_again(layer):
    place = torch.device("cuda")
    labels, val_labels, validation = LABELS.to(place), VAL_LABELS.to(place), VALIDATION.to(place)
    chosen = [(torch.arange(6, device=place),) for _ in range(STEPS)]
    model, exemplars = network(RANDOM[layer]()).to(place), EXEMPLARS.to(place)

    def loss(classifier: Any, e: Tensor, index: Tensor) -> Tensor:
        return F.cross_entropy(classifier(e[index]), labels)

    def meta(classifier: Any) -> Tensor:
        return F.cross_entropy(classifier(validation), val_labels)

    engines = {name: make(loss, meta, InnerSGD(STEPS, ALPHA)) for name, make in EVERY.items()}
    for seed in range(5):  # from the third on replayed
        found = {}
        for name, engine in engines.items():
            torch.manual_seed(seed)
            found[name] = engine(model, exemplars, chosen)
        for name, result in found.items():
            torch.testing.assert_close(result.gradient, found["plain adjoint"].gradient, msg=f"{name}, call {seed}")
            torch.testing.assert_close(result.base_losses, found["plain adjoint"].base_losses)


class OwnGenerator(nn.Module):
    """Dropout from a generator that no one else knows of."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = [torch.Generator().manual_seed(0)]  # in a list, which a deep copy copies

    def __deepcopy__(self, memo: dict[int, Any]) -> OwnGenerator:
        return self

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.rand(x.shape, generator=self.generator[0]) < 0.6)


def unnormed() -> nn.Module:
    """A layer whose forward pass changes what the next one computes: one power iteration each."""
    model = network(nn.Identity())
    nn.utils.parametrizations.spectral_norm(model.get_submodule("5"), n_power_iterations=1)
    return model.double().train()


def new_crops() -> Any:
    generator = torch.Generator().manual_seed(0)

    def loss(classifier: Any, exemplars: Tensor, t: int) -> Tensor:
        shift = int(torch.randint(4, (), generator=generator))
        return F.cross_entropy(classifier(exemplars.roll(shift, -1) * (1 + shift)), LABELS)

    return loss


@pytest.mark.parametrize("name", sorted(TWICE))
@pytest.mark.parametrize(
    ("model", "loss"),
    [
        (lambda: network(OwnGenerator()), lambda: base_loss),
        (unnormed, lambda: base_loss),
        (lambda: network(nn.Identity()), new_crops),
    ],
    ids=["own generator", "spectral norm", "new crops in the batch"],
)
def test_what_is_not_the_same_twice_is_refused_by_what_computes_it_twice(name, model, loss):
    with pytest.raises(TypeError, match=r"the base loss of .*Sequential was .* on the way back"):
        ask(TWICE[name], model(), EXEMPLARS, loss())
    assert ask(ENGINES["higher"], model(), EXEMPLARS, loss()).gradient.isfinite().all()


def test_what_is_not_the_same_twice_is_no_matter_where_it_is_computed_once():
    found, expected = (ask(make, unnormed(), EXEMPLARS) for make in (KeptAdjoint, ENGINES["higher"]))
    torch.testing.assert_close(found.base_losses, expected.base_losses)
    torch.testing.assert_close(found.gradient, expected.gradient)


def test_an_engine_that_has_refused_refuses_again():
    engine = RecordedAdjoint(new_crops(), meta_loss, InnerSGD(STEPS, ALPHA))
    for _ in range(3):
        with pytest.raises(TypeError, match="the base loss"):
            engine(network(nn.Identity()), EXEMPLARS)


@pytest.mark.parametrize("name", sorted(TWICE))
def test_where_only_the_steps_taken_as_given_differ_nothing_is_refused(name):
    """They are computed once."""

    def loss(classifier: Any, exemplars: Tensor, t: int) -> Tensor:
        return base_loss(classifier, exemplars, t) * (1 + torch.rand((), generator=source) if t < 2 else 1)

    source = torch.Generator().manual_seed(0)
    assert ask(TWICE[name], network(nn.Identity()), EXEMPLARS, loss, truncate=2).gradient.isfinite().all()


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5), st.data())
def test_the_first_step_that_differs_is_told_and_rounding_and_nan_are_no_difference(values, data):
    first = torch.tensor(values, dtype=torch.float64)
    refuse_if_different(nn.Linear(1, 1), first, first * (1 + 1e-12))
    step = data.draw(st.integers(0, len(values) - 1))
    both = first.clone()
    both[step] = math.nan
    refuse_if_different(nn.Linear(1, 1), both, both.clone())
    again = first.clone()
    again[step:] += 1e-3
    with pytest.raises(TypeError, match=f"Linear was {first[step].item():.9g} on the way forwards"):
        refuse_if_different(nn.Linear(1, 1), first, again)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_small_losses_are_compared_as_small_numbers(dtype):
    """Half of them is no rounding; the last digits of logits of the size of 10 are."""
    first = torch.tensor([2e-4, 1e-4, 3e-5], dtype=dtype)
    with pytest.raises(TypeError, match=r"Linear was (3e-05|2\.99999992e-05) on the way"):
        refuse_if_different(nn.Linear(1, 1), first, first * torch.tensor([1, 1, 0.5], dtype=dtype))
    refuse_if_different(nn.Linear(1, 1), first, first + 10 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["adjoint", "kept adjoint"])
@pytest.mark.parametrize(
    "layers",
    [
        (nn.Identity(), nn.Tanh()),
        (nn.Dropout(0.2), nn.Dropout(0.7)),
        (StochasticDepth(0.1, "row"), StochasticDepth(0.7, "row")),
        (Scaled(0.3), Scaled(0.9)),
        (Scaled(math.nan), Scaled(0.9)),
        (nn.Sequential(nn.Tanh(), nn.Identity()), nn.Sequential(nn.Identity(), nn.Dropout(0.5))),
    ],
)
def test_a_network_of_other_layers_with_the_same_tensors_is_not_taken_for_the_last_one(name, layers):
    engine = EVERY[name](base_loss, meta_loss, InnerSGD(steps=STEPS, alpha=ALPHA))
    found = []
    for asked in (engine, EVERY[name](base_loss, meta_loss, InnerSGD(steps=STEPS, alpha=ALPHA))):
        torch.manual_seed(0)
        if asked is engine:
            engine(network(layers[0]), EXEMPLARS)
            torch.manual_seed(0)
        found.append(asked(network(layers[1]), EXEMPLARS).gradient)
    assert torch.equal(*found)
    torch.manual_seed(0)
    assert not torch.equal(engine(network(layers[0]), EXEMPLARS).gradient, found[0])


@given(st.permutations(range(5)))
def test_steps_are_replayed_in_any_order_and_as_often_as_asked(order):
    replay, drawn = Replay(torch.device("cpu")), []
    for t in range(5):
        replay.note(t)
        drawn.append(torch.rand(3))
    before = torch.get_rng_state()
    for t in [*order, order[0]]:
        with replay.again(t):
            assert torch.equal(torch.rand(3), drawn[t])
        assert torch.equal(torch.get_rng_state(), before)
