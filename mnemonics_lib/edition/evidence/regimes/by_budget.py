"""What training gains against the number of exemplars: whether it shrinks, and whether more steps bring it back."""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.paired.partners import refuse_strangers
from mnemonics_lib.edition.paired.slopes import trend
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied

METHODS = ("lwf", "lucir")
"""Those that the studies of budgets have."""


def gains(budgets: Studied, method: str) -> dict[int, dict[int, float]]:
    """Exemplars a class -> seed -> trained minus herding's, near inner loop, equal outer steps (points)."""
    near = f"{method}-near-"
    return {
        int(arm.removeprefix(near)): found.differences
        for arm, minus, found in budgets.compared
        if arm.startswith(near) and minus.startswith(f"{method}-herding-")
    }


def along(budgets: Studied) -> str:
    """Whether the gain changes with the number of exemplars; "" before all runs with the near loop are there.

    Where the verdict hangs on how it is asked, it is a hint, and that is said.
    """
    if not near_is_finished(budgets):
        return ""
    said = []
    for method in METHODS:
        found = trend(gains(budgets, method))
        numbers = f"{found.found.without_n} points for twice as many{found.but('a class')}"
        said.append(f"{found.grows} it for {NAMES[method]} ({numbers})")
    return (
        "**The number of exemplars**, 1 to 20 a class, near inner loop, equal outer steps: the gain over herding's "
        f"{' and '.join(said)}."
    )


def rows(budgets: Studied) -> list[dict[str, str]]:
    """For each method, how the gain changes with the number of exemplars, and that at 5 a class minus that at 20.

    Args:
        budgets: whose runs with the near loop are all there.
    """
    found = []
    for method in METHODS:
        of_method = gains(budgets, method)
        of_slope = trend(of_method).row("points for twice as many", "a class")
        apart = {"gain at 5 − gain at 20 (points)": str(paired(of_method[5], of_method[20]))}
        found.append({"method": NAMES[method], **of_slope, **apart})
    return found


def near_is_finished(budgets: Studied) -> bool:
    """Whether all runs with the near inner loop are there, and those with herding's exemplars."""
    return budgets.plan.finished(
        *(run.arm for run in budgets.plan.runs if "-far-" not in run.arm and "-short-" not in run.arm)
    )


def in_proportion(budgets: Studied, steps: Studied) -> dict[tuple[str, int], Interval]:
    """Method and exemplars a class -> outer steps in proportion minus equal ones, average accuracy (points).

    Where both are equal, at 5 a class, nothing is compared. Empty before both studies are finished.

    Raises:
        PairError: where two runs of one seed have other classes or images.
    """
    if budgets.missing or steps.missing:
        return {}
    found = {}
    for method in METHODS:
        for m in (1, 2, 10, 20):
            equal, more = (study.records[f"{method}-near-{m}"] for study in (budgets, steps))
            for seed in equal.keys() & more.keys():
                names = f"budgets, near-{m}, seed {seed}", f"steps, near-{m}, seed {seed}"
                refuse_strangers(more[seed], equal[seed], names)
            with_more, with_equal = (
                {seed: record.average_accuracy for seed, record in of.items()} for of in (more, equal)
            )
            found[method, m] = paired(with_more, with_equal)
    return found


def in_proportion_in_words(found: Mapping[tuple[str, int], Interval]) -> str:
    """Whether outer steps in proportion do better than equal ones, and by how much with 20 a class; "" for nothing."""
    if not found:
        return ""
    named = {f"{NAMES[method]}, {m} a class": each for (method, m), each in found.items()}
    twenty = together([f"{each.without_n} ({NAMES[method]})" for (method, m), each in found.items() if m == 20])
    return (
        "**Outer steps in proportion to the number of exemplars, against equal ones**, near: "
        f"{tally(named, 'worse', 'better')}, of {len(named)}; with 20 a class, four times as many, {twenty} points "
        f"(95 % each, n = {min(each.n for each in found.values())})."
    )


def hours(pair: PairedRuns, times: int) -> float:
    """How long a run would take in which exemplars are trained in so many times as many outer steps, on one thread.

    Args:
        pair: runs with trained exemplars, and the same without training.
        times: how many times as many steps.

    Returns:
        Hours, from the least of each arm's seeds: a run on a busy machine also waits.
    """
    trained, untrained = (min(record.seconds for record in runs.values()) for runs in (pair.first, pair.second))
    return (untrained + times * (trained - untrained)) / 3600
