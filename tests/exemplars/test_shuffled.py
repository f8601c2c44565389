"""Shuffled displacements: each exemplar moves as another one has learned to, wherever the exemplars are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.exemplars.shuffled import shuffle, shuffled
from mnemonics_lib.loops import walk
from mnemonics_lib.models import build_network

ONE_STEP: dict[str, Any] = PAPER_EXEMPLAR_LEVEL.model_dump() | {
    "epochs": 1,
    "inner_steps": 2,
    "val_batch": 20,
    "optimizer": "adam",
    "beta": 0.5,
    "displacement": "shuffled",
}


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def training(grey, host: bool = False, **changes) -> ExemplarTraining:
    """A finished training of six exemplars, on the device or held by the host."""
    model, labels = build_network(8, 2, 1, 2, seed=3), torch.arange(6) % 2
    data = Samples.learned(numbers(20, 1, 8, 8, seed=2), torch.arange(20) % 2, grey)
    images = numbers(6, 1, 8, 8, seed=1)
    exemplars = (HeldImages(images, grey) if host else images), labels
    context = (HeldImages(images[:0], grey) if host else images[:0]), labels[:0]
    made = ExemplarTraining(model, exemplars, data, context, ExemplarLevel(**(ONE_STEP | changes)), seed=0)
    walk(made)
    return made


def givers(start: Tensor, found: Tensor, trained: Tensor) -> list[int]:
    """Whose displacement each exemplar has, by the nearest one."""
    moved, learned = (found - start).flatten(1), (trained - start).flatten(1)
    distances, nearest = torch.cdist(moved, learned).min(dim=1)
    assert distances.max() < 1e-5
    return nearest.tolist()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_displacements_go_round_in_one_cycle_in_which_none_keeps_its_own(count):
    start, trained = numbers(count, 1, 4, 4, seed=1), numbers(count, 1, 4, 4, seed=2)
    cycles = set()
    for seed in range(20):
        giver = givers(start, shuffled(start, trained, seed), trained)
        reached, here = [0], giver[0]
        while here:
            reached.append(here)
            here = giver[here]
        assert sorted(reached) == list(range(count))
        cycles.add(tuple(giver))
    assert len(cycles) >= {2: 1, 3: 2, 7: 15}[count]  # of (n - 1)! cycles


def test_the_seed_decides_and_what_was_given_stays(grey):
    start, trained = numbers(7, 1, 4, 4, seed=1), numbers(7, 1, 4, 4, seed=2)
    before = start.clone(), trained.clone()
    assert torch.equal(shuffled(start, trained, 3), shuffled(start, trained, 3))
    assert not torch.equal(shuffled(start, trained, 3), shuffled(start, trained, 4))
    assert torch.equal(start, before[0])
    assert torch.equal(trained, before[1])


@pytest.mark.parametrize("count", [0, 1])
def test_an_exemplar_that_is_alone_is_refused(count):
    images = numbers(count, 1, 4, 4, seed=1)
    with pytest.raises(
        ValueError, match=rf"displacement = 'shuffled': must be 'own' where .*, which are {count}: none has"
    ):
        shuffled(images, images, 0)


def test_a_finished_training_has_them_in_place_and_exemplars_of_the_host_too(grey):
    here, held, plain = training(grey), training(grey, host=True), training(grey)
    shuffle(here)
    shuffle(held)
    assert all(giver != k for k, giver in enumerate(givers(plain.start, here.E.detach(), plain.E.detach())))
    assert torch.equal(held.E, here.E)
    assert torch.equal(here.start, plain.start)
    rms = [(of.E.detach() - of.start).square().mean().sqrt().item() for of in (here, plain)]
    assert rms[0] == pytest.approx(rms[1], rel=1e-5)


@pytest.mark.parametrize("clip", [False, True])
def test_pixels_that_are_kept_inside_the_range_stay_there(grey, clip):
    made = training(grey, clip=clip)
    shuffle(made)
    assert (made.pixels.outside(made.E.detach()).item() == 0) is clip
