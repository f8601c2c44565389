"""The solved inner problem is the one whose loss the engines differentiate; statistics and modes are as in training."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, local_program, solve
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.models import build_network, transfer_weights

CLASSES = 5
LABELS, VAL_LABELS = torch.tensor([4, 1, 2, 1, 4, 2, 1, 4]), torch.tensor([1, 2, 4] * 4)  # two classes have none
INNER = ["full", "head", "ncm", "ridge"]
SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "everything": {"inner_momentum": 0.9, "inner_weight_decay": 0.05, "truncate": 2},
}


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


EXEMPLARS, VALIDATION = numbers(8, 1, 8, 8, seed=4), numbers(12, 1, 8, 8, seed=5)


def level(inner: str, engine: str = "higher", **changes: Any) -> ExemplarLevel:
    axes = {"inner": inner, "engine": engine, "inner_steps": 4, "alpha": 0.1, "ridge": 0.1}
    return PAPER_EXEMPLAR_LEVEL.model_copy(update=axes | changes)


def temporary(kind: str, inner: str, training: bool = True) -> Any:
    """Theta' before Eq. 8."""
    model = build_network(8, 2, 1, 3, seed=1, head="cosine" if kind == "cosine" else "linear")
    model.grow(CLASSES, seed=2)
    if kind == "cosine":
        model.head.freeze_old()
    if kind == "transferred":
        transfer_weights(model)
    if inner == "head":
        model.backbone.requires_grad_(False)
    model.double().train()(numbers(32, 1, 8, 8, seed=3) + 0.5)  # running statistics that are no batch's own
    return model.train(training)


def batch(exemplars: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    return exemplars[chosen], LABELS[chosen]


def minibatches(steps: int = 4) -> list[tuple[Tensor]]:
    return [(torch.randperm(8, generator=torch.Generator().manual_seed(t))[:6],) for t in range(steps)]


def loss(classifier: Any) -> Tensor:
    return F.cross_entropy(classifier(VALIDATION), VAL_LABELS)


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("kind", ["linear", "cosine", "transferred"])
@pytest.mark.parametrize("inner", INNER)
def test_its_loss_is_the_meta_loss_of_every_engine(inner, kind, engine, sgd, training):
    axes, start = level(inner, engine, **sgd), temporary(kind, inner, training)
    program = local_program(batch, loss, axes)
    expected = program(copy.deepcopy(start), EXEMPLARS, minibatches(program.minibatches_per_call)).meta_loss
    solution = solve(start, EXEMPLARS, minibatches(program.minibatches_per_call), batch, axes)
    assert solution.training is training
    with torch.no_grad():
        assert loss(solution).item() == pytest.approx(expected.item(), rel=1e-10)
        assert loss(solution).item() != pytest.approx(loss(temporary(kind, inner, training)).item(), rel=1e-5)


@pytest.mark.parametrize("inner", INNER)
def test_without_mini_batches_it_is_given_the_numbers_of_its_steps(inner):
    seen: list[int] = []

    def numbered(exemplars: Tensor, t: int) -> tuple[Tensor, Tensor]:
        seen.append(t)
        return exemplars, LABELS

    solve(temporary("linear", inner), EXEMPLARS, None, numbered, level(inner))
    assert seen == ([0, 1, 2, 3] if inner in ("full", "head") else [0])


def test_too_few_mini_batches_are_refused_and_more_are_left():
    """As an engine does."""
    batches = [(t,) for t in range(6)]
    seen: list[int] = []

    def numbered(exemplars: Tensor, t: int) -> tuple[Tensor, Tensor]:
        seen.append(t)
        return exemplars, LABELS

    solve(temporary("linear", "full"), EXEMPLARS, batches, numbered, level("full"))
    assert seen == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="minibatches: 3 of them: must be 4, one for each inner step"):
        solve(temporary("linear", "full"), EXEMPLARS, batches[:3], numbered, level("full"))


@pytest.mark.parametrize("inner", ["full", "head"])
def test_descent_is_in_place_and_its_running_statistics_follow_as_in_training(inner):
    start = temporary("linear", inner)
    before, plain = copy.deepcopy(start.state_dict()), copy.deepcopy(start)
    assert solve(start, EXEMPLARS, minibatches(), batch, level(inner)) is start
    for inputs, labels in (batch(EXEMPLARS, *chosen) for chosen in minibatches()):
        plain.zero_grad()
        F.cross_entropy(plain(inputs), labels).backward()
        with torch.no_grad():
            for p in plain.parameters():
                if p.grad is not None:
                    p.sub_(0.1 * p.grad)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(start.state_dict()[name], value, rtol=1e-10, atol=1e-12)
    moved = {name for name, value in start.state_dict().items() if not torch.equal(value, before[name])}
    assert "backbone.bn1.running_mean" in moved
    assert ("backbone.conv1.weight" in moved) is (inner == "full")


@pytest.mark.parametrize("inner", INNER)
def test_its_mode_chooses_the_statistics(inner):
    solution = solve(temporary("linear", inner), EXEMPLARS, minibatches(), batch, level(inner))
    with torch.no_grad():
        running = loss(solution.eval()).item()
        assert loss(solution).item() == running  # looking changes nothing
        assert loss(solution.train()).item() != pytest.approx(running, rel=1e-6)


@pytest.mark.parametrize("inner", ["ncm", "ridge"])
def test_a_formula_takes_the_features_of_exemplars_and_images_in_the_same_mode(inner):
    for training in (True, False):
        start = temporary("linear", inner)
        solution = solve(start, EXEMPLARS, minibatches(), batch, level(inner)).train(training)
        axes = level(inner)
        other = local_program(batch, loss, axes)(temporary("linear", inner, training), EXEMPLARS, minibatches())
        with torch.no_grad():
            assert loss(solution).item() == pytest.approx(other.meta_loss.item(), rel=1e-12)
            logits = solution(VALIDATION)
        assert logits.shape == (12, CLASSES)
        assert (logits[:, [0, 3]] == -torch.inf).all()
        for name, p in start.named_parameters():
            assert torch.equal(p, temporary("linear", inner).get_parameter(name)), name
