"""Whether training did what Eq. 7 asks of it, and whether that is what the accuracy depends on: sentences."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mnemonics_lib.edition.evidence.meta_loss.fall_and_gain import goes_with_gain
from mnemonics_lib.edition.evidence.meta_loss.first_fall import (
    MINIMISED,
    FirstFall,
    as_deployed_in_words,
    by_method_in_words,
    correlations,
    mean_in_words,
)
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import fallen, relative_fall
from mnemonics_lib.edition.evidence.pairs.trained_once import trained_once
from mnemonics_lib.edition.names import span, together
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

MOSTLY = 0.9
"""The share of trainings from which on a sentence may say that training did what it was asked to do."""


def asked_and_got(pairs: Sequence[PairedRuns], first: Sequence[FirstFall]) -> list[str]:
    """What trainings came to, from what they minimise to what the runs gained.

    Args:
        pairs: the arms with trained exemplars first, of studies that are finished; none makes no sentence.
        first: what training did in phase 0 in these runs, and in others that train alike there.
    """
    if not pairs:
        return []
    records = trained_once(pairs)
    fell = fallen(records)
    larger, smaller = goes_with_gain(pairs)
    said = [
        f"**What is minimised was lowered** in {fell.batch} of {fell.of} trainings of the first question, on average "
        f"by {_lowered(pairs)}.",
        as_deployed_in_words(first),
        f"**Exemplars moved** by {_moved(pairs)} std in a training on average (std are what images are normalised by), "
        f"where the same optimiser would carry them {_noise(pairs)} along pure noise.",
        "**Whether a larger fall goes with a larger gain**, seed by seed: of the fall in phase 0 and the gain after "
        f"phase 1, the correlation is on average over methods {mean_in_words(first, MINIMISED)} (seeds are nested in "
        f"slices of classes). {by_method_in_words(first, MINIMISED)} Gains vary when a seed is run again, too "
        "({doc}`evidence`), which pulls each towards 0. Of means over phases and the average accuracy, it is shown to "
        f"be above 0 in {_named(larger)} of {len(pairs)} settings, and below in {_named(smaller)}.",
    ]
    unmoved = all(pair.asked.difference.verdict == "no difference shown" for pair in pairs)
    apart = all(
        low <= 0 <= high
        for left in (False, True)
        for _, low, high in correlations(first, MINIMISED, within_slices=left).values()
    )
    if fell.batch >= MOSTLY * fell.of and unmoved and apart and not larger and not smaller:
        said.append(
            "So Eq. 7 got what it asks for, by the statistics of each batch, and that is not shown to be what the "
            "accuracy depends on here."
        )
    return said


def _named(cells: Sequence[str]) -> str:
    return f"{len(cells)} ({' · '.join(cells)})" if cells else "none"


def _lowered(pairs: Sequence[PairedRuns]) -> str:
    """By which share, for each number of exemplars."""
    of_budget: dict[str, list[PairedRuns]] = {}
    for pair in pairs:
        of_budget.setdefault(pair.name.rpartition(", ")[2], []).append(pair)
    return together(
        [f"{100 * relative_fall(trained_once(of)):.0f} % with {budget}" for budget, of in of_budget.items()]
    )


def _moved(pairs: Sequence[PairedRuns]) -> str:
    """The least and the most of the settings, each a mean over seeds and phases."""
    return span(
        [
            fmean(row.displacement_new for record in pair.first.values() for row in record.results if row.exemplars)
            for pair in pairs
        ],
        "{:.3f}",
    )


def _noise(pairs: Sequence[PairedRuns]) -> str:
    found = [
        [
            row.exemplars.noise_displacement
            for record in pair.first.values()
            for row in record.results
            if row.exemplars and row.exemplars.noise_displacement is not None
        ]
        for pair in pairs
    ]
    return span([fmean(each) for each in found], "{:.3f}")
