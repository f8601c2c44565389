"""The memory guard: what it measures, what it predicts, and what it says when a local BOP will not fit."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.bilevel import guard as memory
from mnemonics_lib.bilevel.guard import Footprint, WillNotFitError, check, footprint
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.device import memory as device_memory
from mnemonics_lib.models import IncrementalNet, build_network, transfer_weights

MB = 2**20


def level(**changes: Any) -> ExemplarLevel:
    return PAPER_EXEMPLAR_LEVEL.model_copy(update=changes)


def network() -> IncrementalNet:
    return build_network(8, 4, 3, 10, seed=0).train()


def images(n: int = 6, size: int = 8) -> torch.Tensor:
    return torch.randn(n, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_a_graph_holds_the_activations_of_every_layer_and_is_larger_with_the_gradients_in_it(engine):
    found = footprint(network(), images(), engine)
    # By hand, in numbers per image: the inputs of 9 convolutions and of 9 batch normalisations (the image itself, asked
    # for a gradient, is one of them), plus the features and the logits, which are few.
    stage = [4 * 64, 8 * 16, 16 * 4]
    inputs_of_convolutions = 3 * 64 + 2 * stage[0] + stage[0] + stage[1] + stage[1] + stage[2]  # shortcuts share theirs
    inputs_of_norms = 3 * stage[0] + 3 * stage[1] + 3 * stage[2]
    floats = found.forward / 4
    assert (
        0.9 * (inputs_of_convolutions + inputs_of_norms) <= floats <= 1.4 * (inputs_of_convolutions + inputs_of_norms)
    )
    assert 1.5 * found.forward <= found.step <= 3 * found.forward
    assert found.parameters == 4 * sum(p.numel() for p in network().parameters())


def test_it_grows_with_the_image_and_the_probe_leaves_the_network_as_it_was():
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    small, large = footprint(model, images(size=8), "adjoint"), footprint(model, images(size=16), "adjoint")
    assert large.step == pytest.approx(4 * small.step, rel=0.1)
    assert footprint(model, images(1), "adjoint") == small  # one exemplar is enough to probe with
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(p.grad is None for p in model.parameters())


def test_what_is_frozen_does_not_move():
    model = network()
    transfer_weights(model)
    assert footprint(model, images(), "adjoint").parameters < footprint(network(), images(), "adjoint").parameters
    model.backbone.requires_grad_(False)
    head = footprint(model, images(), "adjoint")
    assert head.parameters == 4 * (16 * 10 + 10)


@given(st.integers(1, 60), st.integers(1, 1000), st.integers(0, 60))
def test_higher_grows_with_the_steps_it_keeps_and_the_adjoint_by_parameters_alone(steps, exemplars, keep):
    found = Footprint(forward=MB, step=2 * MB, parameters=3 * MB)
    axes = {"inner_steps": steps, "truncate": keep}

    def peak(engine, **changes):
        return found.peak(exemplars, 100, level(engine=engine, **axes | changes))

    kept = min(steps, keep or steps)
    assert peak("higher") >= kept * exemplars * 2 * MB  # the graphs themselves
    assert peak("adjoint", truncate=0) - peak("adjoint") == pytest.approx((steps - kept) * 3 * MB)
    more = found.peak(exemplars, 100, level(engine="adjoint", inner_steps=steps + 1)) - peak("adjoint", truncate=0)
    assert more == pytest.approx(3 * MB)
    for engine in ("higher", "adjoint"):
        assert peak(engine, inner_batch=exemplars) == peak(engine, inner_batch=0)
        assert peak(engine, inner_batch=max(1, exemplars // 2)) <= peak(engine)
        assert peak(engine, inner="ncm") == peak(engine, inner="ridge") <= peak("higher")


FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


@pytest.mark.parametrize("version", FILES)
def test_the_limits_of_containers_and_jobs_are_seen(version, tmp_path, monkeypatch):
    own, root = tmp_path / "cgroup", tmp_path / "groups"
    top = root if version == 2 else root / "memory"
    limit, use, cache = FILES[version]

    def group(folder: Path, most: str) -> None:
        """A group that uses 300, of which 50 are caches."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(f"{most}\n")
        (folder / use).write_text("300\n")
        (folder / "memory.stat").write_text(f"anon 250\n{cache} 50\n")

    memory_line = "0::" if version == 2 else "4:cpu,memory:"
    own.write_text(f"1:name=systemd:/else\n{memory_line}/job/step\n")
    assert set(device_memory.group_bytes(own, root)) == {math.inf}  # no groups of this kind
    group(top / "job" / "step", "max" if version == 2 else str(2**63 - 4096))
    assert min(device_memory.group_bytes(own, root)) > 1e18
    group(top / "job" / "step", "400")
    group(top / "job", "1000")
    group(top, "800")
    group(top.parent, "1")  # outside
    assert device_memory.group_bytes(own, root) == [150, 750, 550]
    (top / "job" / "memory.stat").write_text("anon 250\n")  # no word of caches
    assert device_memory.group_bytes(own, root)[1] == 700
    (top / "job" / "memory.stat").unlink()
    (top / use).write_text("odd\n")
    assert device_memory.group_bytes(own, root) == [150, math.inf, math.inf]
    group(top, "800")
    own.write_text(f"odd\n{memory_line}/\n")
    assert device_memory.group_bytes(own, root) == [550]
    assert device_memory.group_bytes(tmp_path / "none", root) == []
    monkeypatch.setattr(device_memory, "group_bytes", lambda: [123.0, 456.0])
    assert device_memory.free_bytes(torch.device("cpu")) == 123
    monkeypatch.setattr(device_memory, "group_bytes", list)
    assert device_memory.free_bytes(torch.device("cpu")) > 1e6


def refusal(monkeypatch, free: float, **changes: Any) -> str:
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    with pytest.raises(WillNotFitError) as error:
        check(network(), images(), 1000, 128, level(**changes))
    return str(error.value)


def predicted(**changes: Any) -> float:
    settings = level(**changes)
    return footprint(network(), images(), settings.engine).peak(1000, 128, settings)


def test_what_fits_passes(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: predicted() + 1)
    check(network(), images(), 1000, 128, level())


def test_a_refusal_names_the_engine_the_truncation_and_the_batch_and_all_of_them_fit(monkeypatch):
    free = 2 * predicted(engine="adjoint")
    message = refusal(monkeypatch, free)
    assert "exemplar_level.engine = 'higher': 50 inner steps on 1000 exemplars" in message
    assert f"{predicted() / 1e9:.1f} GB" in message
    assert f"{free / 1e9:.1f} GB are free on cpu" in message
    found = dict(re.findall(r"exemplar_level\.(\w+)=(\w+)", message))
    assert found.keys() == {"engine", "truncate", "inner_batch"}
    assert found["engine"] == "adjoint"
    for field in ("truncate", "inner_batch"):
        value = int(found[field])
        assert predicted(**{field: value}) <= free < predicted(**{field: value + 1})


def test_where_the_adjoint_does_not_fit_either_a_smaller_batch_is_named(monkeypatch):
    free = predicted(engine="adjoint") / 2
    message = refusal(monkeypatch, free, engine="adjoint")
    value = int(re.findall(r"inner_batch=(\d+)", message)[0])
    assert predicted(engine="adjoint", inner_batch=value) <= free < predicted(engine="adjoint", inner_batch=value + 1)
    assert "truncate" not in message
    assert "engine=adjoint" not in message


def test_where_nothing_fits_it_says_so(monkeypatch):
    assert "No smaller setting of these fits" in refusal(monkeypatch, 1.0)


def test_only_the_head_moving_needs_less_and_is_measured_so(monkeypatch):
    frozen = network()
    frozen.backbone.requires_grad_(False)
    need = footprint(frozen, images(), "higher").peak(1000, 128, level(inner="head"))
    assert need < 0.8 * predicted()
    monkeypatch.setattr(memory, "free_bytes", lambda device: need + 1)
    check(network(), images(), 1000, 128, level(inner="head"))
    with pytest.raises(WillNotFitError):
        check(network(), images(), 1000, 128, level())


@pytest.mark.parametrize("inner", ["ncm", "ridge"])
def test_a_closed_form_is_told_of_its_own_kind_and_never_fewer_exemplars_than_classes(monkeypatch, inner):
    message = refusal(monkeypatch, 0.9 * predicted(inner=inner), inner=inner)
    assert f"exemplar_level.inner = '{inner}': 1000 exemplars" in message
    assert "steps" not in message
    assert int(re.findall(r"inner_batch=(\d+)", message)[0]) >= 10
    few = refusal(monkeypatch, 2 * 128 * footprint(network(), images(), "higher").forward * 1.01, inner=inner)
    assert "inner_batch" not in few  # it would be fewer than the classes


def test_fewer_judges_are_named_only_where_they_help(monkeypatch):
    parameters = 60 * footprint(network(), images(), "adjoint").parameters
    assert "images to judge by" not in refusal(monkeypatch, parameters / 2, engine="adjoint")


def test_free_memory_is_what_the_system_says():
    free = device_memory.free_bytes(torch.device("cpu"))
    assert 0 < free <= psutil.virtual_memory().total


def test_a_run_that_will_not_fit_is_one_message_on_the_command_line(monkeypatch, tmp_path, capsys):
    from mnemonics_lib.__main__ import main

    params = tmp_path / "p.yaml"
    params.write_text("training: {epochs: 1, milestones: []}\nphases: 1\n")
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1e6)
    assert main(["run", str(params), "--out", str(tmp_path), "--quiet"]) == 2
    assert "exemplar_level.engine = 'higher'" in capsys.readouterr().err
