"""Whole runs: checkpoints between phases, a record at the end, and a finished run read back.

Example:
    run = load_run("build/runs/quick/digits-n5-...")  # the directory, or the record in it
    run.model, run.exemplars.images  # Theta_N and E_{0:N}
    run.results  # one row per phase
"""

from __future__ import annotations

import hashlib
import inspect
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filelock import FileLock
from torch import Tensor

from mnemonics_lib import metrics
from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device.memory import device_name
from mnemonics_lib.durable import records
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.journal import Journal
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.global_bop import Setting, State, fresh_state, initial_state, phases
from mnemonics_lib.methods import METHODS, method_class
from mnemonics_lib.models import IncrementalNet, transfer_weights
from mnemonics_lib.paths import RUNS
from mnemonics_lib.phases import PhaseProtocol

RECORD, CHECKPOINT, JOURNAL = "record.json", "checkpoint.pt", "unfinished.pt"

AXES = (
    *("dataset", "resolution", "profile", "phases", "method", "head", "exemplars", "adjust", "recipe"),
    *("weight_transfer", "finetune", "budget", "budget_rule", "storage", "seed"),
)
"""Fields of the configuration that stand at a record's top level too, where any tool finds them."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be read. The message names the file."""


@dataclass(frozen=True)
class FinishedRun:
    """What a run leaves, read back by :func:`load_run`.

    Attributes:
        config: its configuration.
        record: its record, as a dictionary.
        state: the last state; the properties below are its parts.
        pixels: the data set's pixel space: ``pixels.display(run.exemplars.images)`` shows the exemplars.
        class_order: data-set class ids in order of arrival; labels and predictions are positions in it.
    """

    config: RunConfig
    record: dict[str, Any]
    state: State
    pixels: Pixels
    class_order: list[int]

    @property
    def model(self) -> IncrementalNet:
        """Theta_N, in evaluation mode."""
        return self.state.model

    @property
    def exemplars(self) -> ExemplarMemory:
        """E_{0:N}."""
        return self.state.memory

    @property
    def results(self) -> pd.DataFrame:
        """One row per phase: accuracies, exemplar statistics, losses, confusion matrix."""
        return pd.DataFrame(self.state.results).rename_axis("phase")

    def predict(self, raw: Tensor) -> Tensor:
        """Class positions [n] for raw uint8 images [n, c, h, w], by the method's own classifier."""
        scorer = self.state.method.scorer(self.model, self.exemplars.samples(self.pixels))
        nowhere = torch.zeros(len(raw), dtype=torch.int64, device=raw.device)  # labels are not known, nor needed
        return metrics.predict(scorer, Samples.real(raw, nowhere, self.pixels))


def run(
    config: RunConfig,
    directory: str | Path = RUNS,
    device: str = "cpu",
    progress: bool = False,
    minutes: float | None = None,
) -> tuple[dict[str, Any], Path]:
    """Run a configuration to its record; what is already there is not done again.

    The run lives in ``directory/<name>``: a checkpoint after each phase, a journal inside one, then ``record.json``. A
    call with the same configuration and the same library source returns a finished record, or goes on where the last
    one stopped (it writes what it has once a minute, after a step). Anything made by other source starts again. Phase 0
    is shared with the other runs in ``directory``.

    Args:
        config: the run.
        directory: parent of all runs (default: ``build/runs`` of the project).
        device: a torch device.
        progress: show progress bars.
        minutes: stop at the first epoch or outer step after so many; None for no limit.

    Returns:
        The record and its path.

    Raises:
        OutOfTimeError: past ``minutes``; the same call goes on.
    """
    directory = Path(directory)
    home = directory / name_of(config)
    path = home / RECORD
    source_of(config)  # now: the source may be edited while the run goes on with what was imported
    home.mkdir(parents=True, exist_ok=True)
    # Two processes that want the same run: the second waits, then finds it finished.
    with FileLock(home / "lock"):
        if path.exists():
            record = records.read_record(path)
            if record["code"]["source"] == source_of(config):
                return record, path
        with deterministic():
            identity = {"config": config.model_dump(), "source": source_of(config)}
            identity["device"] = torch.device(device).type
            setting = Setting.of(config, device, directory, Journal(home / JOURNAL, identity, minutes))
            if setting.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(setting.device)
            state = load_checkpoint(home / CHECKPOINT, setting) or initial_state(setting)
            for finished in phases(setting, state, progress):
                save_checkpoint(home / CHECKPOINT, setting, finished)
                setting.journal.end()
        record = make_record(setting, state)
        records.write_record(path, record)
        return record, path


def load_run(path: str | Path, device: torch.device | str = "cpu") -> FinishedRun:
    """Read a finished run back: its model, its exemplars and its results. The data set is not needed.

    Args:
        path: the run's directory, or the record in it (as :func:`run` returns it).
        device: where the model and the exemplars go.

    Raises:
        FileNotFoundError: when there is no finished run.
        CheckpointError: when its checkpoint cannot be read, or does not fit this version of the library.
    """
    home = Path(path).parent if Path(path).name == RECORD else Path(path)
    for name in (RECORD, CHECKPOINT):
        if not (home / name).exists():
            raise FileNotFoundError(f"{home / name}: not there; {home} is not the directory of a finished run")
    record, content = records.read_record(home / RECORD), _read(home / CHECKPOINT, torch.device(device))
    if content.get("results") != record["results"]:
        raise CheckpointError(f"{home / CHECKPOINT}: of another run than {RECORD}: it was started again; let it finish")
    try:
        config = parse_config(content["config"])
        pixels = Pixels(**content["pixels"])
        protocol = config.protocol()
        state = fresh_state(config, protocol, content["shape"], torch.device(device))
        _restore(state, content, config, protocol, pixels)
    except Exception as error:
        raise CheckpointError(f"{home / CHECKPOINT}: does not fit this version of the library ({error})") from error
    state.model.eval()
    return FinishedRun(config, record, state, pixels, protocol.order)


def source_of(config: RunConfig) -> str:
    """Digest of the source that makes a run: the library's, and with it the method's where that is a user's own."""
    library = records.source_digest()
    if METHODS[config.method].path.startswith(f"{__package__}."):
        return library
    try:
        method = inspect.getsource(method_class(config.method))
    except (OSError, TypeError):  # a class typed where no source is kept: never taken for an earlier one
        method = str(uuid.uuid4())
    return hashlib.sha256(f"{library}\0{method}".encode()).hexdigest()


def name_of(config: RunConfig) -> str:
    """A readable, unique directory name for a configuration."""
    main = f"{config.dataset}-n{config.phases}-{config.method}-{config.exemplars}-s{config.seed}"
    return f"{config.profile}/{main}-{config.digest[:10]}"


def make_record(setting: Setting, state: State) -> dict[str, Any]:
    """The record of a finished run (:data:`mnemonics_lib.durable.records.REQUIRED`, and the results of each phase)."""
    config, results = setting.config, state.results
    accuracies = [row["accuracy"] for row in results]
    first = [row["first_classes_accuracy"] for row in results]
    return {
        **{name: getattr(config, name) for name in AXES},
        "accuracy": accuracies,
        "first_classes_accuracy": first,
        "average_accuracy": metrics.average_accuracy(accuracies),
        "forgetting": metrics.forgetting(first),
        "displacement": results[-1]["displacement"],
        "exemplar_bytes": results[-1]["exemplar_bytes"],
        "class_order": setting.protocol.order,
        "results": results,
        "config": config.model_dump(),
        "config_digest": config.digest,
        "device": device_name(setting.device),
        "seconds": sum(state.seconds),
        "phase_seconds": state.seconds,
        "peak_memory_mb": state.peak_memory_mb,
        "code": records.code_version() | {"source": source_of(config)},
        "versions": records.versions(),
    }


@contextmanager
def deterministic() -> Iterator[None]:
    """Ask torch for algorithms that give the same bits twice, for the length of a run.

    cuBLAS is asked by its environment variable, which it reads once: that stays set.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    settings: Any = torch.utils.deterministic
    filled = settings.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # a pass over every new tensor, which no value needs
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled


def save_checkpoint(path: Path, setting: Setting, state: State) -> None:
    """Write the state after a phase, whole or not at all."""
    pixels = setting.data.pixels
    content = {
        "config": setting.config.model_dump(),
        "source": source_of(setting.config),
        "pixels": asdict(pixels),
        "shape": setting.data.shape,
        "phase": state.phase,
        "model": state.model.state_dict(),
        "memory": state.memory.state(pixels),
        "held_out": state.held_out.state(pixels),
        "method": state.method.state(),
        "results": state.results,
        "seconds": state.seconds,
        "peak_memory_mb": state.peak_memory_mb,
    }
    write_atomically(path, lambda file: torch.save(content, file))


def load_checkpoint(path: Path, setting: Setting) -> State | None:
    """The state after the last finished phase, or None when this configuration and this source left none."""
    if not path.exists():
        return None
    content = _read(path, setting.device)
    if (content["config"], content["source"]) != (setting.config.model_dump(), source_of(setting.config)):
        return None
    state = initial_state(setting)
    _restore(state, content, setting.config, setting.protocol, setting.data.pixels)
    return state


def _read(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        if not {"config", "source"} <= content.keys():
            raise KeyError("config and source are what a checkpoint begins with")
        return content
    except Exception as error:  # torch.load raises nearly anything for a file that is not its own
        raise CheckpointError(
            f"{path}: not a checkpoint, or a damaged one; delete it to start again ({error})"
        ) from error


def _restore(state: State, content: dict[str, Any], config: RunConfig, protocol: PhaseProtocol, pixels: Pixels) -> None:
    """Fill a fresh state with a checkpoint's content."""
    if content["phase"] > 1 and config.weight_transfer:  # phase 0 trains plain convolutions, later phases others
        transfer_weights(state.model)
    for phase in range(1, content["phase"]):
        state.model.grow(protocol.seen(phase), seed=0)
    state.model.load_state_dict(content["model"])
    state.memory = ExemplarMemory.from_state(content["memory"], pixels)
    state.held_out = ExemplarMemory.from_state(content["held_out"], pixels)
    state.method.load_state(content["method"])
    state.phase, state.results, state.seconds = content["phase"], content["results"], content["seconds"]
    state.peak_memory_mb = content["peak_memory_mb"]
