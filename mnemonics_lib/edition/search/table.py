"""Everything that the search for settings tried, ``book/records/search.json``, as a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.search.changes import full_name
from mnemonics_lib.edition.search.runs import FAR, FILE, METHODS, NEAR, Runs, made_afterwards, minus_control, runs
from mnemonics_lib.edition.shown import arrow
from mnemonics_lib.paths import RECORDS


def search_table(budget: int, records: Path = RECORDS, afterwards: bool = False) -> list[dict[str, str]]:
    """A row for each thing that was tried with a method: what it gained over its control, seed by seed.

    Things whose control has no run with one of their seeds are left out, and so are runs without a control, which are
    the controls of others. What the flags of its runs change and its name does not tell is added to it.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
        afterwards: of what was tried when the choice had been made, and of nothing else; then with a column for what it
            gained over the choice, where that has one of its seeds.
    """
    of_budget = runs(records, afterwards, budget=budget)
    shown = [run for run in of_budget if made_afterwards(run) == afterwards]
    rows = []
    for (_, method, held_out), (found, alike) in _groups(of_budget, shown).items():
        if gains := minus_control(found, alike):
            over = _over(found, alike, budget)
            rows.append(
                {
                    "method": NAMES[method],
                    "tried": full_name(found),
                    "each seed": ", ".join(f"{value:+.2f}" for value in gains.values()),
                    "mean": f"{fmean(gains.values()):+.2f}",
                    **({"over the choice": f"{fmean(over):+.2f}" if over else "–"} if afterwards else {}),
                    "own loss": _own_loss(found),
                    "moved": _moved(found),
                    "judge": f"{100 * held_out:.0f} %",
                    "minus": full_name([run for run in alike if run["tried"] == found[0]["control"]]),
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
    ahead = [f"{tried} ({len(over[tried])} runs)" for tried in named_ahead(budget, records)]
    by_chance = sum(0.5 ** len(gains) for gains in over.values())
    return (
        f"Of {len(over)} that were tried with both methods, above the choice in all of their runs: "
        f"{'; '.join(ahead) or 'none'}. If none of them did anything, and runs were independent, "
        f"{by_chance:.1f} would be expected."
    )


def named_ahead(budget: int, records: Path = RECORDS) -> list[str]:
    """The names of these things; arguments likewise."""
    return [tried for tried, gains in _all_over_the_choice(budget, records).items() if min(gains) > 0]


def how_many(records: Path = RECORDS) -> str:
    """How many runs the search has, and how many of them came to no result or after the choice: a sentence.

    Args:
        records: directory of all committed records.
    """
    every, lost = runs(records, afterwards=True), len(_lost(records))
    later = sum(map(made_afterwards, every))
    more = f", and {lost} more that came to no result" if lost else ""
    return f"The record has {len(every)} runs, controls among them, {later} of them made afterwards{more}."


def diverged(records: Path = RECORDS) -> str:
    """What came to no result because a loss was not finite, and in how many runs; "" where nothing did."""
    counted = Counter((NAMES[run["method"]], run["budget"], run["tried"], run["why"]) for run in _lost(records))
    return "; ".join(
        f"{method}, {budget} a class, {tried} ({why}, {count} run{'s' * (count > 1)})"
        for (method, budget, tried, why), count in counted.items()
    )


def _all_over_the_choice(budget: int, records: Path) -> dict[str, list[float]]:
    """Thing -> what its runs gained over the choice, of those that both methods have."""
    of_budget = runs(records, afterwards=True, budget=budget)
    found: dict[str, dict[str, list[float]]] = {}
    for (_, method, _), (of_tried, alike) in _groups(of_budget, filter(made_afterwards, of_budget)).items():
        if gains := _over(of_tried, alike, budget):
            found.setdefault(full_name(of_tried), {}).setdefault(method, []).extend(gains)
    return {tried: [*chain(*of.values())] for tried, of in found.items() if of.keys() == {*METHODS}}


def _lost(records: Path) -> Runs:
    """The runs that came to no result."""
    found: Runs = json.loads((records / FILE).read_text(encoding="utf-8")).get("diverged", [])
    return found


def _groups(every: Runs, shown: Iterable[dict[str, Any]]) -> dict[tuple[str, str, float], tuple[Runs, Runs]]:
    """Thing, method and share held out of the runs that are shown -> its runs, and all of that method and share."""
    found = {}
    for key in dict.fromkeys((run["tried"], run["method"], run["held_out"]) for run in shown):
        alike = [run for run in every if (run["method"], run["held_out"]) == key[1:]]
        found[key] = [run for run in alike if run["tried"] == key[0]], alike
    return found


def _over(found: Runs, alike: Runs, budget: int) -> list[float]:
    """Average accuracy minus that of what was chosen, of the seeds of both."""
    return [*minus_control(found, alike, NEAR if budget <= 5 else FAR).values()]


def _own_loss(found: Runs) -> str:
    """Of the exemplars of all phases and seeds, before and after their training; empty where none were trained."""
    pairs = [pair for run in found for pair in run["own_loss"] if pair]
    return arrow(fmean(before for before, _ in pairs), fmean(after for _, after in pairs)) if pairs else ""


def _moved(found: Runs) -> str:
    """How far exemplars went, over seeds and the phases that moved any (std); "–" where no run has it recorded."""
    recorded = [run["displacement"] for run in found if run.get("displacement")]
    far = [value for of_run in recorded for value in of_run if value]
    return f"{fmean(far or [0]):.3f}" if recorded else "–"
