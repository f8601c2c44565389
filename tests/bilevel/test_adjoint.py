"""The recursion as the mathematics has it, and the recorded one: they are one recursion."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import ENGINES, Hypergradient, InnerSGD
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.recorded_adjoint import RecordedAdjoint
from mnemonics_lib.bilevel.second_order import with_second_order
from mnemonics_lib.models import build_network, transfer_weights

CLASSES, STEPS = 5, 5
LABELS, VAL_LABELS = torch.arange(8) % CLASSES, torch.arange(12) % CLASSES
SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "decay": {"weight_decay": 0.05},
    "everything": {"momentum": 0.9, "weight_decay": 0.05, "truncate": 2},
}
NETWORKS = ["linear", "cosine", "transferred", "head"]


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def network(kind: str, width: int = 2) -> Any:
    """`cosine` has frozen rows, `head` a frozen backbone; eight channels or more lie channels-last."""
    model = build_network(8, width, 1, 3, seed=1, head="cosine" if kind == "cosine" else "linear")
    model.grow(CLASSES, seed=2)
    if kind == "cosine":
        model.head.freeze_old()
    if kind == "transferred":
        transfer_weights(model)
    if kind == "head":
        model.backbone.requires_grad_(False)
    model.train()(numbers(32, 1, 8, 8, seed=3))
    return model


def base_loss(classifier: Any, exemplars: Tensor, chosen: Tensor) -> Tensor:
    return F.cross_entropy(classifier(exemplars[chosen]), LABELS[chosen])


def meta_loss(classifier: Any, images: Tensor) -> Tensor:
    return F.cross_entropy(classifier(images), VAL_LABELS)


def hypergradient(make: Any, model: Any, dtype: torch.dtype, **sgd: Any) -> Hypergradient:
    minibatches = [(torch.randperm(8, generator=torch.Generator().manual_seed(t))[:6],) for t in range(STEPS)]
    exemplars, validation = numbers(8, 1, 8, 8, seed=4), numbers(12, 1, 8, 8, seed=5)
    engine = make(base_loss, meta_loss, InnerSGD(STEPS, 0.1, **sgd))
    return engine(model.to(dtype), exemplars.to(dtype), minibatches, (validation.to(dtype),))


def fields(result: Hypergradient) -> list[Tensor]:
    return [result.gradient, result.meta_loss, result.base_losses]


def test_the_registry_names_the_recorded_one():
    assert ENGINES["adjoint"] is RecordedAdjoint


@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("width", [2, 8], ids=["plain layout", "channels-last"])
@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_recorded_recursion_is_the_plain_one_to_rounding(kind, sgd, width, training):
    model = network(kind, width).train(training)
    plain, recorded = (hypergradient(make, model, torch.float64, **sgd) for make in (Adjoint, RecordedAdjoint))
    for a, b in zip(fields(plain), fields(recorded), strict=True):
        assert ((a - b).norm() / a.norm()).item() <= 1e-12
    assert plain.gradient.norm() > 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize("training", [True, False], ids=["batch", "running"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_where_the_operations_come_in_one_order_they_are_equal_bit_for_bit(kind, training, dtype):
    """Without momentum and decay, with the same layers, and where weights and slopes lie in memory alike."""
    model = network(kind).train(training)
    recorded = hypergradient(RecordedAdjoint, model, dtype)
    plain = hypergradient(Adjoint, with_second_order(model), dtype)
    for a, b in zip(fields(plain), fields(recorded), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("make", [Adjoint, RecordedAdjoint])
def test_parameters_are_kept_of_the_steps_that_are_differentiated_and_of_no_others(make):
    """What a call holds when its way forwards is done does not grow with the steps that are taken as given."""
    alive: list[int] = []

    def spy(classifier: Any, images: Tensor) -> Tensor:
        gc.collect()
        alive.append(sum(t.numel() for t in gc.get_objects() if type(t) in (Tensor, nn.Parameter)))
        return meta_loss(classifier, images)

    for steps in (4, 4, 40):
        engine = make(
            lambda classifier, e, t: F.cross_entropy(classifier(e), LABELS), spy, InnerSGD(steps, 0.1, truncate=2)
        )
        engine(network("linear"), numbers(8, 1, 8, 8, seed=4), None, (numbers(12, 1, 8, 8, seed=5),))
    of_network = sum(parameter.numel() for parameter in network("linear").parameters())
    assert alive[2] - alive[1] < of_network


def test_the_recorded_one_computes_with_layers_of_its_own_and_the_plain_one_with_pytorchs():
    seen: list[str] = []

    def spy(classifier: Any, images: Tensor) -> Tensor:
        logits = classifier(images)
        node, names = logits.grad_fn, set()
        todo = [node]
        while todo:
            node = todo.pop()
            if node is not None and node not in names:
                names.add(node)
                todo += [parent for parent, _ in node.next_functions]
        seen.append(" ".join(type(node).__name__ for node in names))
        return F.cross_entropy(logits, VAL_LABELS)

    images = numbers(8, 1, 8, 8, seed=4)
    for make in (Adjoint, RecordedAdjoint):
        engine = make(lambda classifier, e, t: F.cross_entropy(classifier(e), LABELS), spy, InnerSGD(1, 0.1))
        engine(network("linear"), images, None, (numbers(12, 1, 8, 8, seed=5),))
    plain, recorded = seen
    assert "NativeBatchNormBackward" in plain
    assert "NativeBatchNormBackward" not in recorded
    assert " ConvolutionBackward " in f" {recorded} "
