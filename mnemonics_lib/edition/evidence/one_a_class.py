"""Whether LUCIR's gain with 1 exemplar a class is there again with other seeds, and whose displacement it is.

The study, its control and what was to count as an answer were committed before any of its runs was made.
"""

from __future__ import annotations

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


def in_words(study: Studied) -> str:
    """The answer, with the control's; "" before the study is finished.

    Args:
        study: with the arms ``trained``, ``herding`` and ``shuffled``.
    """
    if study.missing:
        return ""
    found = {(arm, minus): each.difference for arm, minus, each in study.compared}
    gain, own = found["trained", "herding"], found["trained", "shuffled"]
    return (
        "**With 1 exemplar a class, LUCIR**, asked in advance of seeds of its own, since a study on the number of "
        f"exemplars had seen a gain there: {HELPS[gain.verdict]} ({_points(gain)}, n = {gain.n}, 95 %). The "
        f"control: {OWN[own.verdict]}, {_points(own)}, and with another one's the difference to herding's is "
        f"{_points(found['shuffled', 'herding'])}."
    )


def _points(found: Interval) -> str:
    """``+1.20 [+0.61, +1.79] points``."""
    return f"{found.without_n} points"
