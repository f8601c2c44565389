"""Seconds of a piece of work over several sessions, and when a session is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


def deadline_in(minutes: float | None) -> float | None:
    """When so many minutes from now will be over, on the clock of ``time.monotonic``; None for never."""
    return None if minutes is None else time.monotonic() + 60 * minutes


class Clock:
    """Counts from when it is made, on top of what earlier sessions took.

    Args:
        earlier: seconds of earlier sessions.
    """

    def __init__(self, earlier: float = 0.0) -> None:
        self._earlier, self._since = earlier, time.monotonic()
        self._stopped: float | None = None

    def seconds(self) -> float:
        """So far."""
        now = time.monotonic() if self._stopped is None else self._stopped
        return self._earlier + now - self._since

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count the block."""
        self._stopped = time.monotonic()
        try:
            yield
        finally:
            self._since += time.monotonic() - self._stopped
            self._stopped = None
