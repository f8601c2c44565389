"""The runs of the search, ``book/records/search.json``, and what they gained over others.

A difference is a run's average accuracy on the images held out minus that of another with the same seed, all else
equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from mnemonics_lib.durable.records import RecordError
from mnemonics_lib.paths import RECORDS

FILE = "search.json"
METHODS = ("lucir", "lwf")
"""With which things were tried."""

HERDING = "herding's exemplars"
NEAR = "Eq. 7, Adam 0.003, perturbed starts: the settings of params/small at first"
FAR = "80 inner steps at a rate of 0.05 with momentum, 10 of them differentiated: a hundred times as far ahead"
CHANCE = "herding's exemplars, moved by a thousandth of a step: what chance does"
TWICE = "herding's exemplars, 40 a class"
JUDGE = "Eq. 7, judged on all classes alike: the new classes' data and old exemplars"
EQ4B = "Eq. 4b"
UNTRAINED = (HERDING, "random exemplars", "displacements given to other exemplars")
"""How the names of controls begin, whose exemplars Eq. 7 has not trained: chance, noise and labels among them."""

Runs = list[dict[str, Any]]


def made_afterwards(run: dict[str, Any]) -> bool:
    """Whether a run was made when the recipe had been frozen: such a run names the script of its own."""
    return "script" in run


def runs(records: Path = RECORDS, afterwards: bool = False, **fields: Any) -> Runs:
    """The runs of the search with these values of their fields.

    Args:
        records: directory of all committed records.
        afterwards: with those that were made afterwards, which had no part in the choice.
        fields: of a run, and their values.

    Raises:
        RecordError: where there are none, or no record of the search.
    """
    if not (records / FILE).is_file():
        raise RecordError(f"{records / FILE}: is not there; it is the record of the search")
    every = json.loads((records / FILE).read_text(encoding="utf-8"))["runs"]
    judged = [run for run in every if afterwards or not made_afterwards(run)]
    found = [run for run in judged if all(run[name] == value for name, value in fields.items())]
    if not found:
        raise RecordError(f"{records / FILE}: has no run with {fields}")
    return found


def minus_control(found: Runs, alike: Runs, control: str | None = None) -> dict[int, float]:
    """Average accuracy minus that of the control of the same seed (points), of the seeds that have one.

    Args:
        found: runs of one thing.
        alike: all runs that are like them but for what was tried.
        control: what is subtracted; None for the control that each run names.
    """
    there = {(run["tried"], run["seed"]): fmean(run["accuracy"]) for run in alike}
    pairs = [(run, there.get((control or run["control"], run["seed"]))) for run in found]
    return {run["seed"]: fmean(run["accuracy"]) - other for run, other in pairs if other is not None}


def differences(records: Path, tried: str, method: str, budget: int, held_out: float = 0.2) -> dict[int, float]:
    """What a thing gained over herding's exemplars, by seed (points), before the choice was made.

    What has twice as many exemplars stands at the budget that it is compared with.

    Raises:
        RecordError: where there are no such runs.
    """
    of_method: dict[str, Any] = {"method": method, "held_out": held_out, "budget": budget}
    return minus_control(runs(records, tried=tried, **of_method), runs(records, **of_method), HERDING)
