"""Everything that the search for settings tried, ``book/records/search.json``, as a table."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

from mnemonics_lib.edition.claims.of_search import FAR, FILE, METHODS, NEAR, made_afterwards, runs
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.paths import RECORDS


def search_table(budget: int, records: Path = RECORDS, afterwards: bool = False) -> list[dict[str, str]]:
    """A row for each thing that was tried with a method: what it gained over its control, seed by seed.

    Things whose control has no run with one of their seeds are left out; controls of nothing are, too.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
        afterwards: of what was tried when the choice had been made, and of nothing else; then with a column for what it
            gained over the choice, where that has one of its seeds.
    """
    of_budget = runs(records, afterwards, budget=budget)
    shown = [run for run in of_budget if made_afterwards(run) == afterwards]
    groups = dict.fromkeys((run["tried"], run["method"], run["held_out"]) for run in shown)
    rows = []
    for tried, method, held_out in groups:
        alike = [run for run in of_budget if (run["method"], run["held_out"]) == (method, held_out)]
        found = [run for run in alike if run["tried"] == tried]
        if gains := _gains(found, alike):
            over = _over(found, alike, NEAR if budget <= 5 else FAR)
            rows.append(
                {
                    "method": NAMES[method],
                    "tried": tried,
                    "each seed": ", ".join(f"{value:+.2f}" for value in gains),
                    "mean": f"{fmean(gains):+.2f}",
                    **({"over the choice": over} if afterwards else {}),
                    "own loss": _own_loss(found),
                    "judge": f"{100 * held_out:.0f} %",
                    "minus": found[0]["control"],
                }
            )
    return sorted(rows, key=lambda row: (row["method"], row["tried"]))


def ahead_of_the_choice(budget: int, records: Path = RECORDS) -> str:
    """What was tried afterwards with both methods and came out above the choice in all of its runs; and chance's share.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
    """
    over = _all_over_the_choice(budget, records)
    ahead = [f"{tried} ({len(gains)} runs)" for tried, gains in over.items() if min(gains) > 0]
    by_chance = sum(0.5 ** len(gains) for gains in over.values())
    return (
        f"Of {len(over)} that were tried with both methods, above the choice in all of their runs: "
        f"{'; '.join(ahead) or 'none'}. If none of them did anything, and runs were independent, "
        f"{by_chance:.1f} would be expected."
    )


def diverged(records: Path = RECORDS) -> str:
    """What came to no result because a loss was not finite, and in how many runs; "" where nothing did."""
    found = json.loads((records / FILE).read_text(encoding="utf-8")).get("diverged", [])
    counted = Counter((METHODS[run["method"]], run["budget"], run["tried"], run["why"]) for run in found)
    return "; ".join(
        f"{method}, {budget} a class, {tried} ({why}, {count} run{'s' * (count > 1)})"
        for (method, budget, tried, why), count in counted.items()
    )


def _all_over_the_choice(budget: int, records: Path) -> dict[str, list[float]]:
    """Thing -> average accuracy minus the choice's, of each run of either method with a seed that the choice has."""
    choice = NEAR if budget <= 5 else FAR
    every = [(_partner(run), run) for run in runs(records, afterwards=True, budget=budget)]
    there = {partner: fmean(run["accuracy"]) for partner, run in every if run["tried"] == choice}
    later = [(partner, run) for partner, run in every if made_afterwards(run) and partner in there]
    found: dict[str, list[float]] = {}
    for partner, run in later:
        found.setdefault(run["tried"], []).append(fmean(run["accuracy"]) - there[partner])
    methods = {tried: {run["method"] for _, run in later if run["tried"] == tried} for tried in found}
    return {tried: gains for tried, gains in found.items() if methods[tried] == METHODS.keys()}


def _partner(run: dict[str, Any]) -> tuple[str, int, float]:
    """What two runs that are compared have in common."""
    return run["method"], run["seed"], run["held_out"]


def _over(found: list[dict[str, Any]], alike: list[dict[str, Any]], choice: str) -> str:
    """Mean average accuracy minus that of what was chosen, over the seeds of both; a dash where there are none."""
    gains = _gains([{**run, "control": choice} for run in found], alike)
    return f"{fmean(gains):+.2f}" if gains else "–"


def _gains(found: list[dict[str, Any]], alike: list[dict[str, Any]]) -> list[float]:
    """Average accuracy minus that of the control of the same seed (points)."""
    there = {(run["tried"], run["seed"]): fmean(run["accuracy"]) for run in alike}
    controls = [(run, there.get((run["control"], run["seed"]))) for run in found]
    return [fmean(run["accuracy"]) - control for run, control in controls if control is not None]


def _own_loss(found: list[dict[str, Any]]) -> str:
    """Of the exemplars of all phases and seeds, before and after their training; empty where none were trained."""
    pairs = [pair for run in found for pair in run["own_loss"] if pair]
    return " → ".join(f"{fmean(values):.2f}" for values in zip(*pairs, strict=True))
