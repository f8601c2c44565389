"""What became of verdicts when the same runs were made a second time: a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.paired.intervals import Interval

SIDES = ("higher", "lower")


def changed_verdicts(pairs: Sequence[tuple[Interval, Interval]]) -> str:
    """How many verdicts changed, and in which way.

    Args:
        pairs: the intervals of the first time and of the second; pairs of which one is of too few seeds have no
            verdict to change.
    """
    judged = [(first.verdict, second.verdict) for first, second in pairs if min(first.n, second.n) >= 3]
    new = sum(first not in SIDES and second in SIDES for first, second in judged)
    lost = sum(first in SIDES and second not in SIDES for first, second in judged)
    turned = sum(first != second and {first, second} <= {*SIDES} for first, second in judged)
    return (
        f"{new + lost + turned} of {len(judged)} verdicts changed: {new} {_is(new)} clear of zero the second time "
        f"alone, {lost} {_is(lost)} so the first time alone" + (f", and {turned} changed sides" if turned else "") + "."
    )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
