"""Inner batches of exemplars on the host are those of exemplars on the device, and no gradient is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mnemonics_lib.data.batches import InnerBatches
from mnemonics_lib.data.held_batches import HeldInnerBatches

LABELS = torch.arange(3).repeat_interleave(5)


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("size", [0, 3, 4])
@pytest.mark.parametrize("context", [0, 4])
def test_each_inner_step_has_the_same_images_and_sends_its_gradient_to_the_same_exemplars(context, size, augment, grey):
    pixels = replace(grey, pad=2, flip=True) if augment else None
    exemplars = numbers(len(LABELS), 1, 8, 8, seed=1).requires_grad_()
    fixed = numbers(context, 1, 8, 8, seed=2), torch.arange(context)
    resident, held = (kind(LABELS, fixed, size, pixels, seed=9) for kind in (InnerBatches, HeldInnerBatches))
    assert len(held) == len(resident)
    for step in (1, 0):
        theirs, ours = resident.draw(step, 2), held.draw(step, 2)
        brought = held.bring(exemplars).requires_grad_()
        asked = torch.cat([index for index, *_ in theirs]).unique()
        assert len(brought) == int((asked < len(LABELS)).sum())  # no others travel
        losses = [torch.zeros(()), torch.zeros(())]
        for minibatch, own in zip(theirs, ours, strict=True):
            images, labels = resident.load(exemplars, *minibatch)
            found, found_labels = held.load(brought, *own)
            assert torch.equal(found, images)
            assert torch.equal(found_labels, labels)
            losses = [loss + of.pow(3).sum() for loss, of in zip(losses, (images, found), strict=True)]
        (expected,) = torch.autograd.grad(losses[0], exemplars)
        (gradient,) = torch.autograd.grad(losses[1], brought)
        assert torch.equal(held.carry_back(gradient), expected)


def test_exemplars_on_the_device_are_brought_and_carried_as_they_are():
    resident = InnerBatches(LABELS, (numbers(0, 1, 8, 8, seed=2), LABELS[:0]), 4, None, seed=9)
    images = numbers(len(LABELS), 1, 8, 8, seed=1)
    assert resident.bring(images) is images
    assert resident.carry_back(images) is images
