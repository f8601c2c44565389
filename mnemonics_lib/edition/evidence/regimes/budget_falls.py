"""What training does in phase 0 against the number of exemplars: to the meta loss, and to the exemplars' own loss."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.evidence.meta_loss.first_fall import CHANGES, DEPLOYED, MINIMISED, RISES
from mnemonics_lib.edition.evidence.regimes.by_budget import METHODS, gains
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.slopes import Trend, trend
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.studied import Studied

NAMED = {
    MINIMISED: "fall, statistics of each batch",
    DEPLOYED: "fall, running statistics",
    RISES: "own loss, after − before",
}
"""What training did to the exemplars of phase 0 -> the head of its column (nat)."""

Values = Mapping[int, Mapping[int, float]]
"""Exemplars a class -> seed -> a number of its run."""


def of_phase_0(budgets: Studied, method: str) -> dict[str, Values]:
    """``CHANGES`` of the runs with the near inner loop.

    Raises:
        ValueError: for a record that does not say what became of the exemplars of phase 0.
    """
    trained = {m: budgets.records[f"{method}-near-{m}"] for m in gains(budgets, method)}
    return {
        change: {m: {seed: number(record) for seed, record in of.items()} for m, of in trained.items()}
        for change, number in CHANGES.items()
    }


def rows(budgets: Studied) -> list[dict[str, str]]:
    """A row for each method and number of exemplars: the gain, and means over seeds of ``CHANGES``, 95 % each."""
    found = []
    for method in METHODS:
        gained, of = gains(budgets, method), of_phase_0(budgets, method)
        for m, by_seed in gained.items():
            cells = {NAMED[change]: marked(interval([*values[m].values()]), 3) for change, values in of.items()}
            gain = marked(interval([*by_seed.values()]))
            found.append({"method": NAMES[method], "exemplars a class": str(m), "gain (points)": gain, **cells})
    return found


def in_words(budgets: Studied) -> str:
    """Which of these numbers change with the number of exemplars, and the change of the gain beside them."""
    changes = {method: of_phase_0(budgets, method) for method in METHODS}
    trends = {change: {method: trend(of[change]) for method, of in changes.items()} for change in CHANGES}
    clauses = {
        MINIMISED: "how far it fell by the statistics of each batch, as it is minimised,",
        DEPLOYED: "how far it fell by running ones",
        RISES: "how far the exemplars' own loss rose",
    }
    said = "; ".join(f"{clauses[change]} {_of_each(of)}" for change, of in trends.items())
    gained = together(
        [
            f"{found.grows} it for {NAMES[method]} ({found.found.without_n} points{found.but('a class')})"
            for method in METHODS
            for found in [trend(gains(budgets, method))]
        ]
    )
    return (
        f"Of the meta loss of phase 0, for twice as many exemplars (nat): {said}. Of the same runs the gain {gained}. "
        "What the one has to do with the other was not asked."
    )


def _of_each(trends: Mapping[str, Trend]) -> str:
    """Whether a number changes with that of exemplars, for each method."""
    return together(
        [
            f"{each.grows} the number for {NAMES[method]} ({each.found:.3f}{each.but('a class', 3)})"
            for method, each in trends.items()
        ]
    )
