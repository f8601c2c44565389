"""Settings on the classes that they were chosen on, with new seeds, beside the search's numbers and other classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnemonics_lib.edition.paired.intervals import Interval, interval, unpaired


@dataclass(frozen=True)
class Searched:
    """A method's differences between trained exemplars and herding's, three times (points).

    Attributes:
        method: its name.
        searched: those of the search.
        again: on the same classes, with seeds and test images that the search had not.
        others: on other classes.
    """

    method: str
    searched: Sequence[float]
    again: Sequence[float]
    others: Sequence[float]

    @property
    def apart(self) -> dict[str, Interval]:
        """The differences of the three, of independent samples."""
        return {
            "search − classes 20–99": unpaired(self.searched, self.others),
            "new seeds − other classes": unpaired(self.again, self.others),
            "search − new seeds": unpaired(self.searched, self.again),
        }

    @property
    def row(self) -> dict[str, str]:
        """A row of a table."""
        return {
            "method": self.method,
            "classes 0–19, the search": str(interval(self.searched)),
            "classes 0–19, new seeds": str(interval(self.again)),
            "classes 20–99": str(interval(self.others)),
        } | {column: str(difference) for column, difference in self.apart.items()}


def in_words(found: Sequence[Searched]) -> str:
    """What new seeds came to, and which differences of columns are shown."""
    again = [
        f"for {each.method} the accuracy with trained exemplars {interval(each.again).in_words} that with herding's"
        for each in found
    ]
    shown = [
        f"{column}, {each.method}"
        for each in found
        for column, difference in each.apart.items()
        if difference.verdict in ("higher", "lower")
    ]
    columns = f"Shown to differ are: {'; '.join(shown)}." if shown else NOTHING
    return f"With new seeds, {' and '.join(again)}. {columns}"


NOTHING = (
    "No two of the search, the new seeds and the other classes are shown to differ: there may be nothing to explain."
)
