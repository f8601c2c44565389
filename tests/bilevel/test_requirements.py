"""A network that lacks what an inner problem needs is refused in words, before anything is computed with it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import Hypergradient, local_program, refuse_if_parts_are_missing, solve
from mnemonics_lib.bilevel.inner import FORMULAS
from mnemonics_lib.bilevel.requirements import NEEDS
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.models import build_network

LABELS = torch.tensor([0, 1, 0, 1])
IMAGES = torch.randn(4, 1, 2, 2, generator=torch.Generator().manual_seed(1))


class Bare(nn.Module):
    """A forward pass and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(1))


class WithFeatures(Bare):
    """Any network that says what its last layer works on."""

    classes = 2

    def features(self, x: Tensor) -> Tensor:
        return x.flatten(1)


def level(inner: str) -> ExemplarLevel:
    return PAPER_EXEMPLAR_LEVEL.model_copy(update={"inner": inner, "inner_steps": 2})


def batch(images: Tensor, t: int) -> tuple[Tensor, Tensor]:
    return images, LABELS


def hypergradient(model: nn.Module, inner: str) -> Hypergradient:
    def meta_loss(classifier: Any) -> Tensor:
        return F.cross_entropy(classifier(IMAGES + 1), LABELS)

    return local_program(batch, meta_loss, level(inner))(model, IMAGES)


def test_every_inner_problem_says_what_it_needs():
    assert set(NEEDS) == {"full", "head", "ncm", "ridge"}
    assert set(FORMULAS) < set(NEEDS)


@pytest.mark.parametrize("inner", NEEDS)
def test_the_networks_of_this_library_have_it_all(inner):
    refuse_if_parts_are_missing(build_network(8, 2, 1, 3, seed=0), inner)


@pytest.mark.parametrize(("inner", "lacks"), [("head", ["backbone"]), ("ncm", ["features", "classes"])])
def test_what_a_network_lacks_is_named_with_the_field_and_its_class(inner, lacks):
    with pytest.raises(TypeError) as error:
        refuse_if_parts_are_missing(Bare(), inner)
    for words in (f"exemplar_level.inner = '{inner}'", "Bare", *(f"`{name}" for name in lacks)):
        assert words in str(error.value)


def test_what_is_there_is_not_named():
    class Half(Bare):
        classes = 2

    with pytest.raises(TypeError, match=r"Half lacks a method `features\(images\)`") as error:
        refuse_if_parts_are_missing(Half(), "ridge")
    assert "`classes`" not in str(error.value)


@pytest.mark.parametrize("inner", FORMULAS)
def test_a_formula_refuses_a_network_without_features_and_takes_any_that_has_them(inner):
    with pytest.raises(TypeError, match="Bare lacks"):
        hypergradient(Bare(), inner)
    with pytest.raises(TypeError, match="Bare lacks"):
        solve(Bare(), IMAGES, None, batch, level(inner))
    assert hypergradient(WithFeatures(), inner).gradient.norm() > 0


def test_the_papers_inner_problem_needs_a_forward_pass_alone():
    assert hypergradient(Bare(), "full").gradient.norm() > 0
