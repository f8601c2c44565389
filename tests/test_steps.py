"""Steps of a phase are taken once and in their turn, whoever steps by hand; what is refused changes nothing."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnemonics_lib import global_bop
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import StepError
from mnemonics_lib.steps import ORDER, RULES

STEPS = {name: getattr(global_bop, name) for name in ORDER}


@pytest.fixture(scope="module")
def experiment(tiny_values):
    from mnemonics_lib.config import parse_config

    values = {"exemplars": "mnemonics", "adjust": 2, "budget": 4}
    return Experiment.of(parse_config(tiny_values | values))


@pytest.fixture(scope="module")
def after_phase_0(experiment):
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    return state


@pytest.fixture
def state(after_phase_0):
    return copy.deepcopy(after_phase_0)


def content(state: Any) -> list[Any]:
    """All that a step may change, as values that compare."""
    tensors = [*state.model.state_dict().values(), state.memory.images, state.memory.labels, state.held_out.images]
    return [tensor.clone() for tensor in tensors] + [state.phase, len(state.results), repr(state.method.state())]


def same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in zip(one, other, strict=True)
    )


def test_the_order_is_that_of_the_paper_s_flow():
    source = inspect.getsource(global_bop.run_phase)
    whole = source.replace("exemplar_level(", "new_exemplars( adjust_exemplars(")
    assert sorted(ORDER, key=lambda name: whole.index(f"{name}(")) == ORDER
    assert list(RULES) == ORDER


@pytest.mark.parametrize("name", ORDER)
def test_a_step_taken_twice_is_refused_and_changes_nothing(experiment, state, name):
    for before in ORDER[: ORDER.index(name) + 1]:
        STEPS[before](experiment, state)
    left = content(state)
    with pytest.raises(StepError, match=f"phase 1: {name}: {name} was taken already, or begun, in this phase"):
        STEPS[name](experiment, state)
    assert same(content(state), left)


def test_images_are_not_chosen_twice_and_may_be_chosen_anew_for_an_emptied_memory(experiment, state):
    global_bop.model_level(experiment, state)
    global_bop.select_exemplars(experiment, state)
    chosen = state.memory
    with pytest.raises(StepError, match="select_exemplars was taken already"):
        global_bop.select_exemplars(experiment, state)
    assert state.memory is chosen
    state.memory = chosen.shrink(0)
    global_bop.select_exemplars(experiment, state)
    new = chosen.positions(5, 6)
    assert torch.equal(state.memory.images, chosen.images[new])
    with pytest.raises(StepError, match="select_exemplars was taken already"):
        global_bop.select_exemplars(experiment, state)


def test_classes_put_into_the_memory_by_hand_are_not_put_there_again(experiment, state):
    global_bop.model_level(experiment, state)
    images, labels = experiment.new_data(1).batch(torch.arange(4))
    state.memory = state.memory.extend(images, labels)
    with pytest.raises(ValueError, match="the memory has exemplars of class 5 already"):
        global_bop.select_exemplars(experiment, state)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ORDER), min_size=1, max_size=6))
def test_whatever_is_tried_only_steps_in_their_turn_change_the_state(experiment, after_phase_0, tried):
    state, taken = copy.deepcopy(after_phase_0), list[str]()
    for name in tried:
        after = RULES[name].after
        in_turn = all(ORDER.index(name) > ORDER.index(other) for other in taken) and (not after or after in taken)
        left, last = content(state), state.last
        if in_turn:
            STEPS[name](experiment, state)
            taken.append(name)
        else:
            with pytest.raises(StepError):
                STEPS[name](experiment, state)
            assert same(content(state), left)
            assert state.last == last


@pytest.mark.parametrize("name", ORDER[1:])
def test_a_step_that_comes_after_another_says_which(experiment, state, name):
    with pytest.raises(StepError, match=f"phase 1: {name}: comes after {RULES[name].after}, which this phase has not"):
        STEPS[name](experiment, state)


def test_a_run_that_has_all_phases_takes_no_more_steps(experiment, state):
    assert len(list(global_bop.phases(experiment, state))) == 5
    left = content(state)
    for attempt in (global_bop.run_phase, *STEPS.values()):
        with pytest.raises(StepError, match=r"phase 6: .*the phases of this run are 0 to 5"):
            attempt(experiment, state)
    assert list(global_bop.phases(experiment, state)) == []  # as often as asked
    assert same(content(state), left)


@pytest.mark.parametrize(("phase", "must"), [(0, 5), (3, 7)])
def test_a_phase_set_by_hand_to_one_that_the_model_is_not_at_is_refused(experiment, state, phase, must):
    if phase == 0:
        global_bop.model_level(experiment, state)  # now the model knows the classes of phase 1
    knows, state.phase = state.model.classes, phase
    with pytest.raises(
        StepError, match=f"phase {phase}: model_level: the model knows {knows} classes; must know {must}"
    ):
        global_bop.model_level(experiment, state)


def test_a_model_level_that_was_stopped_half_way_is_not_begun_again_on_what_it_left(experiment, state):
    def stopped(loop: Any, name: str) -> None:
        loop.step()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        global_bop.model_level(experiment, state, stopped)
    with pytest.raises(StepError, match="model_level was taken already, or begun"):
        global_bop.model_level(experiment, state)


def test_training_of_exemplars_that_was_stopped_has_changed_nothing_and_may_begin_again(experiment, state):
    def stopped(loop: Any, name: str) -> None:
        loop.step()
        raise KeyboardInterrupt

    global_bop.model_level(experiment, state)
    global_bop.select_exemplars(experiment, state)
    straight, left = copy.deepcopy(state), content(state)
    with pytest.raises(KeyboardInterrupt):
        global_bop.exemplar_level(experiment, state, stopped)
    assert same(content(state), left)
    for each in (state, straight):
        global_bop.exemplar_level(experiment, each)
    assert torch.equal(state.memory.images, straight.memory.images)


def test_steps_by_hand_may_leave_out_what_no_other_needs(experiment, state):
    """As the notebooks do: the first goes from the choice of images to the fine-tuning, and ends no phase."""
    global_bop.model_level(experiment, state)
    global_bop.select_exemplars(experiment, state)
    global_bop.balanced_finetuning(experiment, state)
    state.phase = 2
    global_bop.model_level(experiment, state)
    assert state.model.classes == 7


def test_where_the_fine_tuning_measures_the_end_of_the_phase_the_phase_still_goes_on(experiment, state):
    for name in ORDER:
        STEPS[name](experiment, state)
    assert state.last == (1, "finish_phase")


def test_a_copy_from_before_takes_its_own_steps(experiment, state):
    copied = copy.deepcopy(state)
    global_bop.model_level(experiment, state)
    global_bop.model_level(experiment, copied)
    assert same(content(state), content(copied))


def test_where_nothing_is_kept_a_choice_of_nothing_brings_no_step_back(tiny):
    experiment = Experiment.of(tiny.preset("finetune"))
    state = global_bop.initial_state(experiment)
    for name in ORDER:
        STEPS[name](experiment, state)
    for name in ORDER:
        with pytest.raises(StepError, match=f"phase 0: {name}: finish_phase was taken already"):
            STEPS[name](experiment, state)
