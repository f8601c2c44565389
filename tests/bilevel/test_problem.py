"""Eq. 8's numbers, and what every engine asks of a call before it begins."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, InnerSGD
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.closed_form import ClosedForm, nearest_mean

EVERY: dict[str, Any] = {**ENGINES, "plain adjoint": Adjoint}
LABELS = torch.arange(4) % 2
IMAGES = torch.rand(4, 1, 2, 2, generator=torch.Generator().manual_seed(0))


def engine(name: str, steps: int = 3) -> Any:
    return EVERY[name](
        lambda classifier, e, *minibatch: F.cross_entropy(classifier(e), LABELS),
        lambda classifier: F.cross_entropy(classifier(IMAGES), LABELS),
        InnerSGD(steps, 0.1),
    )


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("steps", value) for value in (0, -1)),
        *(("alpha", value) for value in (0.0, -0.1, float("inf"), float("nan"))),
        *(("momentum", value) for value in (-0.1, 1.0, float("nan"))),
        *(("weight_decay", value) for value in (-1e-3, float("inf"), float("nan"))),
        ("truncate", -1),
    ],
)
def test_a_number_outside_its_range_is_refused_by_name(field, value):
    numbers: dict[str, Any] = {"steps": 3, "alpha": 0.1, "momentum": 0.9, "weight_decay": 0.1, "truncate": 2}
    InnerSGD(**numbers)
    with pytest.raises(ValueError, match=f"^{field} = {value}: must be"):
        InnerSGD(**(numbers | {field: value}))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_fewer_mini_batches_than_steps_are_refused(name):
    for given in ([], [(0,), (1,)]):
        with pytest.raises(ValueError, match=f"minibatches: {len(given)} of them: must be 3, one for each inner step"):
            engine(name)(network(), IMAGES, given)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_network_of_which_nothing_moves_is_refused(name):
    for model in (network().requires_grad_(False), nn.Sequential(nn.Flatten())):
        with pytest.raises(ValueError, match="Sequential: none of its parameters requires a gradient"):
            engine(name)(model, IMAGES)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_gradients_are_taken_where_the_caller_takes_none(name):
    expected = engine(name)(network(), IMAGES).gradient
    with torch.no_grad():
        found = engine(name)(network(), IMAGES).gradient
        assert not torch.is_grad_enabled()
    assert torch.equal(found, expected)
    assert expected.any()


def test_so_does_a_formula():
    class Net(nn.Module):
        classes = 2

        def features(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([x.flatten(1), x.flatten(1).square()], dim=1)

    def ask() -> torch.Tensor:
        make = ClosedForm(lambda e, t: (e, LABELS), lambda c: F.cross_entropy(c(IMAGES), LABELS), nearest_mean, "ncm")
        return make(Net(), IMAGES).gradient

    with torch.no_grad():
        found = ask()
    assert torch.equal(found, ask())
