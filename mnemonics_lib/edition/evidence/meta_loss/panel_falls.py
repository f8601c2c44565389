"""How far training brings the meta loss down on its fixed panel of starts and images, and in how many trainings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mnemonics_lib.durable.records import Panel, Record
from mnemonics_lib.edition.evidence.pairs.trained_once import trained_once
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

JUDGES = {"statistics of each batch": "", "running statistics": "_running"}
"""How a network that was trained on exemplars is judged by real images, and how the fields of its panel end."""

IN_A_HEADING = dict(zip(JUDGES, ("each batch", "running"), strict=True))
"""What those are called where a table has many columns."""


def panel_of_phase_0(record: Record) -> Panel:
    """The panel that judged the exemplars of phase 0 before and after their training.

    Raises:
        ValueError: for a record that has none.
    """
    of = record.results[0].exemplars
    if of is None or of.panel is None:
        raise ValueError(f"{record.method}, seed {record.seed}: its record has no panel of phase 0")
    return of.panel


def fall_of_phase_0(record: Record, judge: str) -> float:
    """How far the training of the exemplars of phase 0 brought the meta loss down on that panel (nat).

    Args:
        record: of a run with trained exemplars.
        judge: of ``JUDGES``.

    Raises:
        ValueError: as :func:`panel_of_phase_0`.
    """
    panel, end = panel_of_phase_0(record), JUDGES[judge]
    return float(getattr(panel, f"before{end}") - getattr(panel, f"after{end}"))


def panel_fall(record: Record, running: bool = False) -> float:
    """How far training brought the meta loss down on its fixed panel, mean over phases (nat).

    Args:
        record: of a run with trained exemplars.
        running: with the running statistics of batch normalisation, and not with a batch's.
    """
    return float(np.mean([before - after for before, after in _panels(record, running)]))


@dataclass(frozen=True)
class Fallen:
    """In how many trainings the loss of their panel fell.

    Attributes:
        batch: with the statistics of each batch.
        running: with the running ones.
        both: with either.
        of: how many trainings there are.
    """

    batch: int
    running: int
    both: int
    of: int

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        counts = {"fell": self.batch, "fell with running statistics": self.running, "with both": self.both}
        return {words: f"{count} of {self.of}" for words, count in counts.items()}


PHASE_0, LATER_PHASES, ALL_PHASES = "phase 0", "later phases", "all phases"


def fallen_by_phase(records: Iterable[Record]) -> dict[str, Fallen]:
    """In how many trainings that loss fell by either judge: of phase 0, of later phases, and of all."""
    fell = [
        (phase, panel.after < panel.before, panel.after_running < panel.before_running)
        for record in records
        for phase, row in enumerate(record.results)
        if row.exemplars and (panel := row.exemplars.panel)
    ]
    return {
        PHASE_0: _counted([judged for phase, *judged in fell if phase == 0]),
        LATER_PHASES: _counted([judged for phase, *judged in fell if phase > 0]),
        ALL_PHASES: _counted([judged for _, *judged in fell]),
    }


def fallen(records: Iterable[Record]) -> Fallen:
    """The same of all phases."""
    return fallen_by_phase(records)[ALL_PHASES]


def of_both_judges_in_words(pairs: Sequence[PairedRuns]) -> str:
    """For which trainings what they learned holds for both judges, by number of exemplars and phase.

    Args:
        pairs: of the primary study, named as in ``LUCIR, 20 a class``.
    """
    parts = []
    for budget in dict.fromkeys(pair.name.rpartition(", ")[2] for pair in pairs):
        found = fallen_by_phase(trained_once([pair for pair in pairs if pair.name.endswith(f", {budget}")]))
        each = " and ".join(f"in {found[part].both} of {found[part].of} of {part}" for part in (PHASE_0, LATER_PHASES))
        parts.append(f"with {budget} {each}")
    return f"both losses fell {'; '.join(parts)}."


def relative_fall(records: Iterable[Record]) -> float:
    """By which share of itself training lowered that loss, mean over the trainings of some runs."""
    return float(np.mean([1 - after / before for record in records for before, after in _panels(record, False)]))


def _panels(record: Record, running: bool) -> Iterator[tuple[float, float]]:
    """The meta loss before and after each training of a run."""
    for row in record.results:
        if row.exemplars and (panel := row.exemplars.panel):
            yield (panel.before_running, panel.after_running) if running else (panel.before, panel.after)


def _counted(fell: Sequence[Sequence[bool]]) -> Fallen:
    """How often it fell with the statistics of each batch, with the running ones, and with both."""
    return Fallen(
        sum(batch for batch, _ in fell),
        sum(running for _, running in fell),
        sum(batch and running for batch, running in fell),
        len(fell),
    )
