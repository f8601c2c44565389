"""Tables as the pages of the book show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from IPython.display import Markdown, display


def markdown(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table without an index; text that looks like a number stays as it was written.

    Args:
        rows: a table, or one mapping a row, from the name of a column to its value.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    return str(frame.to_markdown(index=False, disable_numparse=True))


def show(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> None:
    """Display :func:`markdown` of ``rows`` in a notebook."""
    display(Markdown(markdown(rows)))
