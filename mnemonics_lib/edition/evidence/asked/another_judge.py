"""Whether training helps where the images that judge it are augmented, as those are that networks are trained on.

The studies and what was to count as an answer were committed before any of their runs was made, but for the control's,
which was written down when the first of them had been answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnemonics_lib.edition.evidence.asked.of_slices import as_drawn
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.outcome import by_method
from mnemonics_lib.edition.studies.studied import Studied


def first_of_all(study: Studied, control: Studied) -> str:
    """For whom training is shown to help with that judge, for who reads no more than that; "" where for nobody.

    Args:
        study: with the arms ``augmented`` and ``herding`` of each method.
        control: with the arms ``augmented``, ``shuffled`` and ``herding`` of each; told where it shows whose it is.
    """
    if study.missing:
        return ""
    gains = _gains(study, "augmented", "herding")
    helped = {method: each for method, each in gains.items() if each.verdict == "higher"}
    if not helped:
        return ""
    others = [NAMES[method] for method in gains if method not in helped]
    beside = f", and is not shown to help {together(others)}" if others else ""
    n = min(each.n for each in helped.values())
    return (
        f"**With one change of that recipe it is shown to help {together([NAMES[method] for method in helped])}**, 5 "
        f"a class{beside}: the images that judge exemplars are augmented, as those are that networks are trained on. "
        f"The difference is {_values(helped)} points, {len(gains)} intervals held together at 95 %, n = {n}, asked "
        f"in advance of seeds of its own.{_whose(control, list(helped))}"
    )


def _whose(control: Studied, helped: Sequence[str]) -> str:
    """That the difference is each exemplar's own, where the control shows that and nothing else, for all of them."""
    if control.missing:
        return ""
    own, mere = _own_and_mere(control)
    if {(own[method].verdict, mere[method].verdict) for method in helped} != {("higher", "no difference shown")}:
        return ""
    return (
        " It is each exemplar's own displacement that gains: with another one's, the difference to herding's "
        f"is not shown, {_values({method: mere[method] for method in helped})}."
    )


def in_words(study: Studied, control: Studied) -> str:
    """The answer for each method, for whom it holds, and what the change of the judge does; "" before it is finished.

    Args:
        study: with the arms ``augmented``, ``herding`` and ``trained`` of each method.
        control: with the arms ``augmented``, ``shuffled`` and ``herding`` of each; told once it is finished.
    """
    if study.missing:
        return ""
    gains, over = (_gains(study, "augmented", minus) for minus in ("herding", "trained"))
    by_seed = by_method(study.compared, "augmented", "herding")
    drawn = {method: as_drawn(each.differences, study) for method, each in by_seed.items()}
    n = min(each.n for each in gains.values())
    return (
        f"**With the judge's images augmented**, {together([NAMES[method] for method in gains])}, 5 a class, asked in "
        "advance of seeds of their own, since a study of single changes had seen a gain there: trained exemplars are "
        f"{_tallied(gains)} than herding's ({_values(gains)} points, 95 % together, n = {n}; "
        f"{_values(drawn)} points with the slices of classes as a draw, 95 % each). Against the recipe, "
        f"whose judge sees images as they are: {_tallied(over)} ({_values(over)} points, 95 % each)."
        f"{_own(control)}"
    )


def _own(study: Studied) -> str:
    """How much of it is each exemplar's own displacement, in a sentence; "" before the control is finished."""
    if study.missing:
        return ""
    own, mere = _own_and_mere(study)
    return (
        f" The control: exemplars with their own displacements are {_tallied(own)} than those with another one's "
        f"({_values(own)} points, 95 % together), and with another one's they are {_tallied(mere)} than herding's "
        f"({_values(mere)} points, 95 % each)."
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
