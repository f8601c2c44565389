"""Sentences of the front page: what was asked in advance and what came of it, what was asked next, and of the rest."""

from __future__ import annotations

from collections.abc import Sequence

from mnemonics_lib.edition.evidence.gains import Gain
from mnemonics_lib.edition.evidence.side_by_side import by_chance, on_chosen_data
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.answer import answer, extent

BUDGETS = ("5 a class", "20 a class")
"""What a setting that was asked about in advance says of its exemplars."""


def answer_in_words(asked: Sequence[Gain]) -> str:
    """Whether training is shown to help or to harm, in how many of the settings that were asked about in advance.

    Args:
        asked: all of them, finished or not.
    """
    finished = [gain.interval for gain in asked if gain.claims]
    on = "On" if len(finished) == len(asked) else "So far, on"
    better, worse = (sum(found.verdict == verdict for found in finished) for verdict in ("higher", "lower"))
    differ = f"; average accuracies differ by {extent(finished)}" if finished else ""
    return (
        f"**{on} 20 classes of CIFAR-100 at a time, training the exemplars that herding chose "
        f"{answer(finished)}.** {len(asked)} settings were asked about in advance: four methods, each with 5 exemplars "
        f"a class and with 20, the paper's number, each on four such sets of classes. {_there(asked)}. Trained "
        f"exemplars are shown to be better than herding's in {better or 'none'} of them and worse in "
        f"{worse or 'none'}{differ}."
    )


def _there(asked: Sequence[Gain]) -> str:
    """How many settings are finished, of each number of exemplars."""
    if all(gain.claims for gain in asked):
        return "All are finished"
    of = {budget: [gain.claims for gain in asked if gain.setting.detail == budget] for budget in BUDGETS}
    return "Finished are " + " and ".join(f"{sum(each)} of the {len(each)} with {with_}" for with_, each in of.items())


def asked_again_in_words(found: Sequence[Gain]) -> str:
    """What came of the second question that was asked in advance; "" before it is finished.

    Args:
        found: its settings.
    """
    if not found or not all(gain.finished for gain in found):
        return ""
    intervals = [gain.interval for gain in found]
    methods = {
        words: [gain.setting.method for gain in found if gain.interval.verdict == verdict]
        for verdict, words in (("higher", "helps"), ("lower", "harms"))
    }
    named = "; ".join(f"{words} {together(of)}" for words, of in methods.items() if 0 < len(of) < len(found))
    return (
        "**Asked again**, with the objective of Eq. 4b, in which old exemplars and old classes take part, in place of "
        "Eq. 7, which has the new ones alone; with 5 exemplars a class and seeds of its own: training "
        f"{answer(intervals)}{f' ({named})' * bool(named)}; average accuracies differ by "
        f"{extent(intervals)}, 95 % together."
    )


def others_in_short(others: Sequence[Gain]) -> str:
    """How many of the settings that were not asked about in advance show a difference; "" where none makes a claim.

    Args:
        others: all of them; those that make no claim of training are not counted.
    """
    claimed = [gain for gain in others if gain.claims]
    if not claimed:
        return ""
    verdicts = [gain.interval.verdict for gain in claimed]
    better, worse = (verdicts.count(verdict) or "none" for verdict in ("higher", "lower"))
    return (
        f"**Of {len(verdicts)} other settings**, exploratory and with 95 % each, trained exemplars are shown to be "
        f"better in {better}{on_chosen_data(claimed)} and worse in {worse}; "
        f"{by_chance(len(verdicts)):.1f} would be either by chance ({{doc}}`side_by_side`)."
    )
