"""What an unfinished phase has reached, in a file beside the run's checkpoint.

A session is one process that works on a run. The checkpoint stands between phases. Inside a phase a run goes on as
follows: the phase begins again from the checkpoint, and each of its loops takes the state that the journal has for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.loops import LoopState

KEPT = ("loops", "seconds", "making", "environments")
"""What a later session takes over."""


class JournalError(ValueError):
    """A journal that cannot be read. The message names the file."""


@dataclass
class Journal:
    """The states of one phase's loops, by the loops' names.

    Attributes:
        path: the file; None keeps nothing.
        identity: what the file must agree on to be used: configuration, data, source, kind of device.
        phase: the present one.
        loops: what each loop last gave.
        seconds: of the phase, in all sessions up to the last write.
        making: seconds spent so far on loops that runs share, by name.
        environments: every one that the phase was computed in so far, as plain values.
    """

    path: Path | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    phase: int = 0
    loops: dict[str, LoopState] = field(default_factory=dict)
    seconds: float = 0.0
    making: dict[str, float] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, phase: int, device: torch.device) -> None:
        """A phase begins, anew or where an earlier session left it.

        Raises:
            JournalError: for a damaged file.
        """
        self.phase, self.loops, self.seconds, self.making, self.environments = phase, {}, 0.0, {}, []
        if self.path is None or not self.path.exists():
            return
        try:
            found = torch.load(self.path, map_location=device, weights_only=True)
            mine = (found["identity"], found["phase"]) == (self.identity, phase)
        except Exception as error:  # torch.load raises nearly anything for a file that is not its own
            raise JournalError(f"{self.path}: cannot be read; delete it to begin the phase again ({error})") from error
        if mine:
            for name in KEPT:
                setattr(self, name, found[name])

    def write(self) -> None:
        """Keep all of it."""
        if self.path is not None:
            content = {name: getattr(self, name) for name in ("identity", "phase", *KEPT)}
            write_atomically(self.path, lambda file: torch.save(content, file))

    def end(self) -> None:
        """The phase is over, and its result is safe elsewhere."""
        self.loops = {}
        if self.path is not None:
            self.path.unlink(missing_ok=True)
