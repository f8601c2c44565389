"""Checkpoints between phases: the state of a run, whole or not there, and read back without the data set."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.provenance import Environment, Identity
from mnemonics_lib.durable.sealed import SealError, UnsealedError, read_sealed, write_sealed
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State, fresh_state, initial_state
from mnemonics_lib.models import transfer_weights
from mnemonics_lib.phases import PhaseProtocol

KIND = "checkpoint"


class CheckpointError(ReportedError, ValueError):
    """A checkpoint that cannot be read. The message names the file."""


class OlderCheckpointError(CheckpointError):
    """A checkpoint of an older version of the library."""


@dataclass
class Account:
    """What a run has cost so far, and where it was computed.

    Attributes:
        seconds: wall seconds of each finished phase, shared work counted as if it had been done here.
        peak_memory_mb: of all sessions.
        environments: every one that the run was computed in, in order of appearance.
    """

    seconds: list[float] = field(default_factory=list)
    peak_memory_mb: float = 0.0
    environments: list[Environment] = field(default_factory=list)

    def computed_in(self, *environments: Environment) -> None:
        """Add those that are new."""
        for each in environments:
            if each not in self.environments:
                self.environments.append(each)


def save_checkpoint(path: Path, experiment: Experiment, state: State, account: Account, identity: Identity) -> None:
    """Write the state after a phase, whole or not at all."""
    pixels = experiment.data.pixels
    content = {
        "config": experiment.config.model_dump(),
        "pixels": asdict(pixels),
        "shape": experiment.data.shape,
        "phase": state.phase,
        "model": state.model.state_dict(),
        "memory": state.memory.state(pixels),
        "held_out": state.held_out.state(pixels),
        "method": state.method.state(),
        "results": state.results,
        "seconds": account.seconds,
        "peak_memory_mb": account.peak_memory_mb,
        "environments": [environment.model_dump() for environment in account.environments],
    }
    write_sealed(path, KIND, identity.model_dump(), content)


def load_checkpoint(path: Path, experiment: Experiment, identity: Identity) -> tuple[State, Account]:
    """The state after the last finished phase; the initial one where this experiment left none.

    Raises:
        CheckpointError: for a file that is no checkpoint, or one that does not fit this version of the library.
    """
    state = initial_state(experiment)
    if not path.exists():
        return state, Account()
    try:
        found, content = read_checkpoint(path)
    except OlderCheckpointError:
        return state, Account()
    if found != identity.model_dump():
        return state, Account()
    try:
        _restore(state, content, experiment.config, experiment.protocol, experiment.data.pixels)
        environments = [Environment(**environment) for environment in content["environments"]]
        return state, Account(content["seconds"], content["peak_memory_mb"], environments)
    except Exception as error:  # the identity leaves out durable/, so the form may be another version's
        raise CheckpointError(
            f"{path}: does not fit this version of the library; delete it to start again ({error!r})"
        ) from error


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The identity of a checkpoint's run, as plain values, and its content, whose tensors are on the host.

    Raises:
        CheckpointError: for a file that is no checkpoint, or a damaged one.
        OlderCheckpointError: for one of an older version of the library.
    """
    try:
        return read_sealed(path, KIND)
    except UnsealedError as error:
        raise OlderCheckpointError(f"{path}: {error}; make the run again") from error
    except (SealError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be used; delete it to start again ({error})") from error


def restore_alone(content: dict[str, Any], device: torch.device) -> tuple[RunConfig, State, Pixels, PhaseProtocol]:
    """What a checkpoint's content holds, without the data set, on a device."""
    config = parse_config(content["config"])
    protocol, pixels = config.protocol(), Pixels(**content["pixels"]).on(device)
    state = fresh_state(config, protocol, content["shape"], device)
    _restore(state, content, config, protocol, pixels)
    return config, state, pixels, protocol


def _restore(state: State, content: dict[str, Any], config: RunConfig, protocol: PhaseProtocol, pixels: Pixels) -> None:
    """Fill a fresh state with a checkpoint's content, each part where the run has it."""
    device = pixels.mean.device
    if content["phase"] > 1 and config.weight_transfer:  # from phase 1 on the convolutions are scaled ones
        transfer_weights(state.model)
    for phase in range(1, content["phase"]):
        state.model.grow(protocol.seen(phase), seed=0)
    state.model.load_state_dict(content["model"])  # copied into the parameters, which are on the device
    state.memory = ExemplarMemory.from_state(memory_on(content["memory"], device), pixels)
    state.held_out = ExemplarMemory.from_state(memory_on(content["held_out"], device), pixels)
    state.method.load_state(placed(content["method"], device))
    state.phase, state.results = content["phase"], content["results"]


def memory_on(memory: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """What :meth:`ExemplarMemory.state` gave, on a device; images that the host holds for want of room stay there."""
    stay = ("images", "origin") if memory.get("on_host", False) else ()
    return {name: value if name in stay else placed(value, device) for name, value in memory.items()}


def placed(value: Any, device: torch.device) -> Any:
    """Plain values with all tensors among them on a device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, dict):
        found = copy.copy(value)  # a network's state has more to it than its items
        found.update({name: placed(each, device) for name, each in value.items()})
        return found
    if isinstance(value, list | tuple):
        return type(value)(placed(each, device) for each in value)
    return value
