"""What training does in phase 0 against the number of exemplars: to the meta loss, and to the exemplars' own loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.by_budget import METHODS, gains
from mnemonics_lib.edition.evidence.panel_falls import fall_of_phase_0
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.slopes import GROWS, over_doublings
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.studied import Studied

BATCH, RUNNING, OWN = "fall, statistics of each batch", "fall, running statistics", "own loss, after − before"
"""What a reader calls the numbers."""


def own_loss_rise(record: Record) -> float:
    """How far the loss of phase 0's exemplars at Theta_0 rose when they were trained: above 0 they became harder (nat).

    Raises:
        ValueError: for a record whose exemplars were not trained, or whose own loss was not measured.
    """
    of = record.results[0].exemplars
    if of is None or of.own_loss_before is None or of.own_loss_after is None:
        raise ValueError(f"{record.method}, seed {record.seed}: its record has no own loss of phase 0's exemplars")
    return float(of.own_loss_after - of.own_loss_before)


NUMBERS: dict[str, Callable[[Record], float]] = {
    BATCH: lambda record: fall_of_phase_0(record, "statistics of each batch"),
    RUNNING: lambda record: fall_of_phase_0(record, "running statistics"),
    OWN: own_loss_rise,
}
"""Of a run with trained exemplars, by a reader's words (nat)."""

Values = Mapping[int, Mapping[int, float]]
"""Exemplars a class -> seed -> a number of its run."""


def of_phase_0(budgets: Studied, method: str) -> dict[str, Values]:
    """``NUMBERS`` of the runs with the near inner loop.

    Raises:
        ValueError: as :func:`own_loss_rise` and :func:`mnemonics_lib.edition.evidence.panel_falls.fall_of_phase_0`.
    """
    trained = {m: budgets.records[f"{method}-near-{m}"] for m in gains(budgets, method)}
    return {
        words: {m: {seed: number(record) for seed, record in of.items()} for m, of in trained.items()}
        for words, number in NUMBERS.items()
    }


def rows(budgets: Studied) -> list[dict[str, str]]:
    """A row for each method and number of exemplars: the gain, and means over seeds of ``NUMBERS``, 95 % each."""
    found = []
    for method in METHODS:
        gained, of = gains(budgets, method), of_phase_0(budgets, method)
        for m, by_seed in gained.items():
            cells = {words: marked(interval([*values[m].values()])) for words, values in of.items()}
            gain = marked(interval([*by_seed.values()]))
            found.append({"method": NAMES[method], "exemplars a class": str(m), "gain (points)": gain, **cells})
    return found


def in_words(budgets: Studied) -> str:
    """Which of these numbers change with the number of exemplars, and for whom the gain goes the other way."""
    slopes = {
        words: {method: over_doublings(of_phase_0(budgets, method)[words]) for method in METHODS} for words in NUMBERS
    }
    clauses = {
        BATCH: "how far it fell by the statistics of each batch, as it is minimised,",
        RUNNING: "how far it fell by running ones, as a network is used,",
        OWN: "how far the exemplars' own loss rose",
    }
    said = "; ".join(f"{clauses[words]} {_of_each(of)}" for words, of in slopes.items())
    against = [
        NAMES[method]
        for method in METHODS
        if over_doublings(gains(budgets, method)).verdict == "lower" and slopes[BATCH][method].verdict == "higher"
    ]
    text = f"Of the meta loss of phase 0, for twice as many exemplars (nat): {said}."
    if against:
        text += f" So for {together(against)} the loss that is minimised falls further where less is gained."
    return text


def _of_each(slopes: Mapping[str, Interval]) -> str:
    """Whether a number changes with that of exemplars, for each method."""
    return together(
        [f"{GROWS[each.verdict]} the number for {NAMES[method]} ({each:.3f})" for method, each in slopes.items()]
    )
