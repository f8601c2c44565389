"""Whether a function jumps: over a short enough stretch one that bends hardly changes, and one that jumps does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of the way from 0 to 1.

    Attributes:
        low: where it begins.
        high: where it ends.
        change: the function at its end minus that at its beginning.
    """

    low: float
    high: float
    change: float


def halved(function: Callable[[float], float], times: int) -> Stretch:
    """Halve the way from 0 to 1 so often, keeping each time the half over which the function changes more.

    Where the halves are alike the second one is kept.

    Args:
        function: of a number from 0 to 1.
        times: halvings; each asks for one more value.
    """
    low, high = 0.0, 1.0
    at_low, at_high = function(low), function(high)
    for _ in range(times):
        middle = (low + high) / 2
        at_middle = function(middle)
        if abs(at_middle - at_low) > abs(at_high - at_middle):
            high, at_high = middle, at_middle
        else:
            low, at_low = middle, at_middle
    return Stretch(low, high, at_high - at_low)
