"""Tables and sentences as the notebooks and pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from IPython.display import Markdown, display

TOGETHER = re.compile(r"[\d.]+ ± [\d.]+|\b[nN] = \d+|\[[-+\d.]+, [-+\d.]+\]")
"""Where no line may break: ``61.2 ± 1.8``, ``N = 5``, ``[-1.51, +0.44]``."""


def markdown(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table without an index; text that looks like a number stays as it was written.

    The spaces of :data:`TOGETHER` become such that do not break, for a cell of a narrow screen.

    Args:
        rows: a table, or one mapping a row, from the name of a column to its value.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    frame = frame.astype(object)  # else one column of fractions makes fractions of whole numbers
    text = str(frame.to_markdown(index=False, disable_numparse=True))
    return TOGETHER.sub(lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}"), text)


def show(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> None:
    """Display :func:`markdown` of ``rows`` in a notebook."""
    display(Markdown(markdown(rows)))


def say(text: str) -> None:
    """Display a sentence or more of Markdown: what a cell found, in words that its numbers decide."""
    display(Markdown(text))


def displacement(std: float) -> str:
    """A displacement in standard deviations of the pixels; one below a thousandth is not 0, and is not shown as 0."""
    return f"{std:.3f}" if std >= 0.001 or not std else f"{std:.1e}"


def arrow(before: float, after: float, digits: int = 2) -> str:
    """What a number was and what became of it, as a cell of a table that does not break: ``0.50 → 0.40``.

    Args:
        before: the number at first.
        after: the number then.
        digits: after the point.
    """
    return f"{before:.{digits}f}\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}{after:.{digits}f}"


def change(before: float, after: float, digits: int = 1) -> str:
    """How a number changed, as the end of a sentence: "rose from 3.0 to 4.5"; what rounding hides is no change.

    Args:
        before: the number at first.
        after: the number then.
        digits: after the point.
    """
    old, new = f"{before:z.{digits}f}", f"{after:z.{digits}f}"  # z: no minus before what rounds to 0
    if float(old) == float(new):
        return f"stayed at {new}"
    return f"{'rose' if after > before else 'fell'} from {old} to {new}"
