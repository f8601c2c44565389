"""Runs that were made a second time: what came out the first time, which the pages put beside the present records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from mnemonics_lib.paths import RECORDS

FILE = RECORDS / "first_time.json"
"""By study, and by commit at which they lie in the repository's history: average accuracies of replaced records."""

MADE_TWICE = ("quick/digits-n5", "quick/digits-n1")
"""Studies whose arms, but for those that were added later, were made twice, with the same seeds and settings. What is
told of these is the mean of both times.

Of other studies single records were replaced because something was wrong with them.
"""


def first_time(study: str) -> dict[str, dict[int, float]]:
    """Average accuracies of replaced records (%): arm -> seed -> number; of a study without any, nothing."""
    found: dict[str, dict[int, float]] = {}
    for at_commit in _file().get(study, []):
        for arm, by_seed in at_commit["average_accuracy"].items():
            found.setdefault(arm, {}).update((int(seed), value) for seed, value in by_seed.items())
    return found


def first_commits(study: str) -> list[str]:
    """Where in the repository's history those records lie."""
    return [str(at_commit["commit"]) for at_commit in _file().get(study, [])]


def of_both(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """The mean of two makings of the same runs, for the seeds that both have."""
    return {seed: (value + second[seed]) / 2 for seed, value in first.items() if seed in second}


def told_of(study: str) -> str:
    """A sentence that says whose mean is told where runs were made twice; of other studies nothing."""
    if study not in MADE_TWICE:
        return ""
    return (
        "The runs of this study were made twice, with the same settings and seeds, by two versions of the library that "
        "round in another order; arms that were added later were made once. Of two arms that both were made twice, a "
        "difference in *average accuracy* is that of their means; every other number is of the second time."
    )


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
