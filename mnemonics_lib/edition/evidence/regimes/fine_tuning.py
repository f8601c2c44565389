"""What a shown gain stands beside: what fine-tuning on the same number of herding's exemplars costs."""

from __future__ import annotations

from collections.abc import Iterable

from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import (
    PairedRuns,
    against_no_fine_tuning,
    before_fine_tuning,
    by_fine_tuning,
)


def beside_its_cost(pairs: Iterable[PairedRuns]) -> str:
    """For each gain that is shown where fine-tuning on herding's exemplars is shown to cost: both; "" for none.

    Args:
        pairs: trained exemplars first, named for a reader; those that are not finished say nothing.
    """
    said = []
    for pair in pairs:
        cost = interval([by_fine_tuning(record) for record in pair.second.values()])
        if not pair.finished or pair.asked.difference.verdict != "higher" or cost.verdict != "lower":
            continue
        left = against_no_fine_tuning(pair)
        said.append(
            f"{pair.name}'s accuracy changes by {cost.without_n} points when its networks are fine-tuned on herding's "
            f"exemplars; fine-tuned on trained ones it is {left.without_n} from that of herding's runs before it. "
            "Trained minus herding's there is, before fine-tuning, "
            f"{pair.difference(before_fine_tuning).without_n}, to which fine-tuning adds "
            f"{pair.difference(by_fine_tuning).without_n}"
        )
    if not said:
        return ""
    return f"{'; '.join(said)} (means over the phases from 1 on; 95 % each, exploratory; {{doc}}`phase_by_phase`)."
