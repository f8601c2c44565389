"""Sentences of the front page: what was asked first and what came of it, and what else its reader should know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.answer import answer, extent
from mnemonics_lib.edition.paired.intervals import Interval
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.paper.numbers import gains_over
from mnemonics_lib.edition.studies.outcome import by_method
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied

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
        f"**{on} 20 classes of CIFAR-100 at a time, training the exemplars that herding chose, 5 or 20 a class, by "
        f"Eq. 7 with settings that a search had found, the *recipe*, "
        f"{answer(finished)}.** {len(asked)} settings were asked about first, in advance: four "
        "methods, each with 5 exemplars a class and with 20, the paper's number, each on four such sets of classes. "
        f"{_there(asked)}. "
        f"Trained exemplars are shown to be better than herding's in {better or 'none'} of them and worse in "
        f"{worse or 'none'}{differ}."
    )


def _there(asked: Sequence[Gain]) -> str:
    """How many settings are finished, of each number of exemplars."""
    if all(gain.claims for gain in asked):
        return "All are finished"
    of = {budget: [gain.claims for gain in asked if gain.setting.detail == budget] for budget in BUDGETS}
    return "Finished are " + " and ".join(f"{sum(each)} of the {len(each)} with {with_}" for with_, each in of.items())


def forgets(pairs: Sequence[PairedRuns]) -> str:
    """What the paper says of forgetting, and in how many settings training is shown to change it.

    Args:
        pairs: all of the primary study's; not all finished makes no sentence.
    """
    if not all(pair.finished for pair in pairs):
        return ""
    theirs = ", ".join(f"{change:+.2f}" for change in gains_over("herding", "forgetting").values())
    found, held = (
        {pair.name: pair.difference(lambda record: record.forgetting, level) for pair in pairs}
        for level in (0.95, 1 - 0.05 / len(pairs))
    )
    means = [each.mean for each in found.values()]
    return (
        "**Forgetting** of the classes of phase 0: the paper has trained exemplars differ from herding's by "
        f"{theirs} points ($N$ = 5, 10, 25, Table 2). In the {len(pairs)} settings of the first question it is shown "
        f"to be {tally(found, 'less', 'more')}, by differences from {min(means):+.2f} to {max(means):+.2f} points "
        f"(95 % each, exploratory); with the {len(pairs)} held together, {tally(held, 'less', 'more')}."
    )


def as_the_paper_starts(study: Studied, controls: Studied) -> str:
    """What exemplars trained from random images are worth, beside herding's and beside the images that they were.

    Args:
        study: with the arms ``trained-from-random`` and ``herding`` of each method, 20 a class.
        controls: with the arms ``trained-from-random-20`` and ``random-20``; only methods of which all runs are there.

    Returns:
        "" before all runs of ``study`` are there.
    """
    if study.missing:
        return ""
    found = by_method(study.compared, "trained-from-random", "herding")
    beside = {method: each.difference for method, each in found.items()}
    said = (
        "**From random images**, where the paper's training starts, 20 a class: against herding's, "
        f"{tally({NAMES[method]: found for method, found in beside.items()}, 'worse', 'better')} "
        f"({_of_methods(beside)} points"
    )
    over_start = by_method(controls.compared, "trained-from-random-20", "random-20")
    start = {
        method: each.difference
        for method, each in over_start.items()
        if controls.plan.finished(f"{method}-trained-from-random-20", f"{method}-random-20")
    }
    if start:
        verdicts = tally({NAMES[method]: found for method, found in start.items()}, "worse", "better")
        said += f"); against the random images that they were, {verdicts} ({_of_methods(start)} points"
        if waiting := [NAMES[method] for method in beside if method not in start]:
            said += f", {together(waiting)} not finished"
    return f"{said}; 95 % each, exploratory)."


def _of_methods(found: Mapping[str, Interval]) -> str:
    return together([f"{NAMES[method]} {each}" for method, each in found.items()])
