"""What training does to exemplars from another start and by another judge: one change of the recipe at a time."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from mnemonics_lib.edition.evidence.meta_loss.first_exemplars import first_training
from mnemonics_lib.edition.evidence.meta_loss.first_fall import CHANGES, RISES
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.shown import arrow
from mnemonics_lib.edition.studies.paired_runs import Number
from mnemonics_lib.edition.studies.studied import Studied

METHODS = ("lwf", "lucir")

ARMS = {
    "trained": "the recipe: perturbed starts, statistics of each batch",
    "from-theta": "starts at Θ_0",
    "deployed": "starts at Θ_0, running statistics",
    "augmented": "the recipe, the judge's images augmented",
}
"""An arm of the study -> how its exemplars are trained and judged."""

FORETOLD: dict[str, tuple[str, Number]] = {
    "how far pixels go": ("std", lambda record: first_training(record).displacement),
    "how far the own loss rises": ("nat", CHANGES[RISES]),
}
"""What should be smaller from Theta_0 than from perturbed starts -> its unit, and the number of a run."""

DIFFERS = {
    "lower": "is shown to be smaller",
    "higher": "is shown to be larger",
    "no difference shown": "is not shown to differ",
}


def rows(study: Studied) -> Iterator[dict[str, str]]:
    """The exemplars of phase 0 in each arm that is there, means over its seeds.

    All arms of a seed have one network of phase 0. The meta loss is that of the arm's own starts and judge, so that it
    is set beside what it was, and not beside another arm's.

    Raises:
        ValueError: as :func:`mnemonics_lib.edition.evidence.meta_loss.first_exemplars.first_training`.
    """
    for method in METHODS:
        for arm, words in ARMS.items():
            if of := [first_training(record) for record in study.records.get(f"{method}-{arm}", {}).values()]:
                yield {
                    "method": NAMES[method],
                    "training": words,
                    "meta loss (nat)": _arrow([each.meta for each in of]),
                    "own loss (nat)": _arrow([each.own for each in of]),
                    "pixels moved (std)": f"{fmean(each.displacement for each in of):.3f}",
                }


def foretold(study: Studied) -> str:
    """Whether what was written down before the runs came: from Theta_0 itself the pixels and the own loss change less.

    Returns:
        "" before all runs of both starts are there.

    Raises:
        ValueError: as :func:`rows`.
    """
    if not all(study.plan.finished(f"{method}-from-theta", f"{method}-trained") for method in METHODS):
        return ""
    said, verdicts, seeds = [], set(), set()
    for what, (unit, number) in FORETOLD.items():
        found = {method: _difference(study, method, number) for method in METHODS}
        verdicts |= {each.verdict for each in found.values()}
        seeds |= {each.n for each in found.values()}
        of_each = [
            f"{DIFFERS[each.verdict]} for {NAMES[method]} ({each.bare(3)} {unit})" for method, each in found.items()
        ]
        said.append(f"{what} {together(of_each)}")
    came = (
        "That is what came" if verdicts == {"lower"} else "A part of it came" if "lower" in verdicts else "It did not"
    )
    return (
        "Written down before the runs were made: from $\\Theta_0$ itself, which knows its data, exemplars have little "
        f"to learn, so that their pixels and their own loss should change less than from perturbed starts. {came}: "
        f"{'; '.join(said)} (95 % each, n = {min(seeds)})."
    )


def hardens(study: Studied) -> bool:
    """Whether the own loss is shown to rise more from Theta_0 than from perturbed starts, for every method.

    Raises:
        ValueError: as :func:`rows`.
    """
    _, rises = FORETOLD["how far the own loss rises"]
    return all(
        study.plan.finished(f"{method}-from-theta", f"{method}-trained")
        and _difference(study, method, rises).verdict == "higher"
        for method in METHODS
    )


def _difference(study: Studied, method: str, number: Number) -> Interval:
    """A number of the trainings of phase 0, from Theta_0 minus from perturbed starts."""
    theirs, ours = (
        {seed: number(record) for seed, record in study.records[f"{method}-{arm}"].items()}
        for arm in ("from-theta", "trained")
    )
    return paired(theirs, ours)


def _arrow(ends: list[tuple[float, float]]) -> str:
    return arrow(fmean(before for before, _ in ends), fmean(after for _, after in ends), 3)
