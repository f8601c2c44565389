"""The driver: walks any loop with a progress bar, a time limit, and everything kept that is needed to go on."""

from __future__ import annotations

import contextlib
import copy
import time

import torch

from mnemonics_lib.data.held import HOST
from mnemonics_lib.device.memory import free_bytes
from mnemonics_lib.durable.bar import bar
from mnemonics_lib.durable.clock import Clock
from mnemonics_lib.durable.journal import Journal
from mnemonics_lib.durable.provenance import Environment
from mnemonics_lib.durable.shared import Shared
from mnemonics_lib.durable.signals import Ear, StoppedError, listening
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.loops import Loop, LoopState, take_step

SPARING = 20
"""Writing the journal takes one part in so many of the time, at most: that of ImageNet is gigabytes."""


class Driver:
    """A :data:`mnemonics_lib.loops.Walker` that can stop after any step of any loop, and go on later.

    Args:
        journal: where unfinished loops are kept; None keeps nothing.
        shared: finished loops that runs have in common; None shares nothing.
        device: whose free memory is asked for before a loop begins, beside the host's.
        deadline: on the clock of ``time.monotonic``, past which the work stops at its next step; None for no limit.
        progress: whether to show a bar for each loop.
        interval: seconds between two writes of the journal, at least; more where a write takes long.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        shared: Shared | None = None,
        device: torch.device | str = "cpu",
        deadline: float | None = None,
        progress: bool = False,
        interval: float = 60.0,
    ) -> None:
        self.journal, self.shared = journal or Journal(), shared
        self.device, self.progress, self.interval = torch.device(device), progress, interval
        self._deadline = deadline
        self._written, self._took = time.monotonic(), 0.0  # when the last write ended, and how long it took
        self._owed = False  # whether the journal has something that its file has not
        self._clock = Clock()
        self._shared_seconds: dict[str, float] = {}  # that making each shared loop took; a session asks for all anew
        self._making: tuple[str, Clock] | None = None

    def begin(self, phase: int) -> None:
        """A phase begins, anew or where an earlier session left it.

        Raises:
            JournalError: for a damaged journal.
        """
        self.journal.begin(phase)
        self._clock, self._shared_seconds, self._owed = Clock(self.journal.seconds), {}, False

    def work_in(self, now: Environment) -> list[Environment]:
        """The phase goes on in an environment; call it after :meth:`begin`.

        Shared work must come from one environment: after a change of it phase 0 begins again, its other loops included,
        since they hang on the shared ones.

        Returns:
            Every environment that the phase was computed in so far, this one included.
        """
        earlier = [Environment(**values) for values in self.journal.environments]
        latest = self.journal.latest_environment
        of_loops = earlier if latest is None else [Environment(**latest)]  # any of them, where the last is not known
        changed = any(each.on_any_processor() != now.on_any_processor() for each in of_loops)
        if self.shared is not None and self.journal.phase == 0 and changed:
            self.journal.loops, self.journal.making = {}, {}
        found = earlier if now in earlier else [*earlier, now]
        self.journal.environments = [each.model_dump() for each in found]
        self.journal.latest_environment = now.model_dump()
        return found

    def end(self, *, last: bool) -> None:
        """The phase is over, and its result is safe elsewhere.

        Args:
            last: whether no other phase follows, so that there is nothing left to be late for.

        Raises:
            OutOfTimeError: past the time limit.
        """
        self.journal.end()
        if not last and self._late():
            raise OutOfTimeError(f"time limit reached after phase {self.journal.phase}; the same command goes on there")

    def seconds(self) -> float:
        """Seconds of the present phase in all sessions; shared work counts as if it had been done here."""
        return self._clock.seconds() + sum(self._shared_seconds.values())

    def __call__(self, loop: Loop, name: str) -> None:
        """Do the remaining steps of a loop: those that no earlier session and no other run has done.

        Raises:
            OutOfTimeError: past the time limit, once all is written.
            StoppedError: after Ctrl-C, once all is written.
            DivergedError: when a step comes upon NaN or infinity.
            JournalError, SharedError: for a file that cannot be gone on from.
            WillNotFitError: when a step would not fit into the memory of the device or the host.
        """
        if self.shared is None or name not in self.shared.keys:
            self._walk(loop, name)
            return

        def make() -> tuple[LoopState, float]:
            clock = Clock(self.journal.making.get(name, 0.0))
            self._making = name, clock
            try:
                self._walk(loop, name)
            finally:
                self._making = None
            return loop.state(), clock.seconds()

        with self._clock.stopped():  # waiting for another run is not work
            state, self._shared_seconds[name] = self.shared.get(name, make, self._deadline)
        self.journal.loops.pop(name, None)  # it is kept there
        if loop.done < len(loop):  # another run made it; where this call did, the loop is at its end already
            self.shared.take(loop, name, state)

    def _walk(self, loop: Loop, name: str) -> None:
        self.journal.take(loop, name)
        if loop.done < len(loop):
            self._require_room(loop)
        shown = bar(total=len(loop), initial=loop.done, desc=name, disable=not self.progress, leave=False)
        with shown, listening() as ear:
            for _ in range(loop.done, len(loop)):
                take_step(loop, name)
                shown.update()
                self._keep(loop, name, ear)

    def _require_room(self, loop: Loop) -> None:
        """Let a loop refuse to begin where its steps would not fit into memory."""
        if hasattr(loop, "fit_into_host") and self.device.type != HOST.type:
            loop.fit_into_host(free_bytes(HOST))
        if hasattr(loop, "fit_into"):
            loop.fit_into(free_bytes(self.device))

    def _keep(self, loop: Loop, name: str, ear: Ear) -> None:
        """After a step: keep the loop's state when a write is due; stop when time is over, or somebody says so."""
        stop, finished = self._late() or ear.heard is not None, loop.done == len(loop)
        due = time.monotonic() - self._written >= max(self.interval, SPARING * self._took)
        if self.journal.path is not None and (stop or due or finished):
            # A finished loop's result is copied: it changes afterwards, and is written when the next write is due. One
            # that runs share is written elsewhere before that, and one that is not finished is written at once.
            state = loop.state()
            self.journal.loops[name] = copy.deepcopy(state) if finished and self._making is None else state
            self._owed = True
        if stop or due:
            self.write()
            if not finished:  # the file has it, and the next step changes it
                self.journal.loops.pop(name, None)
        where = f"{name}: {loop.done} of {len(loop)} steps are done; the same command goes on from there"
        if ear.heard is not None:
            raise StoppedError(ear.heard, f"in {where}")
        if stop:
            raise OutOfTimeError(f"time limit reached in {where}")

    def _late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def write(self) -> None:
        """Keep what the loops of this phase have given last.

        Raises:
            OSError: when the file system refuses; what was kept before is still there.
        """
        began = time.monotonic()
        self.journal.seconds = self._clock.seconds()
        if self._making:
            name, clock = self._making
            self.journal.making[name] = clock.seconds()
        self.journal.write()
        self._written, self._owed = time.monotonic(), False
        self._took = self._written - began

    def write_if_it_can(self) -> None:
        """The same where there is something to write, while something else goes wrong that matters more than a disk.

        An unfinished loop is in the file as it was at the last write, and may have stopped in the middle of a step.
        """
        if self._owed:
            with contextlib.suppress(OSError):
                self.write()
