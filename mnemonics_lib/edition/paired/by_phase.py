"""Two arms after each phase: where their accuracies differ, and how the difference changes from phase to phase."""

from __future__ import annotations

from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.paired.paired_runs import PairedRuns
from mnemonics_lib.edition.paired.slopes import slope
from mnemonics_lib.edition.paired.tally import marked


def accuracies_after(pair: PairedRuns) -> dict[float, dict[int, float]]:
    """Phase from 1 on -> seed -> accuracy after it, the first arm's minus the second's (points)."""
    phases = min(record.phases for record in pair.first.values())
    return {
        phase: pair.differences(lambda record, at=phase: record.accuracy[at])  # type: ignore[misc]
        for phase in range(1, phases + 1)
    }


def row_by_phase(pair: PairedRuns) -> dict[str, str]:
    """Cells of a table: the difference after each phase, and the slope of a straight line through them."""
    found = accuracies_after(pair)
    after = {f"phase {phase}": marked(interval(list(each.values()))) for phase, each in found.items()}
    return {**after, "points a phase": marked(slope(found))}
