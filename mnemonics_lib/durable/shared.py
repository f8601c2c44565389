"""Work that several runs have in common, done once: Theta_0 and, where exemplars are trained, E_0.

Phase 0 depends on neither N nor the method (beyond the head, and the images that BiC holds out). The finished state of
its loops is kept under a name derived from all that it does depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnemonics_lib.config import RunConfig, phase_zero
from mnemonics_lib.durable.files import clear_unfinished
from mnemonics_lib.durable.locks import locked
from mnemonics_lib.durable.provenance import data_digest, environment
from mnemonics_lib.durable.sealed import SealError, read_sealed, write_sealed
from mnemonics_lib.durable.source import EXCLUDED, ROOTS, library_source
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.durable.unused import AFTER_PHASE_0, EXEMPLAR_LEVEL, unused_modules
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import Loop, LoopState

KIND = "finished-loop"


class SharedError(ReportedError, ValueError):
    """A shared file that cannot be read. The message names it."""


@dataclass(frozen=True)
class Shared:
    """A directory of finished loops.

    Attributes:
        directory: where they are kept.
        keys: of each loop that is shared, by its name: all that its result depends on, as JSON values.
    """

    directory: Path
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def get(
        self, name: str, make: Callable[[], tuple[LoopState, float]], deadline: float | None = None
    ) -> tuple[LoopState, float]:
        """The finished state of the loop of this name, made now unless it is there already.

        Several processes may ask at once: the first makes it, the others wait for it.

        Args:
            name: a name in ``keys``.
            make: makes the state, and says how many seconds that took.
            deadline: until when to wait for another process; None for no limit.

        Returns:
            The state, and the seconds that making it took, whoever did it (not those of waiting for them). One that
            was found is on the host.

        Raises:
            SharedError: for a damaged file, and for one that is of something else.
            OutOfTimeError: past the deadline.
        """
        path, key = self.path(name), dict(self.keys[name])
        with locked(path.with_suffix(".lock"), deadline, f"{name}, which another process is making"):
            clear_unfinished(path)
            if path.exists():
                return self._read(path, key)
            state, seconds = make()
            write_sealed(path, KIND, key, {"state": state, "seconds": seconds})
        return state, seconds

    def take(self, loop: Loop, name: str, state: LoopState) -> None:
        """Put a loop at its end, by the state that was found for it.

        Raises:
            SharedError: for a state that is not this loop's.
        """
        try:
            loop.load_state(state)
        except (KeyError, TypeError, ValueError, RuntimeError, IndexError) as error:
            raise SharedError(
                f"{self.path(name)}: not a state of {name}; delete it to make it again ({error!r})"
            ) from error

    def path(self, name: str) -> Path:
        """Where the loop of this name is kept; the last word of its name is there for people."""
        return self.directory / f"{name.rpartition(' ')[2]}-{sha256(self.keys[name])[:20]}.pt"

    def _read(self, path: Path, key: dict[str, Any]) -> tuple[LoopState, float]:
        try:
            found, content = read_sealed(path, KIND)
            if found != key:
                raise SealError("of other settings, data, source or environment than its name says")
            return content["state"], content["seconds"]
        except (SealError, OSError, KeyError) as error:
            raise SharedError(f"{path}: cannot be used; delete it to make it again ({error})") from error


def phase_zero_keys(experiment: Experiment, seen: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """All that the loops of phase 0 depend on, by their names: data, source, environment, and fields.

    The processor is left out: it changes last digits, and what runs have in common is to be one thing on all machines.

    Args:
        experiment: of the run.
        seen: what is looked at while E_0 is trained, as JSON values; None for nothing. What was seen is in the state
            that is kept, so only runs that look at the same have it in common; Theta_0 all have.
    """
    config = experiment.config
    model = {
        **phase_zero.of_model(config),
        "data": data_digest(experiment.data),
        "source": model_source(),
        "environment": environment(experiment.device).on_any_processor().model_dump(),
    }
    exemplars = {"model": model, **phase_zero.of_exemplars(config), "source": exemplars_source(config)}
    if seen is not None:
        exemplars["seen"] = dict(seen)
    return {"phase 0: model": model, "phase 0: exemplars": exemplars}


def model_source() -> str:
    """SHA-256 (hex) of the source that Theta_0 comes from."""
    return library_source(ROOTS, excluded=EXCLUDED + EXEMPLAR_LEVEL + AFTER_PHASE_0)


def exemplars_source(config: RunConfig) -> str:
    """SHA-256 (hex) of the source that E_0 comes from."""
    return library_source(ROOTS, excluded=EXCLUDED + unused_modules(config) + AFTER_PHASE_0)
