"""The global BOP, Figure 2 of the paper as code: model level and exemplar level in turn, phase after phase.

``run_phase`` is the paper's computing flow. Its steps can be taken one by one, each once and in its turn; otherwise a
StepError says what is expected (:mod:`mnemonics_lib.steps`). Who walks its loops is an argument,
:data:`mnemonics_lib.loops.Walker`: a plain ``for``, or the driver that keeps what is needed to go on.
:mod:`mnemonics_lib.runs` does the latter.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import loops, metrics
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.exemplars.adjustment import Adjustment
from mnemonics_lib.exemplars.controls import controls
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import new_exemplar_training
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.exemplars.shuffled import shuffle
from mnemonics_lib.experiment import Experiment, fresh_network
from mnemonics_lib.from_scratch import accuracy_from_scratch
from mnemonics_lib.loops import Walker
from mnemonics_lib.methods import METHODS, method_class
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.reported import reported
from mnemonics_lib.models import IncrementalNet, evaluating, transfer_weights
from mnemonics_lib.phases import PhaseProtocol
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.steps import step
from mnemonics_lib.training import Descent, LossFunction, classification

Row = dict[str, Any]
"""What a phase leaves in the results, or a part of it; the fields are those of
:class:`mnemonics_lib.durable.records.PhaseResult`."""


@dataclass
class State:
    """Everything that goes from one phase to the next.

    Attributes:
        phase: the next phase to run, 0..N+1.
        model: Theta_{phase-1} (before phase 0, the fresh network).
        memory: E_{0:phase-1}.
        held_out: real images of the classes seen that no training uses; empty but for BiC.
        method: with what it carries from phase to phase.
        results: one row per finished phase.
        last: the phase and the name of the step that was taken last; the next ones are held to it (:mod:`.steps`).
    """

    phase: int
    model: IncrementalNet
    memory: ExemplarMemory
    held_out: ExemplarMemory
    method: Method
    results: list[Row] = field(default_factory=list)
    last: tuple[int, str] | None = None


def initial_state(experiment: Experiment) -> State:
    """Before phase 0: a fresh network and an empty memory; of pictures that stay on disk, a memory on the host."""
    config, data = experiment.config, experiment.data
    state = fresh_state(config, experiment.protocol, data.shape, experiment.device)
    if isinstance(data.train.images, StoredPictures):
        state.memory = ExemplarMemory.on_host(data.shape, data.pixels, config.storage)
        state.held_out = ExemplarMemory.on_host(data.shape, data.pixels, "uint8")
    return state


def fresh_state(config: RunConfig, protocol: PhaseProtocol, shape: tuple[int, int, int], device: torch.device) -> State:
    """The same without the data set, of which it needs the shape (c, h, w) of an image alone."""
    model = fresh_network(config, shape[0], protocol.seen(0), derive(config.seed, "network"))
    method = method_class(config.method)(config.training.lam, config.training.temperature)
    method.lambda_base = config.training.lambda_base
    return State(
        phase=0,
        model=model.to(device),
        memory=ExemplarMemory.empty(shape, device, config.storage),
        held_out=ExemplarMemory.empty(shape, device, "uint8"),
        method=method,
    )


def phases(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Iterator[State]:
    """Run the remaining phases, yielding the state after each."""
    while state.phase <= experiment.config.phases:
        run_phase(experiment, state, walk)
        yield state


def run_phase(experiment: Experiment, state: State, walk: Walker = loops.walk) -> None:
    """One phase of Figure 2, in place.

    Raises:
        StepError: after the last phase, or where steps of this one were taken already.
        DivergedError: for a loop that comes upon NaN or infinity.
        NonFiniteError: for a measurement that does, or a number that the method reports.
        TypeError: for a method that reports what is no number.
    """
    row = model_level(experiment, state, walk)  # Theta_i, Eq. 5 and 6
    select_exemplars(experiment, state)  # E_i starts as real images
    row |= exemplar_level(experiment, state, walk)  # E_i by Eq. 9, E_{0:i-1} by Eq. 10
    row |= balanced_finetuning(experiment, state, walk)  # Theta_i on E_{0:i}
    row |= finish_phase(experiment, state)
    row |= evaluate(experiment, state)
    row |= learn_from_scratch(experiment, state, walk)  # what E_{0:i} teaches by itself, if asked for
    state.results.append(row)
    state.phase += 1


@step
def model_level(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row:
    """Eq. 4a, 5 and 6: train Theta_i on E_{0:i-1} and D_i, from Theta_{i-1} and with it as the teacher.

    Phase 0 is plain classification.

    Returns:
        ``training_loss``, the mean of each epoch; ``train_accuracy`` (%) and ``train_loss`` (Eq. 2) at the end, on the
        training images without augmentation, with the running statistics and the network's own head.
    """
    phase, config, model, method = state.phase, experiment.config, state.model, state.method
    per_class = config.quota(experiment.protocol.seen(phase))[1]
    if per_class:
        state.held_out = state.held_out.shrink(per_class).extend(*experiment.held_out(phase).to_keep())
    data = experiment.new_data(phase)  # D_i
    loss: LossFunction
    if phase == 0:
        loss = partial(classification, model)  # Eq. 2
    else:
        teacher = copy.deepcopy(model).eval().requires_grad_(False)  # Theta_{i-1}
        old = model.classes
        if config.weight_transfer:
            transfer_weights(model)
        model.grow(experiment.protocol.seen(phase), experiment.seed("head", phase))
        method.begin_phase(model, old, data)
        data = training_data(experiment, state, data)  # E_{0:i-1} and D_i
        loss = partial(method.loss, model, teacher)  # L_all, Eq. 5
    descent = Descent(model, loss, data, config.training, experiment.seed("training", phase))
    walk(descent, f"phase {phase}: model")  # Eq. 6; for phase 0 the name is a key of durable.shared
    if phase:
        method.end_training(model)
    with evaluating(model):
        train_accuracy, train_loss = metrics.accuracy_and_loss(model, data)
    return {"training_loss": descent.losses, "train_accuracy": train_accuracy, "train_loss": train_loss}


def training_data(experiment: Experiment, state: State, new: Samples) -> Samples:
    """What Theta_i is trained on from phase 1 on: D_i and E_{0:i-1}, or all data where the method keeps them."""
    if METHODS[experiment.config.method].exemplars == "none":
        return experiment.seen_data(state.phase)
    return new.with_exemplars(state.memory.images, state.memory.labels)


@step
def select_exemplars(experiment: Experiment, state: State) -> None:
    """Make room in the memory and choose real images of the new classes; for mnemonics, the start of their training."""
    config, phase = experiment.config, state.phase
    count, _ = config.quota(experiment.protocol.seen(phase))
    if not count:
        return
    rule = config.exemplar_level.init if config.exemplars == "mnemonics" else config.exemplars

    @torch.no_grad()
    def features(images: Tensor) -> Tensor:
        return state.model.features(images)

    with evaluating(state.model):
        generator = stream(config.seed, "selection", phase)
        images, labels = select(experiment.new_data(phase), count, rule, features, generator)
    state.memory = state.memory.shrink(count).extend(images, labels)


def exemplar_level(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row:
    """Eq. 4b by its two parts: train the new exemplars (Eq. 9, mnemonics only), adjust the old ones (Eq. 10, if on).

    Returns:
        ``exemplars`` and ``adjustment``, each the log and the controls of its training or None, and how the memory
        stands: displacements, the share of pixels outside the range, exemplars per class and bytes.
    """
    first, pixels = experiment.protocol.bounds(state.phase)[0], experiment.data.pixels
    trained, adjusted = new_exemplars(experiment, state, walk), adjust_exemplars(experiment, state, walk)
    outside = state.memory.outside(pixels)
    # Counted before storing, because whole grey levels are inside the range by construction.
    memory = state.memory = state.memory.stored(pixels)
    new, every = memory.positions(first, state.model.classes), memory.positions(0, state.model.classes)
    return {
        "exemplars": trained,
        "adjustment": adjusted,
        "displacement_new": memory.displacement(new),
        "displacement": memory.displacement(every),
        "outside": outside,
        "exemplars_per_class": memory.per_class,
        "exemplar_bytes": memory.nbytes + state.held_out.nbytes,
    }


@step
def new_exemplars(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row | None:
    """Eq. 9: train E_i in the memory; None where exemplars are not trained."""
    phase, config = state.phase, experiment.config
    if config.exemplars != "mnemonics":
        return None
    first = experiment.protocol.bounds(phase)[0]
    seed = experiment.seed("exemplars", phase)
    training = new_exemplar_training(
        state.model, state.memory, first, experiment.new_data(phase), config.exemplar_level, seed
    )
    walk(training, f"phase {phase}: exemplars")  # for phase 0 the name is a key of durable.shared
    if config.exemplar_level.displacement == "shuffled":
        shuffle(training)  # a control; what runs share is the training, which ends before it
    index = state.memory.positions(first, state.model.classes)
    state.memory = state.memory.with_images(index, training.E.detach())
    return controls([training], state.memory.given_back)


@step
def adjust_exemplars(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row | None:
    """Eq. 10: adjust E_{0:i-1} in the memory; None where this is off, and in phase 0."""
    phase, config = state.phase, experiment.config
    if not (config.adjust and phase):
        return None
    parts = state.memory.splits(config.adjust, experiment.protocol.bounds(phase)[0])  # A and B of the paper, for k = 2
    seed = experiment.seed("adjust", phase)
    adjustment = Adjustment(state.model, state.memory, parts, config.exemplar_level, experiment.data.pixels, seed)
    walk(adjustment, f"phase {phase}: adjustment")
    state.memory = adjustment.memory
    return controls(adjustment.trainings, state.memory.given_back)


@step
def balanced_finetuning(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row:
    """Fine-tune Theta_i on E_{0:i}, in which every class has as many samples (end of section 4.3).

    Not in phase 0, which has no old classes that the new ones could outnumber.

    Returns:
        ``finetuning_loss``, the mean of each epoch, empty when off; ``accuracy_before_finetuning``, what the phase
        would have ended with instead, None when off.
    """
    phase, config, model = state.phase, experiment.config, state.model
    if not (config.finetune and phase):
        return {"finetuning_loss": [], "accuracy_before_finetuning": None}
    # On copies, since end_phase may change the model and the method, and this phase goes on.
    now = replace(state, model=copy.deepcopy(model), method=copy.deepcopy(state.method))
    finish_phase(experiment, now)
    before = evaluate(experiment, now)["accuracy"]
    descent = Descent(
        model,
        partial(classification, model),
        state.memory.samples(experiment.data.pixels),
        config.finetuning,
        experiment.seed("finetuning", phase),
    )
    walk(descent, f"phase {phase}: fine-tuning")
    return {"finetuning_loss": descent.losses, "accuracy_before_finetuning": before}


@step
def finish_phase(experiment: Experiment, state: State) -> Row:
    """Let the method do what it does at the end of a phase, such as BiC's second stage.

    Returns:
        ``method``: the numbers that the method has found, such as BiC's alpha and beta.

    Raises:
        TypeError, NonFiniteError: for a method that reports anything but finite numbers.
    """
    with evaluating(state.model):
        state.method.end_phase(state.model, state.held_out.samples(experiment.data.pixels))
    return {"method": reported(state.method)}


def evaluate(experiment: Experiment, state: State) -> Row:
    """Test on all classes that the model knows. A question that changes nothing: it may be asked at any time.

    iCaRL has no mean for classes of which no exemplars are kept yet, and means nothing before ``select_exemplars``.

    Returns:
        ``accuracy`` A_i, ``first_classes_accuracy`` A_i^Z (both in %), ``confusion`` (rows are the true classes).
    """
    with evaluating(state.model) as model:
        scorer = state.method.scorer(model, state.memory.samples(experiment.data.pixels))
        confusion = metrics.confusion_matrix(scorer, experiment.test_data(model.classes), model.classes)
    return {
        "accuracy": metrics.accuracy(confusion),
        "first_classes_accuracy": metrics.accuracy(confusion, experiment.protocol.seen(0)),
        "confusion": confusion.tolist(),
    }


def learn_from_scratch(experiment: Experiment, state: State, walk: Walker = loops.walk) -> Row:
    """Measure Eq. 7's promise on a fresh network (:mod:`mnemonics_lib.from_scratch`). Like a test it changes nothing.

    Returns:
        ``from_scratch_accuracy`` (%), None when off.
    """
    if not experiment.config.from_scratch:
        return {"from_scratch_accuracy": None}
    exemplars = state.memory.samples(experiment.data.pixels)
    return {"from_scratch_accuracy": accuracy_from_scratch(experiment, state.phase, exemplars, walk)}
