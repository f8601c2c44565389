"""What an unfinished phase has reached, in a file beside the run's checkpoint.

A session is one process that works on a run. The checkpoint stands between phases. Inside a phase a run goes on as
follows: the phase begins again from the checkpoint, and each of its loops takes the state that the journal has for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnemonics_lib.durable.sealed import SealError, UnsealedError, read_sealed, write_sealed
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.loops import Loop, LoopState

KIND = "journal"
KEPT = ("loops", "seconds", "making", "environments", "latest_environment")
"""What a later session takes over."""

NOT_SAID: dict[str, Any] = {"latest_environment": None}
"""What a file of an older version of the library does not say, and what is taken for it."""


class JournalError(ReportedError, ValueError):
    """A journal that cannot be read. The message names the file."""


@dataclass
class Journal:
    """The states of one phase's loops, by the loops' names.

    Attributes:
        path: the file; None keeps nothing.
        identity: what the file must agree on to be used: configuration, data, source, kind of device.
        phase: the present one.
        loops: the states of finished loops; while the file is written also that of the unfinished one, which it has.
        seconds: of the phase, in all sessions up to the last write; those of loops that runs share are not in it.
        making: seconds spent so far on loops that runs share, by name.
        environments: every one that the phase was computed in so far, as plain values.
        latest_environment: that of the last session among them; None where that is not known.
    """

    path: Path | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    phase: int = 0
    loops: dict[str, LoopState] = field(default_factory=dict)
    seconds: float = 0.0
    making: dict[str, float] = field(default_factory=dict)
    environments: list[dict[str, Any]] = field(default_factory=list)
    latest_environment: dict[str, Any] | None = None

    def begin(self, phase: int) -> None:
        """A phase begins, anew or where an earlier session left it.

        What the file has is kept on the host; each loop copies its own state to where it computes.

        Raises:
            JournalError: for a damaged file, and for one that is no journal.
        """
        self.phase, self.loops, self.seconds, self.making = phase, {}, 0.0, {}
        self.environments, self.latest_environment = [], None
        if self.path is None or not self.path.exists():
            return
        try:
            key, found = read_sealed(self.path, KIND)
            if key == self._key():
                for name in KEPT:
                    setattr(self, name, (NOT_SAID | found)[name])
        except UnsealedError:  # as of any other source: the phase begins again
            return
        except (SealError, OSError, KeyError) as error:
            raise JournalError(f"{self.path}: cannot be used; delete it to begin the phase again ({error})") from error

    def take(self, loop: Loop, name: str) -> None:
        """Let a loop go on from the state that it left here, if it left one.

        That of an unfinished loop is not kept in memory after that: the file has it until the loop gives the next one.

        Raises:
            JournalError: for a state that is not this loop's.
        """
        if name in self.loops:
            try:
                loop.load_state(self.loops[name])
            except (KeyError, TypeError, ValueError, RuntimeError, IndexError) as error:
                raise JournalError(
                    f"{self.path}: {name}: not a state of this loop; delete it to begin the phase again ({error!r})"
                ) from error
            if loop.done < len(loop):
                del self.loops[name]

    def _key(self) -> dict[str, Any]:
        return {"identity": self.identity, "phase": self.phase}

    def write(self) -> None:
        """Keep all of it."""
        if self.path is not None:
            write_sealed(self.path, KIND, self._key(), {name: getattr(self, name) for name in KEPT})

    def end(self) -> None:
        """The phase is over, and its result is safe elsewhere."""
        self.loops = {}
        if self.path is not None:
            self.path.unlink(missing_ok=True)
