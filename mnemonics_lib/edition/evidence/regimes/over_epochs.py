"""What training gains over the epochs of the networks: a study with an arm for each number of them."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.slopes import GROWS
from mnemonics_lib.edition.studies.studied import Studied


def epochs_of(arm: str) -> int:
    """The epochs of an arm, such as ``epochs=30-trained``."""
    return int(arm.partition("epochs=")[2].partition("-")[0])


def by_epochs(study: Studied) -> Mapping[int, Mapping[int, float]]:
    """Epochs -> seed -> what the study compares of them, an arm minus its control (points)."""
    return {epochs_of(arm): found.differences for arm, _, found in study.compared}


def gain_in_words(grows: Interval) -> str:
    """Whether a gain changes with the epochs.

    Args:
        grows: its slope over their doublings (points), as :func:`mnemonics_lib.edition.paired.slopes.over_doublings`.
    """
    return f"the gain {GROWS[grows.verdict]} the epochs ({grows.without_n} points for twice as many, n = {grows.n})"
