"""What of a notebook's run its figures are drawn from, so that one run does for chapters 2, 4 and 5."""

from __future__ import annotations

from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.keep import Keep


def drawn_from(config: RunConfig) -> Keep | None:
    """What chapter 5 asks a run to keep: its first phase and its last; None for a run that has no exemplars."""
    return None if config.exemplars == "none" else Keep(phases=[0, config.phases])
