"""What training exemplars and adjusting old ones add: in the paper's Table 2, and here, one after the other."""

from __future__ import annotations

from operator import attrgetter

from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paper.numbers import claimed_of_kind
from mnemonics_lib.edition.studies.outcome import SAID
from mnemonics_lib.edition.studies.studied import Studied

KINDS = {"random": "random", "herding": "herding", "mnemonics": "trained"}
"""Exemplars as the paper's table has them -> what a reader calls them."""

PHASES = (5, 10, 25)
"""The values of N that the table has."""

STEPS = {("trained", "herding"): "training", ("adjusted", "trained"): "adjusting old ones then"}
"""Arms of a method, in the study ``split``, and the arms before them -> what has been changed."""


def rows() -> list[dict[str, str]]:
    """Cells of a table: average accuracy without adjustment (%), and what adjusting adds to it (points).

    They are the paper's, LUCIR with weight transfer on CIFAR-100, 20 a class.
    """
    return [
        {"exemplars": words} | {f"N = {phases}": _cell(kind, phases) for phases in PHASES}
        for kind, words in KINDS.items()
    ]


def _cell(kind: str, phases: int) -> str:
    """``63.06 (+0.45)``."""
    without, adjusted = (float(claimed_of_kind(kind, adjust, phases).avg_acc) for adjust in (False, True))
    return f"{without:.2f} ({adjusted - without:+.2f})"


def seen_here(study: Studied, method: str = "lucir") -> str:
    """What the same two changes add in a study, in a sentence; a change whose runs are not all there is left out.

    Args:
        study: with the arms of :data:`STEPS`, each after the name of its method, such as ``lucir-trained``.
        method: whose.

    Returns:
        "" where no change is finished.
    """
    pairs = {
        words: pair
        for (arm, minus), words in STEPS.items()
        for pair in study.pairs(f"^{method}-{arm}$", f"^{method}-{minus}$")
        if pair.finished
    }
    if not pairs:
        return ""
    found = {words: pair.difference(attrgetter("average_accuracy")) for words, pair in pairs.items()}
    added = [f"{words} adds {each} ({SAID[each.verdict]})" for words, each in found.items()]
    return (
        f"Here, with {NAMES[method]} on few of these classes at a time and a small network, in points: "
        f"{together(added)}; 95 % each."
    )
