"""What training gains over the epochs of the networks: a study with an arm for each number of them."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.paired.slopes import Trend, trend
from mnemonics_lib.edition.studies.studied import Studied


def epochs_of(arm: str) -> int:
    """The epochs of an arm, such as ``epochs=30-trained``."""
    return int(arm.partition("epochs=")[2].partition("-")[0])


def by_epochs(study: Studied) -> Mapping[int, Mapping[int, float]]:
    """Epochs -> seed -> what the study compares of them, an arm minus its control (points)."""
    return {epochs_of(arm): found.differences for arm, _, found in study.compared}


def in_words(found: Trend) -> str:
    """Whether a gain changes with the epochs, and what that hangs on.

    Args:
        found: of the gain (points), over the epochs.
    """
    numbers = f"{found.found.without_n} points for twice as many, n = {found.found.n}{found.but('epochs')}"
    return f"the gain {found.grows} the epochs ({numbers})"


def in_short(differences: Mapping[int, Mapping[int, float]]) -> str:
    """Whether the gain changes with what the networks know of their data.

    Args:
        differences: epochs a phase, at least three numbers of them -> seed -> trained minus herding (points).
    """
    return (
        f"**Networks that know more of their data.** LwF, 5 a class, {min(differences)} to {max(differences)} epochs a "
        f"phase: {in_words(trend(differences))}."
    )
