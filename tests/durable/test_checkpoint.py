"""What a checkpoint holds is read to the host, and each part of it then goes to where the run has it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch

from mnemonics_lib import runs
from mnemonics_lib.durable.checkpoint import memory_on, placed
from mnemonics_lib.exemplars.memory import ExemplarMemory

ELSEWHERE = torch.device("meta")
"""Stands for a GPU: a tensor that was sent there is not on the host any more."""


def places(memory: dict[str, Any]) -> dict[str, str]:
    found = memory_on(memory, ELSEWHERE)
    return {name: value.device.type for name, value in found.items() if isinstance(value, torch.Tensor)}


def test_exemplars_on_the_host_stay_there_and_their_labels_go_to_the_device(pixels):
    held = ExemplarMemory.on_host((2, 4, 4), pixels).state(pixels)
    assert places(held) == {"images": "cpu", "origin": "cpu", "labels": "meta", "rank": "meta"}


def test_those_on_the_device_go_there_with_all_that_belongs_to_them(pixels):
    resident = ExemplarMemory.empty((2, 4, 4), torch.device("cpu")).state(pixels)
    assert set(places(resident).values()) == {"meta"}
    assert memory_on(resident, ELSEWHERE)["storage"] == "float32"


def test_tensors_anywhere_in_plain_values_are_placed_and_all_else_is_as_it_was():
    network = torch.nn.BatchNorm1d(2).state_dict()
    value = {"network": network, "list": [torch.ones(2), 3, (torch.zeros(1), "a")], "none": None}
    found = placed(value, ELSEWHERE)
    assert {each.device.type for each in found["network"].values()} == {"meta"}
    assert isinstance(found["network"], OrderedDict)
    assert vars(found["network"]) == vars(network)  # the versions that load_state_dict asks for
    assert "_metadata" in vars(network)
    assert (found["list"][0].device, found["list"][2][0].device) == (ELSEWHERE, ELSEWHERE)
    assert (found["list"][1], found["list"][2][1], found["none"]) == (3, "a", None)
    assert {each.device.type for each in network.values()} == {"cpu"}  # it is another one


@pytest.mark.parametrize("method", ["lwf", "bic"])
def test_a_run_that_goes_on_asks_for_no_file_on_its_device(tiny, tmp_path, monkeypatch, method):
    config = tiny.replace(method=method, phases=1, budget=4)
    asked: list[object] = []
    load = torch.load

    def spy(*arguments: Any, **options: Any) -> Any:
        asked.append(options["map_location"])
        return load(*arguments, **options)

    def stop(row: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(config, tmp_path, "cpu:0", each_phase=stop)
    monkeypatch.setattr(torch, "load", spy)
    record, path = runs.run(config, tmp_path, "cpu:0")
    runs.load_run(path, "cpu:0")
    assert asked == ["cpu", "cpu"]
    assert record.accuracy == runs.run(config, tmp_path / "whole", "cpu:0")[0].accuracy
