"""Waiting for another process that is doing the same."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mnemonics_lib.errors import OutOfTimeError

PATIENCE = 2.0
"""Seconds of waiting before it is said that there is something to wait for."""


@contextmanager
def locked(path: Path, deadline: float | None, what: str) -> Iterator[None]:
    """Hold a lock, which one process holds at a time, for the length of the block.

    Args:
        path: the lock's file; it is left behind, as removing it would let two processes in.
        deadline: when to give up, on the clock of ``time.monotonic``; None waits for as long as it takes.
        what: is waited for, in words.

    Raises:
        OutOfTimeError: past the deadline.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=min(PATIENCE, _left(deadline)))
    except Timeout:
        print(f"waiting for {what} ({path})", file=sys.stderr, flush=True)
        try:
            lock.acquire(timeout=-1 if deadline is None else _left(deadline))  # -1 is filelock's for ever
        except Timeout:
            raise OutOfTimeError(f"time limit reached while waiting for {what}; the same command goes on") from None
    try:
        yield
    finally:
        lock.release()


def _left(deadline: float | None) -> float:
    """Seconds until then; infinite for never."""
    return math.inf if deadline is None else max(0.0, deadline - time.monotonic())
