"""Seconds of a piece of work, measured at the size that there is time for."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from mnemonics_lib.bench.clock import seconds

LIMIT = 6.0
"""Seconds that one measurement may take, about; larger ones are made smaller and scaled."""
FASTER = 8
"""How many times larger the next try is, at most."""


@dataclass(frozen=True)
class Measured:
    """Some measurements of one thing.

    Attributes:
        what: which thing, in words.
        seconds: of each measurement.
        images: that one of them computed: those of a batch; for an outer step those of its inner steps together.
        of: images of the whole thing, which is ``images`` where nothing was made smaller.
        how: what was measured, in words.
    """

    what: str
    seconds: tuple[float, ...]
    images: float
    of: float
    how: str

    @property
    def median(self) -> float:
        """The median of the measurements, in seconds."""
        return statistics.median(self.seconds)

    @property
    def scaled(self) -> bool:
        """Whether less was computed than the whole thing has."""
        return self.images < self.of


def affordable(full: int, least: int, body: Callable[[int], Callable[[], object]]) -> int:
    """The largest size, at most ``full``, that takes about :data:`LIMIT` seconds.

    Args:
        full: the size that is wanted.
        least: the size to begin with, which is taken in any case.
        body: makes the work of a size.
    """
    size = min(least, full)
    while size < full:
        once = body(size)
        once()  # what is set up at a first call would count
        took = seconds(once)
        fits = int(size * LIMIT / took)
        if fits <= size:
            return size
        size, before = min(full, fits, FASTER * size), size
        if fits < FASTER * before:
            return size
    return size


def repeat(body: Callable[[], object], warm: int, times: int) -> tuple[float, ...]:
    """Seconds of each of some calls, after others that do not count."""
    for _ in range(warm):
        body()
    return tuple(seconds(body) for _ in range(times))
