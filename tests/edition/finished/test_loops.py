"""A loop is known by its name, its settings and what it begins with, up to rounding."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from mnemonics_lib.edition.finished.loops import Described, alike, describe, numbers
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.mnemonics import new_exemplar_training
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, select_exemplars
from mnemonics_lib.training import Descent, classification


def loop(tiny, seed=0, scale=1.0, data=None):
    experiment = Experiment.of(tiny)
    model = initial_state(experiment).model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return Descent(model, partial(classification, model), data or experiment.new_data(0), tiny.training, seed)


def with_exemplars(tiny):
    """The state of a run with the first exemplars chosen by a network without training."""
    experiment = Experiment.of(tiny)
    state = initial_state(experiment)
    state.last = (0, "model_level")
    select_exemplars(experiment, state)
    return experiment, state


def exemplar_training(tiny, change=lambda memory: memory):
    """E_0's, its memory changed on request before it begins."""
    experiment, state = with_exemplars(tiny)
    memory, level = change(state.memory), tiny.exemplar_level
    return new_exemplar_training(state.model, memory, 0, experiment.new_data(0), level, seed=0)


def adjustment(tiny, change=lambda memory: memory, turn=lambda parts: parts):
    """Of E_0, its memory and its parts changed on request before it begins."""
    experiment, state = with_exemplars(tiny)
    parts, level = turn(state.memory.splits(2, state.model.classes)), tiny.exemplar_level
    return Adjustment(state.model, change(state.memory), parts, level, experiment.data.pixels, seed=0)


def other_images(memory):
    """The first image of a memory a tenth of a standard deviation lighter."""
    images = memory.images.clone()
    images[0] += 0.1
    return memory.with_images(torch.arange(len(images)), images)


def test_two_that_differ_by_rounding_are_alike(tiny):
    one, other = (describe(loop(tiny, scale=scale), "a") for scale in (1.0, 1.0 + 1e-6))
    assert one != other
    assert alike(one, other)


def test_any_other_difference_tells_them_apart(tiny):
    one, experiment = describe(loop(tiny), "a"), Experiment.of(tiny)
    half = experiment.new_data(0)
    turned = half.where(torch.arange(len(half)).flip(0) >= 0)
    assert alike(one, describe(loop(tiny, data=turned), "a"))
    others = [
        describe(loop(tiny), "b"),
        describe(loop(tiny, seed=1), "a"),
        describe(loop(tiny.replace(training={"epochs": 2})), "a"),
        describe(loop(tiny, scale=1.01), "a"),
        describe(loop(tiny, data=experiment.new_data(1)), "a"),
        describe(loop(tiny, data=half.where(torch.arange(len(half)) > 0)), "a"),
    ]
    assert not any(alike(one, other) for other in others)
    level = tiny.replace(exemplar_level={"inner_steps": 3})
    one = describe(exemplar_training(tiny), "a")
    assert alike(one, describe(exemplar_training(tiny), "a"))
    others = [
        describe(exemplar_training(tiny), "b"),
        describe(exemplar_training(level), "a"),
        describe(exemplar_training(tiny.replace(exemplar_level={"init": "herding"})), "a"),
        describe(exemplar_training(tiny, other_images), "a"),
    ]
    assert not any(alike(one, other) for other in others)
    one = describe(adjustment(tiny), "a")
    assert alike(one, describe(adjustment(tiny), "a"))
    others = [
        describe(adjustment(tiny), "b"),
        describe(adjustment(level), "a"),
        describe(adjustment(tiny, other_images), "a"),
        describe(adjustment(tiny, turn=lambda parts: parts[::-1]), "a"),
    ]
    assert not any(alike(one, other) for other in others)


def test_an_exemplar_training_is_known_by_its_start_and_an_adjustment_by_its_parts(tiny):
    """Each alone: with the same network, settings and data."""
    for make in (exemplar_training, adjustment):
        one, other = describe(make(tiny), "a"), describe(make(tiny, other_images), "a")
        assert one.settings == other.settings
        assert {part for part in one.start if one.start[part] != other.start[part]} == {"exemplars"}


def test_the_same_images_in_another_order_are_others():
    images = torch.randn(50, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    one, other = (Described("a", {}, {"images": numbers([each])}) for each in (images, images.flip(0)))
    assert one.start["images"][:3] == pytest.approx(other.start["images"][:3])
    assert not alike(one, other)


def test_nothing_is_like_nothing():
    assert numbers([]) == [0.0] * 4
    assert alike(Described("a", {}, {"none": numbers([])}), Described("a", {}, {"none": numbers([torch.zeros(0)])}))


def test_a_loop_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"mine: a object: must be a loop of the model level"):
        describe(object(), "mine")  # type: ignore[arg-type]
