"""The global BOP, Figure 2 of the paper as code: model level and exemplar level in turn, phase after phase.

``run_phase`` is the paper's computing flow; :mod:`mnemonics_lib.runs` repeats it with checkpoints and leaves a record.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import metrics
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.dataset import Dataset, load_dataset
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device.memory import peak_memory_mb
from mnemonics_lib.durable.journal import Content, Journal
from mnemonics_lib.durable.shared import Shared
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import adjust_exemplars, train_exemplars
from mnemonics_lib.exemplars.selection import per_class, pick_random, select
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.methods import METHODS, method_class
from mnemonics_lib.methods.base import Method
from mnemonics_lib.models import IncrementalNet, build_network, transfer_weights
from mnemonics_lib.phases import PhaseProtocol
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import train


@dataclass
class State:
    """Everything that goes from one phase to the next.

    Attributes:
        phase: the next phase to run, 0..N+1.
        model: Theta_{phase-1} (before phase 0, the fresh network).
        memory: E_{0:phase-1}.
        held_out: real images of the classes seen that no training uses; empty but for BiC.
        method: with what it carries from phase to phase.
        results: one row per finished phase; see :func:`evaluate`.
        seconds: wall seconds of each finished phase, shared work counted as if it had been done here.
        shared: seconds of the present phase's work that runs share, whichever of them did it.
        peak_memory_mb: of all sessions so far, as :func:`mnemonics_lib.device.memory.peak_memory_mb` has it.
    """

    phase: int
    model: IncrementalNet
    memory: ExemplarMemory
    held_out: ExemplarMemory
    method: Method
    results: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    shared: float = 0.0
    peak_memory_mb: float = 0.0


@dataclass(frozen=True)
class Setting:
    """What stays the same during a run: the configuration, the data and the protocol."""

    config: RunConfig
    data: Dataset
    protocol: PhaseProtocol
    device: torch.device
    shared: Shared
    journal: Journal = field(default_factory=Journal)

    @classmethod
    def of(
        cls,
        config: RunConfig,
        device: torch.device | str = "cpu",
        runs: Path | None = None,
        journal: Journal | None = None,
    ) -> Setting:
        """Load the data and derive which classes arrive when.

        Args:
            config: the run.
            device: a torch device.
            runs: parent of all runs, where phase 0 is shared; None shares nothing.
            journal: keeps what an unfinished phase has reached; None keeps nothing.
        """
        device = torch.device(device)
        data = load_dataset(config.dataset, device, config.resolution)
        shared = Shared(runs / "phase-0" if runs else None, device)
        return cls(config, data, config.protocol(), device, shared, journal or Journal())

    def new_data(self, phase: int) -> Samples:
        """D_i, without the images that the method holds out."""
        return self._parts(phase)[0]

    def held_out(self, phase: int) -> Samples:
        """The images of D_i that the method holds out, in order of rank; none but for BiC."""
        return self._parts(phase)[1]

    def _parts(self, phase: int) -> tuple[Samples, Samples]:
        everything = self._samples(*self.protocol.new_data(self.data.train, phase))
        count = self.config.quota(self.protocol.seen(phase))[1]
        if not count:
            return everything, everything.where(torch.zeros_like(everything.labels, dtype=torch.bool))
        labels, generator = everything.labels.cpu(), stream(self.config.seed, "held-out", phase)
        chosen = per_class(labels, lambda of_class: pick_random(count, len(of_class), generator))
        rest = torch.ones(len(labels), dtype=torch.bool)
        rest[chosen] = False
        chosen, rest = chosen.to(self.device), rest.to(self.device)
        held_out = Samples.real(everything.raw[chosen], everything.labels[chosen], self.data.pixels)
        return everything.where(rest), held_out

    def seen_data(self, phase: int) -> Samples:
        """D_{0:i}, which only joint training keeps."""
        return self._samples(*self.protocol.seen_data(self.data.train, phase))

    def test_data(self, phase: int) -> Samples:
        """Test data of all classes seen."""
        return self._samples(*self.protocol.seen_data(self.data.test, phase))

    def _samples(self, raw: Tensor, labels: Tensor) -> Samples:
        return Samples.real(raw, labels, self.data.pixels)

    def seed(self, *names: str | int) -> int:
        """A seed of its own for each purpose."""
        return derive(self.config.seed, *names)


def initial_state(setting: Setting) -> State:
    """Before phase 0: a fresh network and an empty memory."""
    return fresh_state(setting.config, setting.protocol, setting.data.shape, setting.device)


def fresh_state(config: RunConfig, protocol: PhaseProtocol, shape: tuple[int, int, int], device: torch.device) -> State:
    """The same without the data set, of which it needs the shape (c, h, w) of an image alone."""
    model = build_network(
        config.network.depth,
        config.network.width,
        shape[0],
        protocol.seen(0),
        derive(config.seed, "network"),
        config.head,
    )
    return State(
        phase=0,
        model=model.to(device),
        memory=ExemplarMemory.empty(shape, device, config.storage),
        held_out=ExemplarMemory.empty(shape, device, "uint8"),
        method=method_class(config.method)(config.training.lam, config.training.temperature),
    )


def run_phase(setting: Setting, state: State, progress: bool = False) -> None:
    """One phase of Figure 2, in place: Theta_i (Eq. 6), E_i (Eq. 9), adjusted E_{0:i-1} (Eq. 10), fine-tuning, test."""
    phase = state.phase
    setting.journal.begin(phase, setting.device)
    state.shared = 0.0
    training = model_level(setting, state, progress)
    select_exemplars(setting, state)
    exemplar_log = exemplar_level(setting, state, progress)
    finetuning = balanced_finetuning(setting, state, progress)
    row = evaluate(setting, state)
    state.results.append(row | {"training_loss": training, "finetuning_loss": finetuning} | exemplar_log)
    state.seconds.append(setting.journal.seconds() + state.shared)
    state.peak_memory_mb = max(state.peak_memory_mb, peak_memory_mb(setting.device))
    state.phase = phase + 1


def model_level(setting: Setting, state: State, progress: bool = False) -> list[float]:
    """Eq. 4a-6: train Theta_i on E_{0:i-1} and D_i, from Theta_{i-1} and with it as the teacher.

    Phase 0 is plain classification, and shared with other runs.

    Returns:
        Mean loss of each epoch.
    """
    phase, config, model, method = state.phase, setting.config, state.model, state.method
    room = config.quota(setting.protocol.seen(phase))[1]
    if room:
        state.held_out = state.held_out.shrink(room).extend(*setting.held_out(phase).all())
    if phase == 0:
        with setting.journal.aside("model") as before:
            content, seconds = setting.shared.get(
                "model", phase_zero(setting), lambda: first_model(setting, model, progress), before
            )
        model.load_state_dict(content["model"])
        state.shared += seconds
        return content["losses"]
    old = model.classes
    teacher = copy.deepcopy(model).eval().requires_grad_(False)
    if config.weight_transfer:
        transfer_weights(model)
    model.grow(setting.protocol.seen(phase), setting.seed("head", phase))
    new = setting.new_data(phase)
    method.begin_phase(model, old, new)
    if METHODS[config.method].exemplars == "none":
        samples = setting.seen_data(phase)
    else:
        samples = new.with_exemplars(state.memory.images, state.memory.labels)
    losses = train(
        model,
        lambda x, y: method.loss(model, teacher, x, y),
        samples,
        config.training,
        setting.seed("training", phase),
        f"phase {phase}: model" if progress else "",
        setting.journal.loop("model"),
    )
    method.end_training(model)
    return losses


def first_model(setting: Setting, model: IncrementalNet, progress: bool = False) -> Content:
    """Theta_0, trained on D_0 alone with cross-entropy."""
    losses = train(
        model,
        lambda x, y: cross_entropy(model(x), y),
        setting.new_data(0),
        setting.config.training,
        setting.seed("training", 0),
        "phase 0: model" if progress else "",
        setting.journal.loop("model"),
    )
    return {"model": model.state_dict(), "losses": losses}


def phase_zero(setting: Setting) -> dict[str, Any]:
    """All that Theta_0 depends on: data set, its first classes, held-out images, network and head, seed, schedule."""
    config = setting.config
    schedule = config.training.model_dump(exclude={"lam", "temperature"})
    network = {"depth": config.network.depth, "width": config.network.width, "head": config.head}
    held_out = config.quota(setting.protocol.seen(0))[1]
    shared = ("dataset", "resolution", "seed")
    return {name: getattr(config, name) for name in shared} | {
        "classes": setting.protocol.order[: setting.protocol.seen(0)],
        "network": network,
        "schedule": schedule,
        "held_out": held_out,
    }


def select_exemplars(setting: Setting, state: State) -> None:
    """Make room in the memory and choose real images of the new classes; for mnemonics, the start of their training."""
    config, model, phase = setting.config, state.model.eval(), state.phase
    count, _ = config.quota(setting.protocol.seen(phase))
    if not count:
        return
    rule = config.exemplar_level.init if config.exemplars == "mnemonics" else config.exemplars

    @torch.no_grad()
    def features(images: Tensor) -> Tensor:
        return model.features(images)

    generator = stream(config.seed, "selection", phase)
    state.memory = state.memory.shrink(count).extend(*select(setting.new_data(phase), count, rule, features, generator))


def exemplar_level(setting: Setting, state: State, progress: bool = False) -> dict[str, Any]:
    """Eq. 4b by its two parts: train the new exemplars (Eq. 9, mnemonics only), adjust the old ones (Eq. 10, if on).

    Returns:
        Exemplar statistics of the phase, for the record.
    """
    phase, config, model = state.phase, setting.config, state.model
    first, pixels = setting.protocol.bounds(phase)[0], setting.data.pixels
    label = f"phase {phase}: " if progress else ""
    trained: list[dict[str, float]] = []
    adjusted: list[dict[str, float]] = []
    if config.exemplars == "mnemonics":
        content = new_exemplars(setting, state, label and f"{label}exemplars")
        state.memory = state.memory.with_images(state.memory.positions(first, model.classes), content["images"])
        trained = content["log"]
    if config.adjust and phase:
        state.memory, steps = adjust_exemplars(
            model,
            state.memory,
            first,
            config.adjust,
            config.exemplar_level,
            pixels,
            setting.seed("adjust", phase),
            label and f"{label}adjust",
            setting.journal.loop("adjust"),
        )
        adjusted = [asdict(step) for step in steps]
    outside = pixels.outside(state.memory.images).item() if len(state.memory) else 0.0
    memory = state.memory = state.memory.stored(pixels)
    new, everything = memory.positions(first, model.classes), memory.positions(0, model.classes)
    return {
        "displacement_new": memory.displacement(new),
        "displacement": memory.displacement(everything),
        "outside": outside,
        "exemplars_per_class": memory.per_class,
        "exemplar_bytes": memory.nbytes + state.held_out.nbytes,
        "exemplar_steps": trained,
        "adjust_steps": adjusted,
    }


def new_exemplars(setting: Setting, state: State, progress: str = "") -> Content:
    """E_i by Eq. 9: images and log; those of phase 0 are shared, like Theta_0, on which they depend."""
    phase, config = state.phase, setting.config
    first, last = setting.protocol.bounds(phase)

    def make() -> Content:
        memory, log = train_exemplars(
            state.model,
            state.memory,
            first,
            setting.new_data(phase),
            config.exemplar_level,
            setting.data.pixels,
            setting.seed("exemplars", phase),
            progress,
            setting.journal.loop("exemplars"),
        )
        return {"images": memory.images[memory.positions(first, last)], "log": [asdict(step) for step in log]}

    if phase:
        return make()
    # Of the level all but what is for old classes, of which phase 0 has none.
    level = config.exemplar_level.model_dump(exclude={"adjust_epochs"})
    key = {"model": phase_zero(setting), "quota": config.quota(last), "level": level}
    with setting.journal.aside("exemplars") as before:
        content, seconds = setting.shared.get("exemplars", key, make, before)
    state.shared += seconds
    return content


def balanced_finetuning(setting: Setting, state: State, progress: bool = False) -> list[float]:
    """Fine-tune Theta_i on E_{0:i}, in which every class has as many samples (end of section 4.3).

    Not in phase 0, whose training data are balanced already.

    Returns:
        Mean loss of each epoch; empty when off.
    """
    phase, config, model = state.phase, setting.config, state.model
    if not (config.finetune and phase):
        return []
    return train(
        model,
        lambda x, y: cross_entropy(model(x), y),
        state.memory.samples(setting.data.pixels),
        config.finetuning,
        setting.seed("finetuning", phase),
        f"phase {phase}: fine-tuning" if progress else "",
        setting.journal.loop("fine-tuning"),
    )


def evaluate(setting: Setting, state: State) -> dict[str, Any]:
    """Let the method finish, then test on all classes seen: A_i, A_i^Z, confusion matrix (rows: true classes)."""
    model, pixels = state.model.eval(), setting.data.pixels
    state.method.end_phase(model, state.held_out.samples(pixels))
    scorer = state.method.scorer(model, state.memory.samples(pixels))
    confusion = metrics.confusion_matrix(scorer, setting.test_data(state.phase), model.classes)
    return {
        "accuracy": metrics.accuracy(confusion),
        "first_classes_accuracy": metrics.accuracy(confusion, setting.protocol.seen(0)),
        "confusion": confusion.tolist(),
    }


def phases(setting: Setting, state: State, progress: bool = False) -> Iterator[State]:
    """Run the remaining phases, yielding the state after each."""
    while state.phase <= setting.config.phases:
        run_phase(setting, state, progress)
        yield state
