"""Whether training helps where the images that judge it are augmented, as those are that networks are trained on.

The studies and what was to count as an answer were committed before any of their runs was made, but for the control's,
which was written down when the first of them had been answered.
"""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.evidence.asked.of_slices import as_drawn
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.outcome import by_method
from mnemonics_lib.edition.studies.paired_runs import final_accuracy
from mnemonics_lib.edition.studies.studied import Studied


def first_of_all(study: Studied, control: Studied) -> str:
    """For whom training is shown to help with that judge, for who reads no more than that; "" where for nobody.

    Args:
        study: with the arms ``augmented``, ``herding`` and ``trained`` of each method.
        control: with the arms ``augmented``, ``shuffled`` and ``herding`` of each; told once it is finished.
    """
    if study.missing:
        return ""
    gains, over = (_gains(study, "augmented", minus) for minus in ("herding", "trained"))
    helped = {method: each for method, each in gains.items() if each.verdict == "higher"}
    if not helped:
        return ""
    others = [NAMES[method] for method in gains if method not in helped]
    beside = f", and is not shown to help {together(others)}" if others else ""
    return (
        f"**With one change of that recipe it is shown to help {together([NAMES[method] for method in helped])}**, 5 "
        f"a class{beside}: the images on which {{eq}}`eq-7` measures a temporary model are augmented, as those are "
        "that networks are trained on. The paper does not say whether they are; in its authors' code they are "
        "({doc}`../method/open_points`). Trained minus herding's is "
        f"{_values(helped)} points, {len(gains)} intervals held together at 95 %, n = "
        f"{min(each.n for each in helped.values())}, asked in advance of seeds of its own. With these seeds the recipe "
        f"as it was came to {_values(_recipe(study))}, exploratory, and the change to {_values(over)} (95 % each)."
        f"{_own_in_short(control)}"
    )


def _own_in_short(control: Studied) -> str:
    """What a displacement is worth to the exemplar that it was trained for; "" before the control is finished."""
    if control.missing:
        return ""
    own, _ = _own_and_mere(control)
    return (
        " Exemplars that are given one another's displacements, what training changed in their pixels, are behind by "
        f"{_values(own)} ({len(own)} intervals held together at 95 %, asked of the same runs when the gain had been "
        "seen)."
    )


def with_20(study: Studied) -> str:
    """The answers with 20 exemplars a class, of the methods that are finished; "" for none.

    Args:
        study: with the arms ``augmented`` and ``herding`` of each method.
    """
    gains = _gains(study, "augmented", "herding")
    finished = {
        method: each
        for method, each in gains.items()
        if study.plan.finished(f"{method}-augmented", f"{method}-herding")
    }
    if not finished:
        return ""
    waiting = [NAMES[method] for method in dict.fromkeys(_methods(study)) if method not in finished]
    wait = f" {together(waiting)} {'is' if len(waiting) == 1 else 'are'} not finished." if waiting else ""
    of = len(finished) + len(waiting)
    return (
        "**With 20 a class, the paper's number**, by that judge, asked in advance of seeds of its own, trained "
        f"exemplars are {_tallied(finished)} than herding's: {_values(finished)} points, {of} intervals held "
        f"together at 95 %, n = {min(each.n for each in finished.values())}.{wait}"
    )


def _methods(study: Studied) -> list[str]:
    """Of its arms, in their order."""
    return [run.arm.partition("-")[0] for run in study.plan.runs]


def in_words(study: Studied, control: Studied) -> str:
    """The answer for each method, for whom it holds, and what the change of the judge does; "" before it is finished.

    Args:
        study: with the arms ``augmented``, ``herding`` and ``trained`` of each method.
        control: with the arms ``augmented``, ``shuffled`` and ``herding`` of each; told once it is finished.
    """
    if study.missing:
        return ""
    gains, over = (_gains(study, "augmented", minus) for minus in ("herding", "trained"))
    drawn, over_drawn = (
        {
            method: as_drawn(each.differences, study)
            for method, each in by_method(study.compared, "augmented", of).items()
        }
        for of in ("herding", "trained")
    )
    n = min(each.n for each in gains.values())
    return (
        f"**With the judge's images augmented**, {together([NAMES[method] for method in gains])}, 5 a class, asked in "
        "advance of seeds of their own, since training had been ahead with it in a study of single changes, not shown: "
        f"trained exemplars are {_tallied(gains)} than herding's ({_values(gains)} points, 95 % together, n = {n}; "
        f"{_values(drawn)} points with the slices of classes as a draw, 95 % each). Against the recipe, "
        f"whose judge sees images as they are: {_tallied(over)} ({_values(over)} points; {_values(over_drawn)} with "
        f"the slices as a draw, 95 % each). The recipe itself, against herding's: {_values(_recipe(study))} points, "
        f"95 % each, exploratory.{_own(control)}"
    )


def at_last(study: Studied) -> str:
    """The answer for each method after the last phase alone, in a sentence; "" before the study is finished."""
    if study.missing:
        return ""
    pairs = study.pairs("-augmented$", "-herding$")
    found = {next(iter(pair.first.values())).method: pair.difference(final_accuracy) for pair in pairs}
    return (
        f"After the last phase alone: {_tallied(found)} than herding's ({_values(found)} points, 95 % each, "
        "exploratory)."
    )


def _recipe(study: Studied) -> dict[str, Interval]:
    """Method -> average accuracy of the recipe's arm minus herding's, which the study does not compare itself."""
    gains, over = (by_method(study.compared, "augmented", minus) for minus in ("herding", "trained"))
    return {
        method: interval([gain - over[method].differences[seed] for seed, gain in each.differences.items()])
        for method, each in gains.items()
    }


def _own(study: Studied) -> str:
    """How much of it is each exemplar's own displacement, in a sentence; "" before the control is finished."""
    if study.missing:
        return ""
    own, mere = _own_and_mere(study)
    return (
        " The control, which was asked of the same runs when that had been seen: with their own displacements, what "
        f"training changed in their pixels, exemplars are {_tallied(own)} than with another one's ({_values(own)} "
        f"points, 95 % together); with another one's they are {_tallied(mere)} than herding's ({_values(mere)} points, "
        "95 % each)."
    )


def _own_and_mere(control: Studied) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Method -> what its own displacement is worth to an exemplar over another's, and another's over herding's."""
    return _gains(control, "augmented", "shuffled"), _gains(control, "shuffled", "herding")


def _gains(study: Studied, arm: str, minus: str) -> dict[str, Interval]:
    """Method -> average accuracy of an arm minus that of another."""
    return {method: each.difference for method, each in by_method(study.compared, arm, minus).items()}


def _tallied(found: Mapping[str, Interval]) -> str:
    return tally({NAMES[method]: each for method, each in found.items()}, "worse", "better")


def _values(found: Mapping[str, Interval]) -> str:
    return together([f"{each.without_n} ({NAMES[method]})" for method, each in found.items()])
