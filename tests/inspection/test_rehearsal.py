"""A part of an outer step has all that the whole has, in proportion."""

from __future__ import annotations

import pytest
import torch

from mnemonics_lib.bilevel.guard import host_bytes
from mnemonics_lib.inspection import rehearsal
from mnemonics_lib.inspection.needs import Step
from mnemonics_lib.inspection.rehearsal import Rehearsal, Scale

ELSEWHERE = torch.device("meta")
"""Stands for a GPU."""


def test_a_smaller_outer_step_is_in_proportion():
    scale = Scale(steps=50, inner=10_000, moving=10_000, fixed=0, validation=128)
    assert scale.smaller(500_000, 4) == scale
    assert scale.smaller(3, 4) == Scale(1, 4, 4, 0, 2)
    assert scale.smaller(1000, 4) == Scale(1, 1000, 1000, 0, 2)
    assert scale.smaller(250_000, 4) == Scale(25, 10_000, 10_000, 0, 64)
    assert scale.on(5000) == Scale(50, 5000, 5000, 0, 64)
    assert scale.on(5000).smaller(100_000, 4) == Scale(20, 5000, 5000, 0, 26)
    beside = Scale(10, 100, 20, 80, 64)
    assert beside.smaller(200, 4) == Scale(2, 100, 20, 80, 13)
    assert beside.on(20) == Scale(10, 20, 4, 16, 13)
    assert Scale(1, 6, 6, 0, 9).smaller(1, 6) == Scale(1, 6, 6, 0, 9)


@pytest.mark.parametrize("dataset", ["imagenet_subset", "tiny_imagenet"])
def test_beside_another_device_a_host_without_room_for_exemplars_that_stay_there_is_told(tiny, monkeypatch, dataset):
    config = tiny.replace(dataset=dataset, resolution=32, exemplar_level={"beta": 0.01})
    made, image = Rehearsal(config, (3, 32, 32), torch.device("cpu"), 1), 4 * 3 * 32 * 32
    step = Step(phase=0, part=None, classes=5, moving=100, fixed=0, validation=10, images=50)
    needed = host_bytes(image, 100, config.exemplar_level) + 2 * 100 * image  # with the two copies that a run has then
    monkeypatch.setattr(rehearsal, "free_bytes", lambda device: {"cpu": needed - 1, "meta": 0.0}[device.type])
    assert made.refusal_of_host(step) is None  # where it is the device, the other forecast has all of it
    made.device = ELSEWHERE
    said = made.refusal_of_host(step)
    assert (said is not None and "of the host's memory" in said) == (dataset == "imagenet_subset")
    monkeypatch.setattr(rehearsal, "free_bytes", lambda device: needed)
    assert made.refusal_of_host(step) is None
