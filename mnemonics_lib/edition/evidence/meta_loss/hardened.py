"""Where training made exemplars harder: counted over settings, by what the networks know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from mnemonics_lib.edition.evidence.pairs.gains import Gain, trained_apart
from mnemonics_lib.edition.evidence.pairs.trainings import Training
from mnemonics_lib.edition.names import NAMES, several, span

BOUNDS = (0, 60, 85, 101)
"""Of what a network knows of its training images (%): a row from each to below the next."""


def rows(found: Iterable[Gain]) -> list[dict[str, str]]:
    """A row for each range of what networks know: in how many trainings exemplars became harder.

    Of settings with short inner loops and the recipe's judge, without digits; of digits and of the other judge
    :func:`in_phase_0` tells. Eq. 4b is Eq. 7 in phase 0, and counts there alone. Phase 0 is for all methods together;
    later phases are by method. LwF and iCaRL train in the same way, so that a training that both have is counted once,
    as LwF's.
    """
    of_method = _of_method(gain for gain in found if gain.setting.data != DIGITS and not gain.setting.judge_augmented)
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


DIGITS = "digits"
"""Data that networks know by heart."""


def _of_method(found: Iterable[Gain]) -> dict[Training, str]:
    """The trainings with short inner loops that Eq. 7 tells of, each once, and the method that each is counted for."""
    of_method: dict[Training, str] = {}
    for gain in trained_apart(found):
        if not gain.setting.looks_far:
            method = gain.setting.method.replace(NAMES["icarl"], NAMES["lwf"])
            of_method |= dict.fromkeys(gain.first if gain.setting.by_eq_4b else gain.trainings, method)
    return of_method


def in_phase_0(found: Iterable[Gain]) -> str:
    """What the first and the last row of the table have of phase 0, and of later phases by a method that both have.

    Beside the last row stand digits, which are known best of all: that their losses are small does not keep them from
    rising, so that they count against the terms where they do not rise. So do trainings with augmented images of
    networks that know as much of the images as they are.
    """
    found = list(found)
    first, *_, last = rows(found)

    def in_phase_0_of(of: Iterable[Gain]) -> list[Training]:
        return [each for each in _of_method(of) if each.phase == 0 and each.knows >= BOUNDS[-2]]

    digits = in_phase_0_of(gain for gain in found if gain.setting.data == DIGITS)
    augmented = in_phase_0_of(gain for gain in found if gain.setting.judge_augmented)
    known = in_phase_0_of(gain for gain in found if gain.setting.data != DIGITS and not gain.setting.judge_augmented)
    beside = "".join(
        f", and with {words}, of which it knows {span([each.knows for each in of], '{:.1f}')} %, in {_on_networks(of)}"
        + (", which speaks against the terms" if 2 * sum(each.harder for each in of) < len(of) else "")
        for words, of in (("digits", digits), ("images of the judge augmented", augmented))
        if of
    )
    _, phase_0, *methods = first
    later = [of for of in methods if NONE not in (first[of], last[of])]
    said = "; ".join(f"{first[of]} and {last[of]} ({of.rpartition(', ')[2]})" for of in later)
    return (
        f"In phase 0 exemplars became harder in {first[phase_0]} trainings where the network knows {first[_KNOWS]} of "
        f"its training images, and in {_on_networks(known)} where it knows {last[_KNOWS]}{beside}"
        + (f"; in later phases in {said}." if said else ".")
    )


_KNOWS = "network knows"
NONE = "–"


def _on_networks(trainings: Sequence[Training]) -> str:
    """The count, and of how many first networks the trainings are: settings share them."""
    networks = {each.network for each in trainings}
    if not trainings or None in networks:
        return _count(trainings)
    return f"{_count(trainings)} (on {several(len(networks), 'network')})"


def _count(trainings: Sequence[Training]) -> str:
    return f"{sum(each.harder for each in trainings)} of {len(trainings)}" if trainings else NONE
