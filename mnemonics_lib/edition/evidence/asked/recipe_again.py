"""The first question's recipe once more, with the seeds of another question's study, which has its arms beside its own.

Nobody asked in advance what these runs say of it, and the two sets of seeds were put together when both had been seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.evidence.asked.of_slices import by_slice_of, drawn
from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.settings import PRIMARY
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked, tally


@dataclass(frozen=True)
class Again:
    """Trained minus herding's average accuracy by one recipe (points, intervals of 95 %).

    Attributes:
        method: for a reader.
        first: with the seeds of the first question.
        again: with other seeds.
        both: with all of these seeds as if of one study.
        as_drawn: all of them, with the slices of classes as a draw: the mean of their means.
    """

    method: str
    first: Interval
    again: Interval
    both: Interval
    as_drawn: Interval

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "method": self.method,
            "seeds": f"{self.first.n} and {self.again.n}",
            "the first question's": marked(self.first),
            "new ones": marked(self.again),
            "as if of one study": marked(self.both),
            "with the slices as a draw": marked(self.as_drawn),
        }


def recipe_again(found: Sequence[Gain]) -> list[Again]:
    """Of the methods of which both sets of runs are finished.

    Args:
        found: the settings of the book.

    Raises:
        ValueError: where a seed is in both sets: its two runs would have their classes in common.
        ConfigError: as :func:`mnemonics_lib.edition.evidence.asked.of_slices.by_slice_of`.
    """
    first = {gain.setting.method: gain for gain in found if gain.setting.study == PRIMARY and _of_five(gain)}
    again = {gain.setting.method: gain for gain in found if not gain.setting.asked and gain.finished}
    return [_of(method, first[method], again[method]) for method in again if method in first]


def _of_five(gain: Gain) -> bool:
    return gain.finished and gain.setting.detail == "5 a class"


def _of(method: str, first: Gain, again: Gain) -> Again:
    if seeds := sorted(first.by_seed.keys() & again.by_seed):
        raise ValueError(f"{method}: seeds {seeds} are in both studies: must be in one")
    of_slices: dict[tuple[int, int], list[float]] = {}
    for gain in (first, again):
        for part, values in by_slice_of(gain.setting.study, gain.by_seed).items():
            of_slices.setdefault(part, []).extend(values)
    one, other = [*first.by_seed.values()], [*again.by_seed.values()]
    return Again(method, interval(one), interval(other), interval(one + other), drawn(of_slices))


def in_words(found: Sequence[Again]) -> str:
    """What the recipe gains with the new seeds and with all of them, in a sentence; "" for none."""
    if not found:
        return ""
    new, both, as_drawn = (
        {each.method: getattr(each, field) for each in found} for field in ("again", "both", "as_drawn")
    )
    return (
        f"**The first question's recipe once more**, {together([*new])}, 5 a class, with the seeds of the question "
        f"about the judge's images: {_said(new)}; with those of both as if of one study, "
        f"n = {min(each.n for each in both.values())}, {_said(both)}, and with the slices of classes as a draw "
        f"{_said(as_drawn)}. They were put together after both had been seen (95 % each, exploratory)."
    )


def _said(found: dict[str, Interval]) -> str:
    values = together([f"{each.without_n} ({method})" for method, each in found.items()])
    return f"{values} points, {tally(found, 'worse', 'better')}"
