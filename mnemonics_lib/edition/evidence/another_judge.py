"""Whether training helps where the images that judge it are augmented, as those are that networks are trained on.

The study and what was to count as an answer were committed before any of its runs was made.
"""

from __future__ import annotations

from mnemonics_lib.edition.evidence.of_slices import by_slice, drawn
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.studies.studied import Studied


def in_words(study: Studied) -> str:
    """The answer for each method, for whom it holds, and what the change of the judge does; "" before it is finished.

    Args:
        study: with the arms ``augmented``, ``herding`` and ``trained`` of each method.
    """
    if study.missing:
        return ""
    gains, over = _of(study, "herding"), _of(study, "trained")
    n = min(each.difference.n for each in gains.values())
    return (
        f"**With the judge's images augmented**, {together([NAMES[method] for method in gains])}, 5 a class, asked in "
        "advance of seeds of their own, since a study of single changes had seen a gain there: trained exemplars are "
        f"{_tallied(gains)} than herding's ({_values(gains)} points, 95 % together, n = {n}; "
        f"{_with_slices_drawn(study, gains)} with the slices of classes as a draw, 95 % each). Against the recipe, "
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


def _tallied(found: dict[str, Comparison]) -> str:
    return tally({NAMES[method]: each.difference for method, each in found.items()}, "worse", "better")


def _values(found: dict[str, Comparison]) -> str:
    return together([f"{each.difference.without_n} ({NAMES[method]})" for method, each in found.items()])


def _with_slices_drawn(study: Studied, found: dict[str, Comparison]) -> str:
    slice_of = study.plan.study.slice_of
    drawn_of = {
        method: drawn(by_slice(each.differences, slice_of))  # type: ignore[arg-type]
        for method, each in found.items()
    }
    return together([f"{each.without_n} ({NAMES[method]})" for method, each in drawn_of.items()])
