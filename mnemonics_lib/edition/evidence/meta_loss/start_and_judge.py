"""What training does to exemplars from another start and by another judge: one change of the recipe at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean

from mnemonics_lib.edition.evidence.meta_loss.first_exemplars import first_training
from mnemonics_lib.edition.evidence.meta_loss.first_fall import CHANGES, MINIMISED, RISES
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, paired
from mnemonics_lib.edition.shown import arrow
from mnemonics_lib.edition.studies.outcome import by_method
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

RISE, FALL = "how far the own loss rises", "how far the panel's meta loss falls"

FORETOLD: dict[str, tuple[str, Number]] = {
    "how far pixels go": ("std", lambda record: first_training(record).displacement),
    RISE: ("nat", CHANGES[RISES]),
}
"""What should be smaller from Theta_0 than from perturbed starts -> its unit, and the number of a run."""

BESIDE: dict[str, tuple[str, Number]] = FORETOLD | {
    FALL: ("nat", CHANGES[MINIMISED]),
}
"""What is told of another judge beside the recipe, likewise."""

DIFFERS = {
    "lower": "is shown to be smaller",
    "higher": "is shown to be larger",
    "no difference shown": "is not shown to differ",
}


def rows(study: Studied) -> Iterator[dict[str, str]]:
    """The exemplars of phase 0 in each arm that is there, means over its seeds.

    All arms of a seed have one network of phase 0. The meta loss is that of the panel, from the arm's own starts and
    by its own statistics, so that it is set beside what it was, and not beside another arm's; the panel's images are
    not augmented in any of them.

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
    if not _there(study, "from-theta"):
        return ""
    found = {what: _differences(study, "from-theta", number) for what, (_, number) in FORETOLD.items()}
    verdicts = {each.verdict for of in found.values() for each in of.values()}
    came = (
        "That is what came" if verdicts == {"lower"} else "A part of it came" if "lower" in verdicts else "It did not"
    )
    return (
        "Written down before the runs were made: from $\\Theta_0$ itself, which knows its data, exemplars have little "
        f"to learn, so that their pixels and their own loss should change less than from perturbed starts. {came}: "
        f"{_said(found)} (95 % each, n = {_seeds(found)})."
    )


def by_augmented_images(study: Studied) -> str:
    """What training does to the exemplars of phase 0 where their judge's images are augmented, beside the recipe.

    Returns:
        "" before all runs of both are there.

    Raises:
        ValueError: as :func:`rows`.
    """
    if not _there(study, "augmented"):
        return ""
    found = {what: _differences(study, "augmented", number) for what, (_, number) in BESIDE.items()}
    return (
        f"By augmented images, against the recipe: {_said(found)} (95 % each, n = {_seeds(found)}, not asked in "
        f"advance). The panel's images are not augmented in either.{_not_by_the_panel(study, found[FALL])}"
    )


def augmented_in_short(study: Studied) -> str:
    """What augmented images are shown to make smaller, or larger, for all methods, without numbers; "" for nothing.

    Raises:
        ValueError: as :func:`rows`.
    """
    if not _there(study, "augmented"):
        return ""
    verdicts = {
        what: {each.verdict for each in _differences(study, "augmented", number).values()}
        for what, (_, number) in BESIDE.items()
    }
    said = [
        f"{together(of)} {'are' if len(of) > 1 else 'is'} shown to be {words}"
        for verdict, words in (("lower", "smaller"), ("higher", "larger"))
        if (of := [what for what, each in verdicts.items() if each == {verdict}])
    ]
    return f"Against the recipe, {' and '.join(said)} with it, for every method." if said else ""


def easy_is_not_enough(study: Studied) -> str:
    """Whether exemplars that became easy by another way are worth more than the recipe's, too.

    That way starts at Theta_0 and is judged by running statistics; it differs from the recipe in two things.

    Returns:
        "" before all runs of both are there, and where the own loss is not shown to rise less for any method.

    Raises:
        ValueError: as :func:`rows`.
    """
    if not _there(study, "deployed"):
        return ""
    easier = [
        method for method, rise in _differences(study, "deployed", FORETOLD[RISE][1]).items() if rise.verdict == "lower"
    ]
    if not easier:
        return ""
    over = _differences(study, "deployed", lambda record: record.average_accuracy)
    of_each = together([f"{NAMES[method]}, {over[method].without_n} points" for method in easier])
    better = [NAMES[method] for method in easier if over[method].verdict == "higher"]
    said = f"worth more for {together(better)}" if better else "not shown to be worth more"
    return (
        "Easy exemplars by another way, from $\\Theta_0$ and judged by running statistics, whose own loss rises less "
        f"than the recipe's for {together([NAMES[method] for method in easier])}, are {said}: {of_each} against the "
        "recipe (95 % each, exploratory)."
    )


def _not_by_the_panel(study: Studied, fall: Mapping[str, Interval]) -> str:
    """That accuracy does not go by the fall of the panel, where it is shown to be the other way round for all."""
    over = by_method(study.compared, "augmented", "trained")
    apart = {each.verdict for each in fall.values()} == {"lower"} and {
        each.difference.verdict for each in over.values()
    } == {"higher"}
    return " It falls less, and the accuracy is higher: the one does not go by the other." if apart else ""


def hardens(study: Studied) -> bool:
    """Whether the own loss is shown to rise more from Theta_0 than from perturbed starts, for every method.

    Raises:
        ValueError: as :func:`rows`.
    """
    _, rises = FORETOLD[RISE]
    return _there(study, "from-theta") and all(
        each.verdict == "higher" for each in _differences(study, "from-theta", rises).values()
    )


def _there(study: Studied, arm: str) -> bool:
    """Whether all runs of an arm and of the recipe are there, for every method."""
    return all(study.plan.finished(f"{method}-{arm}", f"{method}-trained") for method in METHODS)


def _differences(study: Studied, arm: str, number: Number) -> dict[str, Interval]:
    """A number of the trainings of phase 0, of an arm minus the recipe: method -> interval."""
    found = {}
    for method in METHODS:
        theirs, ours = (
            {seed: number(record) for seed, record in study.records[f"{method}-{each}"].items()}
            for each in (arm, "trained")
        )
        found[method] = paired(theirs, ours)
    return found


def _said(found: Mapping[str, Mapping[str, Interval]]) -> str:
    """What is measured -> method -> interval, in words."""
    said = []
    for what, of in found.items():
        unit, _ = BESIDE[what]
        each = [f"{DIFFERS[one.verdict]} for {NAMES[method]} ({one.bare(3)} {unit})" for method, one in of.items()]
        said.append(f"{what} {together(each)}")
    return "; ".join(said)


def _seeds(found: Mapping[str, Mapping[str, Interval]]) -> int:
    return min(each.n for of in found.values() for each in of.values())


def _arrow(ends: list[tuple[float, float]]) -> str:
    return arrow(fmean(before for before, _ in ends), fmean(after for _, after in ends), 3)
