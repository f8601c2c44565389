"""Whether training did what Eq. 7 asks of it, and whether that is what the accuracy depends on: sentences."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from mnemonics_lib.edition.evidence.fall_and_gain import goes_with_gain, pooled_in_words, seen_beyond
from mnemonics_lib.edition.evidence.panel_falls import fallen, relative_fall
from mnemonics_lib.edition.evidence.trained_once import trained_once
from mnemonics_lib.edition.names import span, together
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

MOSTLY = 0.9
"""The share of trainings from which on a sentence may say that training did what it was asked to do."""


def asked_and_got(pairs: Sequence[PairedRuns]) -> list[str]:
    """What trainings came to, from what they minimise to what the runs gained.

    Args:
        pairs: the arms with trained exemplars first, of studies that are finished; none makes no sentence.
    """
    if not pairs:
        return []
    records = trained_once(pairs)
    fell = fallen(records)
    larger, smaller = goes_with_gain(pairs)
    said = [
        f"**What is minimised was lowered** in {fell.batch} of {fell.of} trainings, on average by {_lowered(pairs)}, "
        f"and in {fell.running} when a network is judged as it is used, with the running statistics of batch "
        "normalisation.",
        f"**Exemplars moved** by {_moved(pairs)} std in a training on average (std are what images are normalised by), "
        f"where the same optimiser would carry them {_noise(pairs)} along pure noise.",
        "**A larger fall of that loss goes with a larger gain** in the accuracy, seed by seed, in "
        f"{_named(larger)} of {len(pairs)} settings, and with a smaller one in {_named(smaller)}, as far as is shown "
        f"({seen_beyond(pairs)}). {pooled_in_words(pairs)}.",
    ]
    unmoved = all(pair.asked.difference.verdict == "no difference shown" for pair in pairs)
    if fell.batch >= MOSTLY * fell.of and unmoved and not larger and not smaller:
        said.append(
            "So Eq. 7 got what it asks for, and what it asks for is not shown to be what the accuracy depends on here."
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
