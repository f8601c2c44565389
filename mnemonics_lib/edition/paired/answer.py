"""Whether training exemplars helps, in one sentence: what the verdicts of several settings come to."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.paired.intervals import Interval


def answer(found: Sequence[Interval]) -> str:
    """What follows "training exemplars ...": whether it is shown to help or to harm, and in how many settings.

    Args:
        found: trained minus control, of each setting that is finished.
    """
    verdicts = [each.verdict for each in found]
    helps, harms, of = verdicts.count("higher"), verdicts.count("lower"), len(verdicts)
    if not of:
        return "has not been compared yet"
    if not helps and not harms:
        return "is not shown to help, nor to harm"
    if helps and harms:
        return f"is shown to help in {helps} and to harm in {harms} of {of} settings"
    shown, word = (helps, "help") if helps else (harms, "harm")
    if of == 1:
        return f"is shown to {word} in the one setting"
    return f"is shown to {word} in {'all' if shown == of else f'{shown} of'} {of} settings"


def extent(found: Sequence[Interval]) -> str:
    """The smallest and the largest mean difference, and how far their intervals reach, in points.

    Args:
        found: likewise; at least one, each with an interval.

    Raises:
        ValueError: for none, and for a mean without an interval.
    """
    if not found or any(each.n < 3 for each in found):
        raise ValueError(f"found = {[each.n for each in found]} values: must be at least one mean, each of 3 or more")
    least, most = min(each.mean for each in found), max(each.mean for each in found)
    low, high = min(each.low for each in found), max(each.high for each in found)
    return f"{least:+.2f} to {most:+.2f} points, with intervals that reach from {low:+.2f} to {high:+.2f}"
