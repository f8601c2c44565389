"""An experiment: a protocol and the data that it is one of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from mnemonics_lib.data.dataset import Dataset
from mnemonics_lib.data.split import Split
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.phases import PhaseProtocol


@pytest.fixture
def experiment(tiny) -> Experiment:
    return Experiment.of(tiny)


def test_a_part_of_the_classes_in_any_order_is_a_protocol_of_the_data(experiment):
    some = replace(experiment, protocol=PhaseProtocol([3, 7, 1, 9], 2))
    for phase in range(3):
        data, (first, last) = some.new_data(phase), some.protocol.bounds(phase)
        assert sorted(set(data.labels.tolist())) == list(range(first, last))
        own = [int((experiment.data.train.labels == some.protocol.order[k]).sum()) for k in range(first, last)]
        assert torch.bincount(data.labels)[first:].tolist() == own


def test_an_order_that_names_classes_that_are_not_there_is_refused_with_their_names(experiment):
    with pytest.raises(ValueError, match=r"protocol\.order: names 10, 42: must be classes of which data\.train has"):
        replace(experiment, protocol=PhaseProtocol([3, 42, 1, 10], 2))


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_class_without_images_in_one_split_is_refused(experiment, name):
    whole = getattr(experiment.data, name)
    kept = whole.labels != 7
    fewer = replace(experiment.data, **{name: Split(whole.images[kept], whole.labels[kept])})
    with pytest.raises(
        ValueError, match=rf"protocol\.order: names 7: must be classes of which data\.{name} has images"
    ):
        replace(experiment, data=fewer)
    rest = [c for c in range(10) if c != 7]
    assert replace(experiment, data=fewer, protocol=PhaseProtocol(rest, 5)).data is fewer


def other(data: Dataset, name: str, **change: Any) -> Dataset:
    split = getattr(data, name)
    changed = {field: edit(getattr(split, field)) for field, edit in change.items()}
    return replace(data, **{name: replace(split, **changed)})


@pytest.mark.parametrize("name", ["train", "test"])
def test_data_that_are_none_are_refused_before_a_phase_begins(experiment, name):
    data, images = experiment.data, rf"data\.{name}\.images"
    cases = [
        ({"images": torch.Tensor.float}, rf"{images} = torch\.float32"),
        ({"labels": torch.Tensor.int}, rf"data\.{name}\.labels = torch\.int32"),
        ({"labels": lambda labels: labels[1:]}, rf"data\.{name}\.labels = .*one for each image"),
    ]
    for change, message in cases:
        with pytest.raises(ValueError, match=message):
            replace(experiment, data=other(data, name, **change))


def test_both_splits_have_images_of_one_size(experiment):
    with pytest.raises(
        ValueError, match=r"data\.test\.images = .*4, 4\]: must be torch\.uint8 of shape \[n, 1, 8, 8\]"
    ):
        replace(experiment, data=other(experiment.data, "test", images=lambda images: images[:, :, ::2, ::2]))


def test_data_on_another_kind_of_device_are_refused(experiment):
    with pytest.raises(ValueError, match=r"data\.train: on cpu: must be on meta, the experiment's"):
        replace(experiment, device=torch.device("meta"))
