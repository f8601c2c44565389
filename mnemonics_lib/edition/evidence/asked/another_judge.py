"""Whether training helps where the images that judge it are augmented, as those are that networks are trained on.

The study and what was to count as an answer were committed before any of its runs was made.
"""

from __future__ import annotations

from collections.abc import Mapping

from mnemonics_lib.edition.evidence.asked.of_slices import as_drawn
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.studied import Studied


def in_words(study: Studied) -> str:
    """The answer for each method, for whom it holds, and what the change of the judge does; "" before it is finished.

    Args:
        study: with the arms ``augmented``, ``herding`` and ``trained`` of each method.
    """
    if study.missing:
        return ""
    found = {control: _of(study, control) for control in ("herding", "trained")}
    gains, over = ({method: each.difference for method, each in of.items()} for of in found.values())
    drawn = {method: as_drawn(each.differences, study) for method, each in found["herding"].items()}
    n = min(each.n for each in gains.values())
    return (
        f"**With the judge's images augmented**, {together([NAMES[method] for method in gains])}, 5 a class, asked in "
        "advance of seeds of their own, since a study of single changes had seen a gain there: trained exemplars are "
        f"{_tallied(gains)} than herding's ({_values(gains)} points, 95 % together, n = {n}; "
        f"{_values(drawn)} points with the slices of classes as a draw, 95 % each). Against the recipe, "
        f"whose judge sees images as they are: {_tallied(over)} ({_values(over)} points, 95 % each)."
    )


def _of(study: Studied, control: str) -> dict[str, Comparison]:
    """Method -> average accuracy of ``augmented`` minus that of a control."""
    return {
        method: each
        for arm, minus, each in study.compared
        for method in [arm.partition("-")[0]]
        if (arm, minus, each.field) == (f"{method}-augmented", f"{method}-{control}", "average_accuracy")
    }


def _tallied(found: Mapping[str, Interval]) -> str:
    return tally({NAMES[method]: each for method, each in found.items()}, "worse", "better")


def _values(found: Mapping[str, Interval]) -> str:
    return together([f"{each.without_n} ({NAMES[method]})" for method, each in found.items()])
