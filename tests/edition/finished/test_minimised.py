"""Trainings that minimise something else are told apart, however alike they are in all else."""

from __future__ import annotations

import copy
import json
from functools import partial

import pytest
import torch

from mnemonics_lib.edition.finished.loops import alike, describe
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state
from mnemonics_lib.training import Descent, classification
from tests.edition.finished.test_loops import loop


def incremental(tiny, teach=lambda teacher: None, change=lambda method: None):
    """The training of phase 1 by a run's method, its teacher and its method changed on request."""
    experiment = Experiment.of(tiny)
    state = initial_state(experiment)
    model, method = state.model, state.method
    teacher, old = copy.deepcopy(model).requires_grad_(False), model.classes
    model.grow(experiment.protocol.seen(1), seed=0)
    method.begin_phase(model, old, experiment.new_data(1))
    teach(teacher)
    change(method)
    return Descent(model, partial(method.loss, model, teacher), experiment.new_data(1), tiny.training, seed=0)


def test_what_is_minimised_tells_trainings_apart(tiny):
    one = describe(incremental(tiny), "a")
    assert alike(one, describe(incremental(tiny), "a"))
    others = [describe(incremental(tiny.replace(method=method)), "a") for method in ("icarl", "finetune")]
    for other in others:
        assert one.start == other.start  # nothing but the loss differs
        assert {key for key in one.settings if one.settings[key] != other.settings[key]} == {"loss"}
    others += [
        describe(incremental(tiny, teach=lambda teacher: torch.nn.init.ones_(teacher.backbone.conv1.weight)), "a"),
        describe(incremental(tiny, change=lambda method: setattr(method, "temperature", 3.0)), "a"),
    ]
    assert not any(alike(one, other) for other in others)


def test_another_head_tells_trainings_apart(tiny):
    heads = [tiny.replace(network={"head": head}) for head in ("linear", "cosine")]
    assert not alike(*(describe(loop(each), "a") for each in heads))


def test_numbers_of_a_loss_are_the_same_up_to_rounding(tiny):
    """BiC's teacher is corrected by what was fitted in the phase before, maybe on another processor."""

    def corrected(alpha, first=3):
        bic = tiny.replace(method="bic", budget=3)
        return describe(incremental(bic, change=lambda method: setattr(method, "taught", (alpha, 0.2, first))), "a")

    assert corrected(0.9) != corrected(0.9 + 1e-6)
    assert alike(corrected(0.9), corrected(0.9 + 1e-6))
    assert not alike(corrected(0.9), corrected(0.95))
    assert not alike(corrected(0.9), corrected(0.9, first=4))


def test_what_a_method_of_one_s_own_holds_counts(tiny):
    def holding(**values):
        return describe(incremental(tiny, change=lambda method: method.__dict__.update(values)), "a")

    one = holding(penalty={"weight": 2, "of": ["a"]}, importance=torch.ones(3), off=None)
    assert json.loads(json.dumps(one.settings)) == one.settings
    assert alike(one, holding(penalty={"weight": 2, "of": ["a"]}, importance=torch.ones(3), off=None))
    assert not alike(one, holding(penalty={"weight": 3, "of": ["a"]}, importance=torch.ones(3), off=None))
    assert not alike(one, holding(penalty={"weight": 2, "of": ["b"]}, importance=torch.ones(3), off=None))
    assert not alike(one, holding(penalty={"weight": 2, "of": ["a"]}, importance=torch.ones(3) * 2, off=None))
    assert not alike(one, holding(penalty={"weight": 2, "of": ["a"]}, importance=torch.ones(3), off=True))
    with pytest.raises(TypeError, match="a: a loss holds of, a set: must be a network, "):
        holding(of={1, 2})


def test_a_loss_that_no_name_tells_from_others_is_refused(tiny):
    one = loop(tiny)

    def loss(images, labels):
        return classification(one.model, images, labels)

    for each in (loss, partial(loss), torch.nn.CrossEntropyLoss()):
        one.loss = each
        with pytest.raises(TypeError, match=r"a: a loss, \S*: must be a method's, or a function of the library"):
            describe(one, "a")
