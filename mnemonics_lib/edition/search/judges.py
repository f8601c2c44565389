"""Old classes in the judge, by themselves and as Eq. 4b has them: what both gained in the search, as sentences."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.search.runs import EQ4B, HERDING, JUDGE, METHODS, NEAR, minus_control, runs
from mnemonics_lib.paths import RECORDS

TRAININGS = {
    JUDGE: "the judge of all classes alone, with the training of Eq. 7",
    EQ4B: "Eq. 4b, the same judge and all exemplars in the training",
    NEAR: "Eq. 7 with the near loop",
}
"""Name in the record -> in a sentence."""


def judges_in_words(budget: int = 5, records: Path = RECORDS) -> str:
    """What the judge alone and Eq. 4b gained over herding's exemplars, and which of them gained more.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.

    Raises:
        RecordError: where one of them has no runs.
    """
    gains = {tried: {method: _gains(tried, method, budget, records) for method in METHODS} for tried in TRAININGS}
    told = "; ".join(
        f"{words}, " + ", ".join(f"{NAMES[method]} {_mean(of)}" for method, of in gains[tried].items())
        for tried, words in TRAININGS.items()
    )
    more = {method: _more(gains[EQ4B][method], gains[JUDGE][method]) for method in METHODS}
    compared = ", ".join(f"{NAMES[method]} {value:+.2f}" for method, value in more.items())
    return (
        f"With {budget} a class, minus herding's exemplars, means over seeds and how many seeds are above 0: {told}. "
        f"Eq. 4b minus the judge alone, over the seeds of both: {compared}. {_which(more)}"
    )


def _gains(tried: str, method: str, budget: int, records: Path) -> dict[int, float]:
    """What was gained over herding's exemplars, by seed, judged by a fifth of the images."""
    like: dict[str, Any] = {"method": method, "budget": budget, "held_out": 0.2}
    every = runs(records, afterwards=True, **like)
    return minus_control(runs(records, afterwards=True, tried=tried, **like), every, HERDING)


def _mean(gains: dict[int, float]) -> str:
    """A mean over seeds, and how many of them are above 0."""
    above = sum(value > 0 for value in gains.values())
    return f"{fmean(gains.values()):+.2f} ({above} of {len(gains)})"


def _more(one: dict[int, float], other: dict[int, float]) -> float:
    """How much more one gained, over the seeds of both."""
    return fmean(one[seed] - other[seed] for seed in one.keys() & other.keys())


def _which(more: dict[str, float]) -> str:
    """Whether one of the two came out above the other with both methods."""
    if all(value > 0 for value in more.values()):
        return "So Eq. 4b came out above the judge alone with both methods."
    if all(value < 0 for value in more.values()):
        return "So the judge alone came out above Eq. 4b with both methods."
    return "So neither came out above the other with both methods."
