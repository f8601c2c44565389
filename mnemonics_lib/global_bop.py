"""The global BOP, Figure 2 of the paper as code: model level and exemplar level in turn, phase after phase.

``run_phase`` is the paper's computing flow; ``run`` repeats it with checkpoints between phases and leaves a record.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor

from mnemonics_lib import metrics, records
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.dataset import Dataset, load_dataset
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import OuterStep, adjust_exemplars, train_exemplars
from mnemonics_lib.exemplars.selection import select
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.methods import METHODS
from mnemonics_lib.models import IncrementalNet, build_network, transfer_weights
from mnemonics_lib.paths import RUNS
from mnemonics_lib.phases import PhaseProtocol, class_order
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import train


class CheckpointError(ValueError):
    """A checkpoint that cannot be read. The message names the file."""


@dataclass
class State:
    """Everything that goes from one phase to the next.

    Attributes:
        phase: the next phase to run, 0..N+1.
        model: Theta_{phase-1} (before phase 0, the fresh network).
        memory: E_{0:phase-1}.
        results: one row per finished phase; see :func:`evaluate`.
        seconds: wall seconds of each finished phase.
    """

    phase: int
    model: IncrementalNet
    memory: ExemplarMemory
    results: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """What stays the same during a run: the configuration, the data and the protocol."""

    config: RunConfig
    data: Dataset
    protocol: PhaseProtocol
    device: torch.device

    @classmethod
    def of(cls, config: RunConfig, device: torch.device | str = "cpu") -> Setting:
        """Load the data and derive the class order."""
        device = torch.device(device)
        order = class_order(DATASETS[config.dataset].classes, config.order_seed)
        return cls(config, load_dataset(config.dataset, device), PhaseProtocol(order, config.phases), device)

    def new_data(self, phase: int) -> tuple[Tensor, Tensor]:
        """D_i: normalised images and class positions."""
        images, labels = self.protocol.new_data(self.data.train, phase)
        return self.data.pixels.normalise(images), labels

    def test_data(self, phase: int) -> tuple[Tensor, Tensor]:
        """Test data of all classes seen: normalised images and class positions."""
        images, labels = self.protocol.seen_data(self.data.test, phase)
        return self.data.pixels.normalise(images), labels

    def seed(self, *names: str | int) -> int:
        """A seed of its own for each purpose."""
        return derive(self.config.seed, *names)


def initial_state(setting: Setting) -> State:
    """Before phase 0: a fresh network and an empty memory."""
    info, config = DATASETS[setting.config.dataset], setting.config
    model = build_network(config.network, info.shape[0], setting.protocol.seen(0), setting.seed("network"))
    memory = ExemplarMemory.empty(info.shape, config.budget, setting.device)
    return State(0, model.to(setting.device), memory)


def run_phase(setting: Setting, state: State, progress: bool = False) -> None:
    """One phase of Figure 2, in place: Theta_i (Eq. 6), E_i (Eq. 9), adjusted E_{0:i-1} (Eq. 10), fine-tuning, test."""
    phase, started = state.phase, time.perf_counter()
    training = model_level(setting, state, progress)
    state.memory = select_exemplars(setting, state)
    exemplar_log = exemplar_level(setting, state, progress)
    finetuning = balanced_finetuning(setting, state, progress)
    row = evaluate(setting, state)
    state.results.append(row | {"training_loss": training, "finetuning_loss": finetuning} | exemplar_log)
    state.seconds.append(time.perf_counter() - started)
    state.phase = phase + 1


def model_level(setting: Setting, state: State, progress: bool = False) -> list[float]:
    """Eq. 4a-6: train Theta_i on E_{0:i-1} and D_i, from Theta_{i-1} and with it as the teacher.

    Returns:
        Mean loss of each epoch.
    """
    phase, config, model = state.phase, setting.config, state.model
    teacher = None
    if phase:
        teacher = copy.deepcopy(model).eval().requires_grad_(False)
        if config.weight_transfer:
            transfer_weights(model)
        model.grow(setting.protocol.seen(phase), setting.seed("head", phase))
    images, labels = setting.new_data(phase)
    images, labels = torch.cat([images, state.memory.images]), torch.cat([labels, state.memory.labels])
    return train(
        model,
        lambda x, y: METHODS[config.method].loss(model, teacher, x, y, config.training),
        images,
        labels,
        config.training,
        setting.data.pixels,
        setting.seed("training", phase),
        f"phase {phase}: model" if progress else "",
    )


def select_exemplars(setting: Setting, state: State) -> ExemplarMemory:
    """The memory with real images chosen for the new classes; for mnemonics, where their training starts."""
    config, model = setting.config, state.model.eval()
    rule = config.exemplar_level.init if config.exemplars == "mnemonics" else config.exemplars

    @torch.no_grad()
    def features(images: Tensor) -> Tensor:
        return model.features(images)

    generator = stream(config.seed, "selection", state.phase)
    return state.memory.extend(*select(*setting.new_data(state.phase), config.budget, rule, features, generator))


def exemplar_level(setting: Setting, state: State, progress: bool = False) -> dict[str, Any]:
    """Eq. 4b by its two parts: train the new exemplars (Eq. 9, mnemonics only), adjust the old ones (Eq. 10, if on).

    Returns:
        Exemplar statistics of the phase, for the record.
    """
    phase, config = state.phase, setting.config
    first, pixels = setting.protocol.bounds(phase)[0], setting.data.pixels
    label = f"phase {phase}: " if progress else ""
    trained: list[OuterStep] = []
    adjusted: list[OuterStep] = []
    if config.exemplars == "mnemonics":
        state.memory, trained = train_exemplars(
            state.model,
            state.memory,
            first,
            setting.new_data(phase),
            config.exemplar_level,
            pixels,
            setting.seed("exemplars", phase),
            label and f"{label}exemplars",
        )
    if config.adjust and phase:
        state.memory, adjusted = adjust_exemplars(
            state.model,
            state.memory,
            first,
            config.adjust,
            config.exemplar_level,
            pixels,
            setting.seed("adjust", phase),
            label and f"{label}adjust",
        )
    memory = state.memory
    new, everything = memory.positions(first, state.model.classes), memory.positions(0, state.model.classes)
    return {
        "displacement_new": memory.displacement(new),
        "displacement": memory.displacement(everything),
        "outside": pixels.outside(memory.images),
        "exemplar_bytes": memory.nbytes,
        "exemplar_steps": [asdict(step) for step in trained],
        "adjust_steps": [asdict(step) for step in adjusted],
    }


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
        state.memory.images,
        state.memory.labels,
        config.finetuning,
        setting.data.pixels,
        setting.seed("finetuning", phase),
        f"phase {phase}: fine-tuning" if progress else "",
    )


def evaluate(setting: Setting, state: State) -> dict[str, Any]:
    """Test on the classes seen so far: A_i, A_i^Z and the confusion matrix (rows: true classes)."""
    model = state.model.eval()
    scorer = METHODS[setting.config.method].scorer(model, state.memory, setting.data.pixels)
    confusion = metrics.confusion_matrix(scorer, *setting.test_data(state.phase), model.classes)
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


def run(
    config: RunConfig, directory: str | Path = RUNS, device: str = "cpu", progress: bool = False
) -> tuple[dict[str, Any], Path]:
    """Run a configuration to its record; what is already there is not done again.

    The run lives in ``directory/<name>``: a checkpoint after each phase, then ``record.json``. A call with the same
    configuration and the same library source returns a finished record, or goes on after the last finished phase.
    Anything made by other source starts again.

    Args:
        config: the run.
        directory: parent of all runs (default: ``build/runs`` of the project).
        device: a torch device.
        progress: show progress bars.

    Returns:
        The record and its path.
    """
    home = Path(directory) / name_of(config)
    path = home / "record.json"
    records.source_digest()  # now: the source may be edited while the run goes on with what was imported
    home.mkdir(parents=True, exist_ok=True)
    # Two processes that want the same run: the second waits, then finds it finished.
    with FileLock(home / "lock"):
        if path.exists():
            record = records.read_record(path)
            if record["code"]["source"] == records.source_digest():
                return record, path
        if torch.device(device).type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        with deterministic():
            setting = Setting.of(config, device)
            state = load_checkpoint(home / "checkpoint.pt", setting) or initial_state(setting)
            for finished in phases(setting, state, progress):
                save_checkpoint(home / "checkpoint.pt", setting, finished)
        record = make_record(setting, state)
        records.write_record(path, record)
        return record, path


def load_state(setting: Setting, directory: str | Path = RUNS) -> State:
    """The last state of a run made before: its model, its exemplars and its results.

    Raises:
        FileNotFoundError: when :func:`run` has not run this configuration with this library source in ``directory``.
    """
    path = Path(directory) / name_of(setting.config) / "checkpoint.pt"
    state = load_checkpoint(path, setting)
    if state is None:
        raise FileNotFoundError(f"{path}: no checkpoint of this configuration made by this library source")
    return state


def name_of(config: RunConfig) -> str:
    """A readable, unique directory name for a configuration."""
    main = f"{config.dataset}-n{config.phases}-{config.method}-{config.exemplars}-s{config.seed}"
    return f"{config.profile}/{main}-{config.digest[:10]}"


def make_record(setting: Setting, state: State) -> dict[str, Any]:
    """The record of a finished run (fields: :data:`mnemonics_lib.records.REQUIRED` and the per-phase results)."""
    config, results = setting.config, state.results
    accuracies = [row["accuracy"] for row in results]
    first = [row["first_classes_accuracy"] for row in results]
    shared = ("dataset", "profile", "phases", "method", "exemplars", "adjust", "weight_transfer", "finetune", "budget")
    return {
        **{name: getattr(config, name) for name in (*shared, "seed", "recipe")},
        "accuracy": accuracies,
        "first_classes_accuracy": first,
        "average_accuracy": metrics.average_accuracy(accuracies),
        "forgetting": metrics.forgetting(first),
        "displacement": results[-1]["displacement"],
        "class_order": setting.protocol.order,
        "results": results,
        "config": config.model_dump(),
        "config_digest": config.digest,
        "device": records.device_name(setting.device),
        "seconds": sum(state.seconds),
        "phase_seconds": state.seconds,
        "peak_memory_mb": records.peak_memory_mb(setting.device),
        "code": records.code_version(),
        "versions": records.versions(),
    }


@contextmanager
def deterministic() -> Iterator[None]:
    """Ask torch for algorithms that give the same bits twice, for the length of a run."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def save_checkpoint(path: Path, setting: Setting, state: State) -> None:
    """Write the state after a phase, whole or not at all."""
    content = {
        "config": setting.config.digest,
        "source": records.source_digest(),
        "phase": state.phase,
        "classes": state.model.classes,
        "model": state.model.state_dict(),
        "memory": state.memory.state(),
        "results": state.results,
        "seconds": state.seconds,
    }
    records.write_atomically(path, lambda file: torch.save(content, file))


def load_checkpoint(path: Path, setting: Setting) -> State | None:
    """The state after the last finished phase, or None when this configuration and this source left none."""
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location=setting.device, weights_only=True)
        made_by = content["config"], content["source"]
    except Exception as error:  # torch.load raises nearly anything for a file that is not its own
        raise CheckpointError(
            f"{path}: not a checkpoint, or a damaged one; delete it to start again ({error})"
        ) from error
    if made_by != (setting.config.digest, records.source_digest()):
        return None
    state = initial_state(setting)
    if content["phase"] > 1:  # phase 0 trains plain convolutions; only later phases have transferred ones
        if setting.config.weight_transfer:
            transfer_weights(state.model)
        state.model.grow(content["classes"], seed=0)
    state.model.load_state_dict(content["model"])
    state.memory = ExemplarMemory(**content["memory"])
    state.phase, state.results, state.seconds = content["phase"], content["results"], content["seconds"]
    return state
