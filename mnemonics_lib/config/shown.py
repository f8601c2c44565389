"""Values as messages show them: as Python writes them, but never longer than a line or two.

What is refused may be a text of a megabyte or a list of a million numbers. A message that held it whole would hide
what it says, and a number of more than 4,300 digits cannot be written at all.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Problem = TypeVar("Problem")

LONGEST, LONGEST_SOURCE, MOST = 200, 1000, 20
"""Letters of a value and of what it comes from, such as a path, and problems of one message."""


class _Short(reprlib.Repr):
    """Python's own shortened ``repr``, for whole numbers of any size too."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict = 4, 8
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = self.maxarray = 12
        self.maxstring = self.maxother = 80

    def repr_int(self, x: int, level: int) -> str:
        """All digits up to 40 of them, otherwise their number."""
        if abs(x) < 10**40:
            return repr(x)
        sign = "a negative" if x < 0 else "a"
        return f"({sign} whole number of about {int(x.bit_length() * 0.30103) + 1:,} digits)"


def shown(value: Any) -> str:
    """A value as a message shows it, in at most ``LONGEST`` letters and on one line; it is left as it is."""
    return cut(_Short().repr(value))


def cut(text: str, longest: int = LONGEST) -> str:
    """A text with its middle left out where it has more than ``longest`` letters, and nothing a terminal would obey."""
    if len(text) > longest:
        end = (longest - 3) // 2
        text = f"{text[: longest - 3 - end]}...{text[len(text) - end :]}"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def listed(problems: Sequence[Problem], said: Callable[[Problem], str] = str, most: int = MOST) -> str:
    """One problem a line, as ``said`` has it; of more than ``most`` the first, and how many more there are."""
    rest = len(problems) - most
    return "\n".join([*map(said, problems[:most]), *([f"and {rest:,} more"] if rest > 0 else [])])
