"""The memory guard: what it measures, what it predicts, and what it says when a local BOP will not fit."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.bilevel import (
    Engine,
    Forecast,
    GraphSize,
    WillNotFitError,
    graph_size,
    guard,
    local_program,
    refuse_if_too_large,
)
from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.inner import inner_sgd
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.durable import driver
from mnemonics_lib.models import IncrementalNet, build_network, transfer_weights

MB = 2**20


def level(**changes: Any) -> ExemplarLevel:
    return PAPER_EXEMPLAR_LEVEL.model_copy(update=changes)


def make(axes: ExemplarLevel) -> Engine:
    """The engine for an exemplar level, with losses that nobody asks for."""

    def never(*arguments: Any) -> Any:
        raise AssertionError("a guard computes no hypergradient")

    return local_program(never, never, axes)


def network(inner: str = "full") -> IncrementalNet:
    model = build_network(8, 4, 3, 10, seed=0).train()
    if inner == "head":
        model.backbone.requires_grad_(False)
    return model


def images(n: int = 6, size: int = 8) -> torch.Tensor:
    return torch.randn(n, 3, size, size, generator=torch.Generator().manual_seed(0))


ADJOINT = make(level(engine="adjoint"))


@pytest.mark.parametrize("engine", ["higher", "adjoint"])
def test_a_graph_holds_the_activations_of_every_layer_and_is_larger_with_the_gradients_in_it(engine):
    found = graph_size(network(), images(), make(level(engine=engine)))
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
    small, large = (graph_size(model, images(size=size), ADJOINT) for size in (8, 16))
    assert large.step == pytest.approx(4 * small.step, rel=0.1)
    assert graph_size(model, images(1), ADJOINT) == small  # one exemplar is enough to probe with
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(p.grad is None for p in model.parameters())


def test_what_is_frozen_does_not_move():
    model = network()
    transfer_weights(model)
    assert graph_size(model, images(), ADJOINT).parameters < graph_size(network(), images(), ADJOINT).parameters
    model.backbone.requires_grad_(False)
    head = graph_size(model, images(), ADJOINT)
    assert head.parameters == 4 * (16 * 10 + 10)


@given(st.integers(1, 60), st.integers(1, 1000), st.integers(0, 60))
def test_higher_grows_with_the_steps_it_keeps_and_the_adjoint_by_parameters_alone(steps, exemplars, keep):
    found = GraphSize(forward=MB, step=2 * MB, parameters=3 * MB)
    axes = {"inner_steps": steps, "truncate": keep}

    def peak(engine, **changes):
        return make(level(engine=engine, **axes | changes)).peak_bytes(found, exemplars, 100)

    kept = min(steps, keep or steps)
    assert peak("higher") >= kept * exemplars * 2 * MB  # the graphs themselves
    assert peak("adjoint", truncate=0) - peak("adjoint") == pytest.approx((steps - kept) * 3 * MB)
    more = peak("adjoint", inner_steps=steps + 1, truncate=0) - peak("adjoint", truncate=0)
    assert more == pytest.approx(3 * MB)
    for engine in ("higher", "adjoint"):
        half = make(level(engine=engine, **axes)).peak_bytes(found, max(1, exemplars // 2), 100)
        assert half <= peak(engine)
        assert peak(engine, inner="ncm") == peak(engine, inner="ridge") <= peak("higher")


def check(free: float, **changes: Any) -> None:
    axes = level(**changes)
    refuse_if_too_large(Forecast(make, network(axes.inner), images(), 1000, axes), 128, free)


def refusal(free: float, **changes: Any) -> str:
    with pytest.raises(WillNotFitError) as error:
        check(free, **changes)
    return str(error.value)


def predicted(exemplars: int = 1000, validation: int = 128, **changes: Any) -> float:
    axes = level(**changes)
    engine = make(axes)
    graph = graph_size(network(axes.inner), images(), engine)
    copies = (guard.AT_WORK + guard.MOMENTS * (axes.optimizer == "adam")) * exemplars * images()[0].nbytes
    return engine.peak_bytes(graph, min(exemplars, axes.inner_batch or exemplars), validation) + copies


def test_what_fits_passes_and_what_is_a_byte_too_large_does_not():
    check(predicted())
    with pytest.raises(WillNotFitError):
        check(predicted() - 1)


def test_a_batch_of_more_than_there_are_is_all_of_them():
    check(predicted(), inner_batch=5000)


def test_a_refusal_names_the_engine_the_truncation_and_the_batch_and_all_of_them_fit():
    free = 2 * predicted(engine="adjoint")
    message = refusal(free)
    assert "exemplar_level.engine = 'higher': 50 inner steps on 1000 exemplars" in message
    assert f"{predicted() / 1e9:.1f} GB" in message
    assert f"{free / 1e9:.1f} GB are free on cpu" in message
    found = dict(re.findall(r"exemplar_level\.(\w+)=(\w+)", message))
    assert found.keys() == {"engine", "truncate", "inner_batch"}
    assert found["engine"] == "adjoint"
    for field in ("truncate", "inner_batch"):
        value = int(found[field])
        assert predicted(**{field: value}) <= free < predicted(**{field: value + 1})


def test_where_the_adjoint_does_not_fit_either_a_smaller_batch_is_named():
    free = predicted(engine="adjoint") / 2
    message = refusal(free, engine="adjoint")
    value = int(re.findall(r"inner_batch=(\d+)", message)[0])
    assert predicted(engine="adjoint", inner_batch=value) <= free < predicted(engine="adjoint", inner_batch=value + 1)
    assert "truncate" not in message
    assert "engine=adjoint" not in message


def test_where_nothing_fits_it_says_so():
    assert "No smaller setting of these fits" in refusal(1.0)


def test_only_the_head_moving_needs_less_and_is_measured_so():
    need = predicted(inner="head")
    assert need < 0.8 * predicted()
    check(need, inner="head")
    with pytest.raises(WillNotFitError):
        check(need)


@pytest.mark.parametrize("inner", ["ncm", "ridge"])
def test_a_closed_form_is_told_of_its_own_kind_and_never_fewer_exemplars_than_classes(inner):
    message = refusal(0.9 * predicted(inner=inner), inner=inner)
    assert f"exemplar_level.inner = '{inner}': 1000 exemplars" in message
    assert "steps" not in message
    batch = int(re.findall(r"inner_batch=(\d+)", message)[0])
    assert batch >= 10
    assert f"for a run of at most {batch} classes" in message  # of which the network may know some alone as yet
    few = refusal(1.01 * predicted(exemplars=0, inner=inner), inner=inner)
    assert "inner_batch" not in few  # it would be fewer than the classes


def test_fewer_images_to_judge_by_are_named_where_nothing_else_helps():
    message = refusal(predicted(exemplars=1000, validation=100, inner="ncm"), inner="ncm")
    assert "inner_batch" in message
    tight = 0.5 * predicted(exemplars=0, inner="ncm")
    message = refusal(tight, inner="ncm")
    assert "val_batch" not in message  # 1000 exemplars alone are too many
    message = refusal_of_few(tight)
    fewer = int(re.findall(r"What fits: (\d+) validation images", message)[0])
    assert predicted(10, fewer, inner="ncm") <= tight < predicted(10, fewer + 1, inner="ncm")


def refusal_of_few(free: float) -> str:
    """Of ten exemplars, one a class."""
    with pytest.raises(WillNotFitError) as error:
        refuse_if_too_large(Forecast(make, network(), images(), 10, level(inner="ncm")), 128, free)
    return str(error.value)


def test_fewer_images_to_judge_by_are_not_named_where_parameters_are_what_is_too_large():
    parameters = 60 * graph_size(network(), images(), ADJOINT).parameters
    assert "val_batch" not in refusal(parameters / 2, engine="adjoint")


def test_an_engine_that_the_guard_does_not_know_states_its_own_need():
    class Frugal(Adjoint):
        """Needs a byte per exemplar."""

        def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
            return float(batch)

    def mine(axes: ExemplarLevel) -> Engine:
        return Frugal(lambda *_: images(), lambda *_: images(), inner_sgd(axes))

    copies = guard.AT_WORK * 1000 * images()[0].nbytes
    forecast = Forecast(mine, network(), images(), 1000, level())
    refuse_if_too_large(forecast, 128, 1000.0 + copies)
    with pytest.raises(WillNotFitError, match=r"exemplar_level\.inner_batch=999 "):
        refuse_if_too_large(forecast, 128, 999.0 + copies)
    with pytest.raises(WillNotFitError, match=r"exemplar_level\.inner_batch=2 "):
        refuse_if_too_large(forecast, 128, 2.0 + copies)
    with pytest.raises(WillNotFitError) as caught:
        refuse_if_too_large(forecast, 128, 1.0 + copies)
    assert "inner_batch=1" not in str(caught.value)  # one image alone would be refused


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_exemplars_take_room_themselves_and_those_on_the_host_as_many_as_a_step_brings(optimizer):
    """On a CPU the host is the device, so that what is held takes room as well."""
    few, one = images()[:4], images()[0].nbytes
    axes = level(engine="adjoint", inner_batch=7, inner_steps=3, optimizer=optimizer)
    moments = 2 if optimizer == "adam" else 0
    graphs = make(axes).peak_bytes(graph_size(network(), few, make(axes)), 7, 128)

    def copies(exemplars: int, held: bool) -> float:
        found = Forecast(make, network(), few, exemplars, axes, held).peak(128)
        return (found - graphs) / one

    assert copies(1000, held=False) == pytest.approx((guard.AT_WORK + moments) * 1000)
    assert copies(1000, held=True) == pytest.approx(guard.AT_WORK * 3 * 7 + (guard.AT_REST + moments) * 1000)
    assert copies(10, held=True) == pytest.approx((guard.AT_WORK + guard.AT_REST + moments) * 10)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_beside_another_device_the_host_has_what_is_at_rest_and_the_device_none_of_it(optimizer):
    few, axes = images()[:4], level(engine="adjoint", inner_batch=7, inner_steps=3, optimizer=optimizer)
    copies = (guard.AT_REST + (2 if optimizer == "adam" else 0)) * 1000
    assert guard.host_bytes(few[0].nbytes, 1000, axes) == copies * few[0].nbytes
    elsewhere = guard.Forecast(make, network(), few.to("meta"), 1000, axes, held=True)
    assert elsewhere._copies(axes) == guard.AT_WORK * 3 * 7 * few[0].nbytes


def test_a_host_without_room_is_named_with_what_would_fit():
    image, axes = images()[0].nbytes, level(optimizer="adam")
    needed, plain = (guard.host_bytes(image, 10**6, level(optimizer=name)) for name in ("adam", "sgd"))
    guard.refuse_if_host_is_too_small(image, 10**6, axes, needed)
    with pytest.raises(WillNotFitError) as error:
        guard.refuse_if_host_is_too_small(image, 10**6, axes, plain)
    said, (many, few) = str(error.value), (f"{size / 1e9:.1f} GB" for size in (needed, plain))
    assert "exemplar_level.optimizer = 'adam': a step on 1000000 exemplars that the host holds needs about " in said
    assert f"{many} of the host's memory; {few} are free there" in said
    assert f"What fits: exemplar_level.optimizer=sgd ({few})" in said
    fewer = int(re.findall(r"(\d+) exemplars at a time \(budget\)", said)[0])
    assert guard.host_bytes(image, fewer, axes) <= plain < guard.host_bytes(image, fewer + 1, axes)
    with pytest.raises(WillNotFitError, match="No smaller setting of these fits"):
        guard.refuse_if_host_is_too_small(image, 10**6, axes, 1.0)


def test_each_kind_of_engine_is_probed_in_its_own_layers_and_once(monkeypatch):
    probed: list[str] = []
    real = guard.graph_size

    def spy(temporary: Any, some: torch.Tensor, engine: Engine) -> GraphSize:
        probed.append(type(engine).__name__)
        return real(temporary, some, engine)

    monkeypatch.setattr(guard, "graph_size", spy)
    refusal(1.0)
    assert sorted(probed) == ["Higher", "RecordedAdjoint"]


def test_a_run_that_will_not_fit_is_one_message_on_the_command_line(monkeypatch, tmp_path, capsys):
    from mnemonics_lib.__main__ import main

    params = tmp_path / "p.yaml"
    params.write_text("training: {epochs: 1, milestones: []}\nphases: 1\n")
    monkeypatch.setattr(driver, "free_bytes", lambda device: 1e6)
    assert main(["run", str(params), "--out", str(tmp_path), "--quiet"]) == 2
    assert "exemplar_level.engine = 'higher'" in capsys.readouterr().err
