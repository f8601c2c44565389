"""Whether LUCIR's gain with 1 exemplar a class is there again with other seeds, and whose displacement it is.

The study, its control and what was to count as an answer were committed before any of its runs was made.
"""

from __future__ import annotations

from mnemonics_lib.edition.evidence.asked.of_slices import as_drawn
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.studies.studied import Studied

HELPS = {
    "higher": "training is shown to help",
    "lower": "training is shown to harm",
    "no difference shown": "training is not shown to help, nor to harm",
}
"""The verdict on trained minus herding's -> what it says of training."""

OWN = {
    "higher": "an exemplar's own displacement is shown to be worth more than another one's",
    "lower": "an exemplar's own displacement is shown to be worth less than another one's",
    "no difference shown": "that an exemplar's own displacement is worth more than another one's is not shown",
}
"""The verdict on trained minus shuffled -> what it says of displacements."""


def in_words(study: Studied, doubling: Studied) -> str:
    """The answer, for whom it holds, and the control's; "" before the study is finished.

    Args:
        study: with the arms ``trained``, ``herding`` and ``shuffled``.
        doubling: what twice as many of herding's exemplars are worth, told for scale where its runs are there.
    """
    if study.missing:
        return ""
    compared = {(arm, minus): each for arm, minus, each in study.compared}
    gain, own = (compared["trained", minus].difference for minus in ("herding", "shuffled"))
    by_seed = compared["trained", "herding"].differences
    of_slices = as_drawn(by_seed, study)
    return (
        "**With 1 exemplar a class, LUCIR**, asked in advance of seeds that the study on the number of exemplars, "
        f"which had seen a gain there, had not: {HELPS[gain.verdict]} ({_points(gain)}, n = {gain.n}, 95 %; "
        f"{_points(of_slices)} with the slices of classes as a draw). The control: "
        f"{OWN[own.verdict]}, {_points(own)}, and with another one's the difference to herding's is "
        f"{_points(compared['shuffled', 'herding'].difference)}."
        f"{_for_scale(doubling)}"
    )


def _for_scale(doubling: Studied) -> str:
    """What a second one of herding's is worth, in a sentence; "" where its runs are not there."""
    arms = ("lucir-herding-2", "lucir-herding-1")
    found = [each.difference for arm, minus, each in doubling.compared if (arm, minus) == arms]
    if not found or not doubling.plan.finished(*arms):
        return ""
    return (
        f" For scale: a second one of herding's for each class is worth {_points(found[0])} (n = {found[0].n}, 95 %)."
    )


def _points(found: Interval) -> str:
    """``+1.20 [+0.61, +1.79] points``."""
    return f"{found.without_n} points"
