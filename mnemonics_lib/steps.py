"""Each step of a phase is taken once, and in its turn.

A step changes the state in place, so taken again it would do something else than it says: train a trained model for
twice as long, say, with itself as the teacher. Nothing in the model shows that, so the state keeps which step was last.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import StepError
from mnemonics_lib.models import IncrementalNet


class Stepped(Protocol):
    """What the rules look at in a state: the phase, the model, the memory, and the step that was last."""

    phase: int
    model: IncrementalNet
    memory: ExemplarMemory
    last: tuple[int, str] | None


class Rule(NamedTuple):
    """When a step may be taken.

    Attributes:
        after: the step that must have been taken before, in the same phase; "" for none.
        in_place: whether it changes the model or the method as it goes, so that one that stops half-way cannot be taken
            again. The others replace the memory once they are done.
    """

    after: str
    in_place: bool


RULES = {
    "model_level": Rule("", in_place=True),
    "select_exemplars": Rule("model_level", in_place=False),
    "new_exemplars": Rule("select_exemplars", in_place=False),
    "adjust_exemplars": Rule("select_exemplars", in_place=False),
    "balanced_finetuning": Rule("select_exemplars", in_place=True),
    "finish_phase": Rule("model_level", in_place=True),
}
"""The steps of a phase, in their order. Those that no other one must come after may be left out."""

ORDER = list(RULES)

Step = TypeVar("Step", bound=Callable[..., Any])


def step(function: Step) -> Step:
    """Let a function of an experiment and a state be the step of its name: it raises StepError out of turn."""
    name = function.__name__

    @functools.wraps(function)
    def in_turn(experiment: Experiment, state: Stepped, *args: Any, **kwargs: Any) -> Any:
        refuse_out_of_turn(experiment, state, name)
        before, state.last = state.last, (state.phase, name)
        try:
            return function(experiment, state, *args, **kwargs)
        except BaseException:  # an interrupted cell too
            if not RULES[name].in_place:
                state.last = before
            raise

    return cast(Step, in_turn)


def refuse_out_of_turn(experiment: Experiment, state: Stepped, name: str) -> None:
    """Raise StepError unless the state is one from which a step may be taken."""
    phase, phases, protocol = state.phase, experiment.config.phases, experiment.protocol
    here = f"phase {phase}: {name}"
    if not 0 <= phase <= phases:
        raise StepError(
            f"{here}: the phases of this run are 0 to {phases}; a state that has them all takes no more steps"
        )
    of_phase, last = state.last or (-1, "")
    taken = ORDER.index(last) if of_phase == phase else -1
    rule = RULES[name]
    emptied = not len(state.memory.positions(*protocol.bounds(phase)))
    if name == last == "select_exemplars" and emptied:  # images may be chosen anew
        taken -= 1
    if taken >= ORDER.index(name):
        raise StepError(
            f"{here}: {last} was taken already, or begun, in this phase. Each step is taken once, in the order "
            f"{', '.join(ORDER)}. Go on with a later one, or go back to a state from before: a copy.deepcopy of it, or "
            "initial_state and the phases again"
        )
    if rule.after and taken < ORDER.index(rule.after):
        raise StepError(f"{here}: comes after {rule.after}, which this phase has not had yet")
    knows = protocol.seen(phase if rule.after else max(phase - 1, 0))
    if state.model.classes != knows:
        raise StepError(
            f"{here}: the model knows {state.model.classes} classes; must know {knows}, as this experiment has them"
        )
