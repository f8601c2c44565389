"""What each notebook costs to run, as measured: ``book/records/costs.json``, which ``make costs`` writes."""

from __future__ import annotations

import json

from mnemonics_lib.config import RunConfig
from mnemonics_lib.paths import RECORDS

COSTS = RECORDS / "costs.json"

PAGES = ("why", "toy", "scrubber", "engines", "own_pictures", "own_method")
"""Pages of the book that train or step through something where they are run."""


def cost(notebook: str, config: RunConfig, study: str = "") -> str:
    """The measured cost of a notebook, as a sentence; says so where none was measured.

    Args:
        notebook: its name, for example ``02_global_bop``.
        config: what it is run with.
        study: whose finished work it takes; "" where it computes everything.
    """
    return _in_words(f"{study or f'{config.profile}/{config.dataset}-n{config.phases}'}/{notebook}")


def page_cost(page: str) -> str:
    """The measured cost of one of ``PAGES``, likewise."""
    return _in_words(f"page/{page}")


def _in_words(key: str) -> str:
    measured = json.loads(COSTS.read_text())["seconds"] if COSTS.exists() else {}
    if key not in measured:
        return f"Cost of {key}: not measured yet."
    return f"Measured cost of {key}: {measured[key]:.0f} s, alone, on one thread."
