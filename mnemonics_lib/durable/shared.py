"""Work that several runs have in common, done once: Theta_0 and, where exemplars are trained, E_0.

Phase 0 depends on neither N nor the method (beyond the head, and the images that BiC holds out). The finished state of
its loops is kept under a name derived from all that it does depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.durable.provenance import data_digest, environment
from mnemonics_lib.durable.source import EXCLUDED, ROOTS, library_source
from mnemonics_lib.durable.syntax import sha256
from mnemonics_lib.durable.unused import EXEMPLAR_LEVEL, unused_modules
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.loops import LoopState


class SharedError(ValueError):
    """A shared file that cannot be read. The message names it."""


@dataclass(frozen=True)
class Shared:
    """A directory of finished loops.

    Attributes:
        directory: where they are kept.
        device: what they are loaded to.
        keys: of each loop that is shared, by its name: all that its result depends on, as JSON values.
    """

    directory: Path
    device: torch.device
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def get(self, name: str, make: Callable[[], tuple[LoopState, float]]) -> tuple[LoopState, float]:
        """The finished state of the loop of this name, made now unless it is there already.

        Several processes may ask at once: the first makes it, the others wait for it.

        Args:
            name: a name in ``keys``.
            make: makes the state, and says how many seconds that took.

        Returns:
            The state, and the seconds that making it took, whoever did it (not those of waiting for them).

        Raises:
            SharedError: for a damaged file.
        """
        kind = name.rpartition(" ")[2]  # the last word of the loop's name, for people
        path = self.directory / f"{kind}-{sha256(self.keys[name])[:20]}.pt"
        self.directory.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                return self._read(path)
            state, seconds = make()
            write_atomically(path, lambda file: torch.save({"state": state, "seconds": seconds}, file))
        return state, seconds

    def _read(self, path: Path) -> tuple[LoopState, float]:
        try:
            content = torch.load(path, map_location=self.device, weights_only=True)
            return content["state"], content["seconds"]
        except Exception as error:  # torch.load raises nearly anything for a file that is not its own
            raise SharedError(f"{path}: cannot be read; delete it to make it again ({error})") from error


def phase_zero_keys(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """All that the loops of phase 0 depend on, by their names: data, source, environment, and fields."""
    config, seen = experiment.config, experiment.protocol.seen(0)
    model = {
        **{name: getattr(config, name) for name in ("dataset", "resolution", "seed")},
        "classes": experiment.protocol.order[:seen],
        "network": {"depth": config.network.depth, "width": config.network.width, "head": config.head},
        "schedule": config.training.model_dump(exclude={"lam", "temperature"}),
        "held_out": config.quota(seen)[1],
        "data": data_digest(experiment.data),
        "source": library_source(ROOTS, excluded=EXCLUDED + EXEMPLAR_LEVEL),
        "environment": environment(experiment.device).model_dump(),
    }
    # Of the exemplar level all but what is for old classes, of which phase 0 has none.
    level = config.exemplar_level.model_dump(exclude={"adjust_epochs"})
    source = library_source(ROOTS, excluded=EXCLUDED + unused_modules(config))
    exemplars = {"model": model, "quota": config.quota(seen), "level": level, "source": source}
    return {"phase 0: model": model, "phase 0: exemplars": exemplars}
