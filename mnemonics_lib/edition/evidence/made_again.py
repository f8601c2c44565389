"""Records of a study that were made again: what its comparisons would be with the first ones in their place."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.names import several
from mnemonics_lib.edition.paired.intervals import paired
from mnemonics_lib.edition.records.first_time import first_time
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.studied import Studied


def in_words(study: Studied, first: Mapping[str, Mapping[int, float]] | None = None) -> str:
    """How many records were made again and why, and whether a verdict hangs on it; "" where none were.

    Args:
        study: whose pairs of runs are to share their first networks.
        first: arm -> seed -> average accuracy of the records that were replaced; None for what is known of the study.

    Raises:
        ValueError: where two arms that are compared have no seed in common.
    """
    replaced = first_time(study.plan.name) if first is None else first
    if not replaced:
        return ""
    found = []
    for arm, minus, each in study.compared:
        if each.field == "average_accuracy" and {arm, minus} & replaced.keys():
            of_arm, of_control = (
                {seed: record.average_accuracy for seed, record in study.records[which].items()}
                | dict(replaced.get(which, {}))
                for which in (arm, minus)
            )
            found.append((cell(arm), paired(of_arm, of_control, each.level), each.difference.verdict))
    changed = [name for name, once, now in found if once.verdict != now]
    seeds = sorted(set[int]().union(*replaced.values()))
    return (
        f"{several(sum(map(len, replaced.values())), 'record')} of the seeds {', '.join(map(str, seeds))} were made "
        "again, so that the two runs of each pair share their first network: the first ones had been made on "
        "processors that round otherwise, and are in the history of the repository. With the first ones in their "
        f"place, average accuracies would differ by {'; '.join(f'{name} {once.without_n}' for name, once, _ in found)}"
        + (f". The verdict would be another for {', '.join(changed)}." if changed else ", and the verdicts the same.")
    )
