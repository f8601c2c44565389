"""In how many of several places a difference is shown, and where: what a table of intervals comes to, in words."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.paired.intervals import Interval

NAMED = 4
"""Places that are named; more are counted, and found in the table."""


def tally(found: Mapping[str, Interval], lower: str, higher: str) -> str:
    """How many intervals lie below zero and how many above, and whose they are: "nearer in 2 (a · b), farther in none".

    Args:
        found: name of the place -> interval of its difference.
        lower: what is said of a difference below zero, such as "nearer".
        higher: likewise above zero.

    Raises:
        ValueError: where nothing is counted, or an interval is of fewer than three values.
    """
    if few := [name for name, each in found.items() if each.n < 3]:
        raise ValueError(f"{', '.join(few)}: must be intervals of three values or more")
    if not found:
        raise ValueError("found = {}: must hold at least one interval")
    shown = {
        words: [name for name, each in found.items() if each.verdict == verdict]
        for verdict, words in (("lower", lower), ("higher", higher))
    }
    return ", ".join(f"{words} in {_listed(at)}" for words, at in shown.items())


def marked(found: Interval, digits: int = 2) -> str:
    """An interval for a table: in bold where it is clear of zero; without its n, but for fewer than three values."""
    if found.n < 3:
        return f"{found:.{digits}f}"
    text = found.bare(digits)
    return text if found.verdict == "no difference shown" else f"**{text}**"


def _listed(names: list[str]) -> str:
    named = f" ({' · '.join(names)})" if len(names) <= NAMED else ""
    return f"{len(names)}{named}" if names else "none"
