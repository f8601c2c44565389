"""Progress bars that look right in a terminal and in a notebook."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from tqdm import tqdm


def bar(iterable: Any = None, **options: Any) -> tqdm[Any]:
    """A bar of tqdm, whose arguments it has, where bars are read: see :func:`stream`."""
    return tqdm(iterable, file=stream(), **options)


def stream() -> TextIO:
    """Where bars go: to standard error, and in a notebook to standard output.

    Jupyter lays a red ground under all that comes from standard error, which stays there when the bar has gone.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return sys.stdout if hasattr(shell, "kernel") else sys.stderr
