"""Where training made exemplars harder: counted over settings, by what the networks know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from mnemonics_lib.edition.evidence.gains import Gain, trained_apart
from mnemonics_lib.edition.evidence.trainings import Training
from mnemonics_lib.edition.names import NAMES

BOUNDS = (0, 60, 85, 101)
"""Of what a network knows of its training images (%): a row from each to below the next."""


def rows(found: Iterable[Gain]) -> list[dict[str, str]]:
    """A row for each range of what networks know: in how many trainings exemplars became harder.

    Of settings of Eq. 7 with short inner loops, without digits, whose losses are too small to rise by as much as
    counts. Phase 0 is for all methods together; later phases are by method. LwF and iCaRL train in the same way, so
    that a training that both have is counted once, as LwF's.
    """
    of_method: dict[Training, str] = {}
    for gain in trained_apart(found):
        of_eq_7 = not gain.setting.asked_again
        if of_eq_7 and not gain.setting.looks_far and gain.setting.data != "digits":
            method = gain.setting.method.replace(NAMES["icarl"], NAMES["lwf"])
            of_method |= dict.fromkeys(gain.trainings, method)
    made = []
    for low, high in pairwise(BOUNDS):
        within = {training: of for training, of in of_method.items() if low <= training.knows < high}
        later = {
            f"later phases, {method}": _count([each for each, of in within.items() if each.phase and of == method])
            for method in dict.fromkeys(of_method.values())
        }
        made.append(
            {
                _KNOWS: f"{low} to {min(high, 100)} %",
                "phase 0, all methods": _count([each for each in within if each.phase == 0]),
            }
            | later
        )
    return made


def in_phase_0(found: Iterable[Gain]) -> str:
    """What the first and the last row of the table have of phase 0, and of later phases by a method that both have."""
    first, *_, last = rows(found)
    _, phase_0, *methods = first
    later = [of for of in methods if NONE not in (first[of], last[of])]
    said = "; ".join(f"{first[of]} and {last[of]} ({of.rpartition(', ')[2]})" for of in later)
    return (
        f"In phase 0 exemplars became harder in {first[phase_0]} trainings where the network knows {first[_KNOWS]} of "
        f"its training images, and in {last[phase_0]} where it knows {last[_KNOWS]}"
        + (f"; in later phases in {said}." if said else ".")
    )


_KNOWS = "network knows"
NONE = "–"


def _count(trainings: Sequence[Training]) -> str:
    return f"{sum(each.harder for each in trainings)} of {len(trainings)}" if trainings else NONE
