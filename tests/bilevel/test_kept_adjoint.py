"""Graphs that are kept and graphs that are made again give the same bits, and free memory decides between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel import InnerSGD, WillNotFitError, graph_size
from mnemonics_lib.bilevel.guard import COMFORTABLE, with_room_where_there_is
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.bilevel.kept_adjoint import KeptAdjoint
from mnemonics_lib.bilevel.problem import MakeEngine
from mnemonics_lib.bilevel.recorded_adjoint import RecordedAdjoint
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import walk
from mnemonics_lib.models import build_network, transfer_weights

STEPS, LABELS, VAL_LABELS = 5, torch.arange(8) % 5, torch.arange(12) % 5
SGD: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "truncated": {"truncate": 2},
    "everything": {"momentum": 0.9, "weight_decay": 0.05, "truncate": 3},
}
PLENTY, LITTLE = 1e15, 2.5e6
"""Bytes: far more than all graphs take, and enough for one of them."""


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def resnet(width: int = 4, head: str = "linear") -> Any:
    model = build_network(8, width, 1, 5, seed=1, head=head).train()
    model(numbers(32, 1, 8, 8, seed=3))
    return model


def transferred() -> nn.Module:
    return transfer_weights(resnet())


def frozen() -> nn.Module:
    model = resnet()
    model.backbone.requires_grad_(False)
    return model


def of_layers(*layers: nn.Module) -> nn.Module:
    """A network with layers in its middle, drawn from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first, last = nn.Conv2d(1, 4, 3, bias=False), nn.Linear(4, 5)
    return nn.Sequential(first, nn.BatchNorm2d(4), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last).train()


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain layout": resnet,
    "channels-last": lambda: resnet(8),
    "cosine": lambda: resnet(head="cosine"),
    "running statistics": lambda: resnet().eval(),
    "transferred": transferred,
    "head": frozen,
    "dropout": lambda: of_layers(nn.ReLU(), nn.Dropout(0.4)),
    "noisy slope": lambda: of_layers(nn.RReLU()),
    # PyTorch computes their slopes by one formula where they are differentiated again, and by another where not.
    "SiLU": lambda: of_layers(nn.SiLU()),
    "group norm": lambda: of_layers(nn.GroupNorm(2, 4), nn.Mish()),
}


def base_loss(classifier: Any, exemplars: Tensor, chosen: Tensor) -> Tensor:
    return F.cross_entropy(classifier(exemplars[chosen]), LABELS[chosen])


def meta_loss(classifier: Any, images: Tensor) -> Tensor:
    return F.cross_entropy(classifier(images), VAL_LABELS)


def fields(make: MakeEngine, model: nn.Module, **sgd: Any) -> list[Tensor]:
    """Of two calls, since the second meets tensors that the first has used."""
    minibatches = [(torch.randperm(8, generator=torch.Generator().manual_seed(t))[:6],) for t in range(STEPS)]
    engine, found = make(base_loss, meta_loss, InnerSGD(STEPS, 0.1, **sgd)), []
    for call in range(2):
        torch.manual_seed(7)
        result = engine(model, numbers(8, 1, 8, 8, seed=4 + call), minibatches, (numbers(12, 1, 8, 8, seed=5),))
        found += [result.gradient, result.meta_loss, result.base_losses, torch.rand(1)]
    return found


@pytest.mark.parametrize("sgd", SGD.values(), ids=list(SGD))
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_the_bits_are_the_same_whether_graphs_are_kept_or_made_again(network, sgd):
    kept, again = (fields(make, NETWORKS[network](), **sgd) for make in (KeptAdjoint, RecordedAdjoint))
    assert all(torch.equal(a, b) for a, b in zip(kept, again, strict=True))
    assert kept[0].norm() > 1e-6
    assert not torch.equal(kept[0], kept[4])


def level(**changes: Any) -> Any:
    axes = {"engine": "adjoint", "inner_steps": 3, "alpha": 0.1, "val_batch": 15, "halve_every": 0, "epochs": 2}
    return PAPER_EXEMPLAR_LEVEL.model_copy(update=axes | {"adjust_epochs": 1} | changes)


def training(free: float, **changes: Any) -> ExemplarTraining:
    one = torch.ones(1, 1, 1)
    validation = Samples.learned(
        numbers(20, 1, 8, 8, seed=1), torch.arange(20) % 5, Pixels(one / 2, one / 4, white=16, pad=1, flip=True)
    )
    context = numbers(4, 1, 8, 8, seed=2), torch.arange(4)
    exemplars = numbers(10, 1, 8, 8, seed=3), torch.arange(10) % 5
    made = ExemplarTraining(resnet(), exemplars, validation, context, level(**changes), seed=0)
    made.fit_into(free)
    return made


AXES: dict[str, dict[str, Any]] = {
    "paper": {},
    "mini-batches, crops": {"inner_batch": 5, "inner_augment": True, "val_augment": True},
    "tuned": {"start": "perturbed", "optimizer": "adam", "inner_augment": True, "inner_momentum": 0.5, "truncate": 2},
    "head": {"inner": "head", "batch_norm": "running"},
}


@pytest.mark.parametrize("changes", AXES.values(), ids=list(AXES))
def test_exemplars_do_not_depend_on_how_much_memory_was_free(changes):
    plenty, little = training(PLENTY, **changes), training(LITTLE, **changes)
    assert (type(plenty.engine), type(little.engine)) == (KeptAdjoint, RecordedAdjoint)
    for of in (plenty, little):
        walk(of)
    assert torch.equal(plenty.E, little.E)
    assert torch.equal(plenty.log.rows, little.log.rows)
    assert not torch.equal(plenty.E, plenty.start)


def test_nobody_who_has_said_nothing_of_free_memory_has_graphs_kept():
    made = training(PLENTY)
    made.engine = made.program(made.level)
    walk(made)
    assert type(made.engine) is RecordedAdjoint


def test_an_adjustment_asks_before_its_first_step_whether_its_last_part_fits():
    """Of three exemplars a class it has one, and is judged by two: with small inner batches it needs more."""
    one = torch.ones(1, 1, 1)
    memory = ExemplarMemory.empty((1, 8, 8), torch.device("cpu"), "float32").extend(
        numbers(150, 1, 8, 8, seed=3), torch.arange(150) // 3
    )
    pixels = Pixels(one / 2, one / 4, white=16, pad=1, flip=True)

    def loop() -> Adjustment:
        axes = level(inner_batch=10, inner_steps=2, adjust_epochs=1, val_batch=1000)
        return Adjustment(
            build_network(8, 2, 1, 50, seed=1).train(), memory, memory.splits(2, 50), axes, pixels, seed=0
        )

    def needs(training: ExemplarTraining) -> float:
        forecast = training.forecast(training.level, len(training.inner))
        return forecast.peak(training._validation())

    made = loop()
    first, last = needs(made.trainings[0]), needs(made._training(1))
    assert first < last
    with pytest.raises(WillNotFitError, match="with 100 validation images"):
        made.fit_into((first + last) / 2)
    made.fit_into(last)
    walk(made)


def test_each_part_of_the_adjustment_uses_what_is_free():
    one = torch.ones(1, 1, 1)
    memory = ExemplarMemory.empty((1, 8, 8), torch.device("cpu"), "float32").extend(
        numbers(20, 1, 8, 8, seed=3), torch.arange(20) // 4
    )
    pixels = Pixels(one / 2, one / 4, white=16, pad=1, flip=True)
    found = {}
    for free in (PLENTY, LITTLE):
        loop = Adjustment(resnet(), memory, memory.splits(2, 5), level(), pixels, seed=0)
        loop.fit_into(free)
        walk(loop)
        found[free] = loop.memory.images, [type(of.engine) for of in loop.trainings]
    assert found[PLENTY][1] == [KeptAdjoint] * 2
    assert found[LITTLE][1] == [RecordedAdjoint] * 2
    assert torch.equal(found[PLENTY][0], found[LITTLE][0])


@pytest.mark.parametrize(("threads", "cores"), [(1, 1), (1, 4), (3, 4), (8, 4), (1, None)])
def test_graphs_are_kept_where_they_take_half_of_this_processs_share(monkeypatch, threads, cores):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    model, images = resnet(), numbers(8, 1, 8, 8, seed=4)
    engine = RecordedAdjoint(base_loss, meta_loss, InnerSGD(STEPS, 0.1))
    roomy = KeptAdjoint(base_loss, meta_loss, InnerSGD(STEPS, 0.1))
    needed = roomy.peak_bytes(graph_size(model, images, roomy), 100, 50)
    enough = needed / COMFORTABLE / min(1, threads / (cores or 1))

    def chosen(free: float) -> object:
        return with_room_where_there_is(engine, model, images, 100, 50, free)

    assert type(chosen(1.001 * enough)) is KeptAdjoint
    assert chosen(0.999 * enough) is engine


def test_an_engine_that_has_no_use_for_more_memory_stays_and_a_gpus_does():
    model, images = resnet(), numbers(8, 1, 8, 8, seed=4)
    for make in (Higher, KeptAdjoint):
        engine = make(base_loss, meta_loss, InnerSGD(STEPS, 0.1))
        assert with_room_where_there_is(engine, model, images, 100, 50, PLENTY) is engine
    recorded = RecordedAdjoint(base_loss, meta_loss, InnerSGD(STEPS, 0.1))
    assert with_room_where_there_is(recorded, model, images.to("meta"), 100, 50, PLENTY) is recorded
