"""Ctrl-C and a polite kill, heard between two steps: what a step has half done could not be gone on from."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HEARD = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, an interrupted notebook; and what a batch system sends before it kills."""


class StoppedError(KeyboardInterrupt):
    """Somebody stopped the work; all that was done is kept. ``status`` is the shell's exit status for it.

    A ``KeyboardInterrupt``, so that what goes on after an error does not go on after this.
    """

    def __init__(self, number: int, where: str) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} {where}")
        self.status = 128 + number


class Ear:
    """What was heard since :func:`listening` began.

    Attributes:
        heard: the number of the signal; None for none.
    """

    heard: int | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note a signal; a second one stops at once."""
        if self.heard is not None:
            raise StoppedError(number, "at once; what was done since the last write is lost")
        self.heard = number
        print("stopping after this step; once more stops at once", file=sys.stderr, flush=True)


@contextmanager
def listening() -> Iterator[Ear]:
    """Note signals in place of being stopped by them, for the length of the block.

    Python lets the main thread alone listen; in another one nothing is heard.
    """
    ear = Ear()
    if threading.current_thread() is not threading.main_thread():
        yield ear
        return
    before = {number: signal.signal(number, ear) for number in HEARD}
    try:
        yield ear
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
