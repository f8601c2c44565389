"""Work that can stop and go on: what the present phase has reached, on disk once a minute, and a time limit.

A run's checkpoint stands between phases. Inside a phase a run goes on as follows: the phase begins again from the
checkpoint, and each of its loops (model level, exemplars, adjustment, fine-tuning) asks the journal how far it had got.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.records import write_atomically

Content = dict[str, Any]
"""Plain values and tensors, as ``torch.load(weights_only=True)`` reads them."""


class OutOfTimeError(Exception):
    """The time limit was reached; all that was done is kept. The message says where the run stands."""


class JournalError(ValueError):
    """A journal that cannot be read. The message names the file."""


@dataclass
class Journal:
    """What the loops of one phase have reached.

    Attributes:
        path: the file; None keeps nothing.
        identity: what the file must agree on to be used: configuration, source.
        minutes: from now, after which the work stops at its next step; None for no limit.
        interval: seconds between two writes.
        spent: seconds that earlier sessions took for this phase, up to their last write.
    """

    path: Path | None = None
    identity: Content = field(default_factory=dict)
    minutes: float | None = None
    interval: float = 60.0
    spent: float = 0.0

    def __post_init__(self) -> None:
        self._phase = 0
        self._loops: dict[str, Content] = {}
        self._deadline = None if self.minutes is None else time.monotonic() + 60 * self.minutes
        self._began = self._written = time.monotonic()

    def begin(self, phase: int, device: torch.device) -> None:
        """A phase begins, anew or where an earlier session left it.

        Raises:
            JournalError: for a damaged file.
        """
        self._phase, self._loops, self.spent = phase, {}, 0.0
        self._began = time.monotonic()
        if self.path is None or not self.path.exists():
            return
        try:
            found = torch.load(self.path, map_location=device, weights_only=True)
            mine = (found["identity"], found["phase"]) == (self.identity, phase)
        except Exception as error:  # torch.load raises nearly anything for a file that is not its own
            raise JournalError(f"{self.path}: cannot be read; delete it to begin the phase again ({error})") from error
        if mine:
            self._loops, self.spent = found["loops"], found["spent"]

    def loop(self, name: str) -> Loop:
        """The loop of this name in the present phase."""
        return Loop(self, name)

    def end(self) -> None:
        """The phase is over, and its result is safe elsewhere.

        Raises:
            OutOfTimeError: past the time limit.
        """
        self._loops = {}
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        if self._late():
            raise OutOfTimeError(f"time limit reached after phase {self._phase}; the same command goes on from there")

    def reached(self, name: str) -> Content | None:
        """What a loop kept last."""
        return self._loops.get(name)

    def keep(self, name: str, content: Callable[[], Content], done: int, total: int) -> None:
        """A loop has done so many of its steps; see :meth:`Loop.keep`."""
        late = self._late()
        due = time.monotonic() - self._written >= self.interval
        if self.path is not None and (late or due or done == total):
            # A finished loop's result is copied, for it changes afterwards and is written when the next write is due.
            self._loops[name] = copy.deepcopy(content())
        if late or due:
            self._write()
        if late:
            raise OutOfTimeError(
                f"time limit reached in phase {self._phase}, {name}: {done} of {total} steps are done; "
                "the same command goes on from there"
            )

    def _late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _write(self) -> None:
        now = time.monotonic()
        self._written = now
        if self.path is not None:
            spent = self.spent + now - self._began
            content = {"identity": self.identity, "phase": self._phase, "spent": spent, "loops": self._loops}
            write_atomically(self.path, lambda file: torch.save(content, file))


@dataclass(frozen=True)
class Loop:
    """One loop's view of a journal."""

    journal: Journal
    name: str

    def reached(self) -> Content | None:
        """What an earlier session kept last; None to begin."""
        return self.journal.reached(self.name)

    def keep(self, content: Callable[[], Content], done: int, total: int) -> None:
        """After each step: everything needed to go on from here.

        Args:
            content: gives it; called when it is to be kept.
            done: steps done.
            total: of how many.

        Raises:
            OutOfTimeError: past the time limit, once all is written.
        """
        self.journal.keep(self.name, content, done, total)

    def part(self, number: int) -> Loop:
        """One of several loops that follow each other under this name."""
        return Loop(self.journal, f"{self.name} {number}")


ALONE = Loop(Journal(), "")
"""For a loop outside of a run: keeps nothing, has no limit."""
