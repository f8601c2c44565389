"""Work that can stop and go on: what the present phase has reached, on disk once a minute, and a time limit.

A run's checkpoint stands between phases. Inside a phase a run goes on as follows: the phase begins again from the
checkpoint, and each of its loops (model level, exemplars, adjustment, fine-tuning) asks the journal how far it had got.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mnemonics_lib.durable.files import write_atomically

Content = dict[str, Any]
"""Plain values and tensors, as ``torch.load(weights_only=True)`` reads them."""


class OutOfTimeError(Exception):
    """The time limit was reached; all that was done is kept. The message says where the run stands."""


class JournalError(ValueError):
    """A journal that cannot be read. The message names the file."""


class Stopwatch:
    """Seconds of a phase over several sessions: its own, and those of pieces of work that stand aside.

    Args:
        own: of earlier sessions.
        aside: of earlier sessions, by name of the piece.
    """

    def __init__(self, own: float = 0.0, aside: Content | None = None) -> None:
        self._earlier, self._aside = own, dict(aside or {})
        self._began, self._excluded = time.monotonic(), 0.0
        self._piece: tuple[str, float] | None = None

    def own(self) -> float:
        """Seconds so far, without those aside."""
        now = time.monotonic()
        inside = now - self._piece[1] if self._piece else 0.0
        return self._earlier + now - self._began - self._excluded - inside

    @contextmanager
    def aside(self, name: str) -> Iterator[float]:
        """Time the block as a piece of its own; gives the seconds of earlier sessions."""
        started = time.monotonic()
        self._piece = name, started
        try:
            yield self._aside.get(name, 0.0)
        finally:
            self._piece = None
            self._excluded += time.monotonic() - started

    def state(self) -> Content:
        """To go on from in another session."""
        pieces = dict(self._aside)
        if self._piece:
            name, started = self._piece
            pieces[name] = pieces.get(name, 0.0) + time.monotonic() - started
        return {"own": self.own(), "aside": pieces}


@dataclass
class Journal:
    """What the loops of one phase have reached.

    Attributes:
        path: the file; None keeps nothing.
        identity: what the file must agree on to be used: configuration, source.
        minutes: from now, after which the work stops at its next step; None for no limit.
        interval: seconds between two writes.
    """

    path: Path | None = None
    identity: Content = field(default_factory=dict)
    minutes: float | None = None
    interval: float = 60.0

    def __post_init__(self) -> None:
        self._phase = 0
        self._loops: dict[str, Content] = {}
        self._deadline = None if self.minutes is None else time.monotonic() + 60 * self.minutes
        self._written = time.monotonic()
        self._clock = Stopwatch()

    def begin(self, phase: int, device: torch.device) -> None:
        """A phase begins, anew or where an earlier session left it.

        Raises:
            JournalError: for a damaged file.
        """
        self._phase, self._loops, self._clock = phase, {}, Stopwatch()
        if self.path is None or not self.path.exists():
            return
        try:
            found = torch.load(self.path, map_location=device, weights_only=True)
            mine = (found["identity"], found["phase"]) == (self.identity, phase)
        except Exception as error:  # torch.load raises nearly anything for a file that is not its own
            raise JournalError(f"{self.path}: cannot be read; delete it to begin the phase again ({error})") from error
        if mine:
            self._loops, self._clock = found["loops"], Stopwatch(found["own"], found["aside"])

    def seconds(self) -> float:
        """Seconds of the present phase in all sessions up to their last write, without what was :meth:`aside`."""
        return self._clock.own()

    def aside(self, name: str) -> AbstractContextManager[float]:
        """For work that is timed by itself because other runs share it; gives the seconds of earlier sessions."""
        return self._clock.aside(name)

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
        self._written = time.monotonic()
        if self.path is not None:
            content = {"identity": self.identity, "phase": self._phase, "loops": self._loops, **self._clock.state()}
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
