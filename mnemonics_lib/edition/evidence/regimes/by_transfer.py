"""What weight transfer does to herding's runs, 5 exemplars a class: with it minus without, of the same seeds."""

from __future__ import annotations

from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.paired.partners import refuse_strangers
from mnemonics_lib.edition.studies.paired_runs import (
    Number,
    after_fine_tuning,
    before_fine_tuning,
    before_in_phase_1,
)
from mnemonics_lib.edition.studies.studied import Studied

METHODS = ("lwf", "lucir")
"""Those that have runs without it."""


NUMBERS: dict[str, Number] = {
    "average accuracy (points)": lambda record: record.average_accuracy,
    "before fine-tuning (points)": before_fine_tuning,
    "before it, phase 1 (points)": before_in_phase_1,
}
"""The head of a column -> a number of a run."""


def by_transfer(primary: Studied, transfer: Studied, method: str, number: Number) -> Interval:
    """A number of herding's runs, 5 a class, with weight transfer minus without it.

    Args:
        primary: has the runs with it.
        transfer: has those without it.
        method: one of ``METHODS``.
        number: of a run.

    Raises:
        PairError: where two runs of one seed have other classes or images.
    """
    with_it, without = primary.records[f"{method}-herding-5"], transfer.records[f"{method}-herding"]
    for seed in with_it.keys() & without.keys():
        refuse_strangers(with_it[seed], without[seed], (f"primary, seed {seed}", f"transfer, seed {seed}"))
    first, second = ({seed: number(record) for seed, record in of.items()} for of in (with_it, without))
    return paired(first, second)


def rows(primary: Studied, transfer: Studied) -> list[dict[str, str]]:
    """A row for each method, with a column for each of ``NUMBERS``, 95 % each; studies and errors likewise."""
    return [
        {
            "method": NAMES[method],
            **{head: str(by_transfer(primary, transfer, method, number)) for head, number in NUMBERS.items()},
        }
        for method in METHODS
    ]


def before_and_after(primary: Studied, transfer: Studied) -> str:
    """What weight transfer changes before the fine-tuning of a phase, and after it; "" before all runs are there.

    Both are means over the phases from 1 on; studies and errors likewise.
    """
    with_it, without = ([f"{method}-herding{end}" for method in METHODS] for end in ("-5", ""))
    if not (primary.plan.finished(*with_it) and transfer.plan.finished(*without)):
        return ""
    said = []
    for method in METHODS:
        before, after = (
            by_transfer(primary, transfer, method, number) for number in (before_fine_tuning, after_fine_tuning)
        )
        said.append(
            f"{before.without_n} points before it and {after.without_n} after it ({NAMES[method]}, n = {after.n})"
        )
    return together(said)
