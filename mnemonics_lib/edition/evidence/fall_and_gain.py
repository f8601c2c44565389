"""Whether a training that lowers its loss further is one that gains more: correlations over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import correlation, fmean

from scipy import stats

from mnemonics_lib.edition.evidence.panel_falls import panel_fall
from mnemonics_lib.edition.evidence.trained_once import pairs_trained_once
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

CERTAIN = 1 - 1e-12
"""The largest correlation that has a z of Fisher's: of 1 it is infinite."""


def fall_and_gain(pair: PairedRuns) -> float:
    """The correlation, over seeds, of how far the loss fell and what the trained exemplars gained.

    Args:
        pair: of at least two seeds, the arm with trained exemplars first.
    """
    gains = pair.asked.differences
    return correlation([panel_fall(pair.first[seed]) for seed in gains], list(gains.values()))


def shown_beyond(seeds: int, together: int = 1) -> float:
    """How far from 0 a correlation must be for it not to be 0, by the t distribution of uncorrelated normal numbers.

    Args:
        seeds: pairs of numbers that it is of, at least three.
        together: correlations that are to be judged at once, at 95 % for all of them (Bonferroni).
    """
    t = stats.t.ppf(1 - 0.05 / (2 * together), seeds - 2)
    return float(t / math.sqrt(seeds - 2 + t**2))


def seen_beyond(pairs: Sequence[PairedRuns]) -> str:
    """From which correlation on one would be shown in each of some settings, judged together: how little is ruled out.

    Args:
        pairs: judged together.
    """
    seeds = min(len(pair.first) for pair in pairs)
    return f"with {seeds} seeds, only a correlation beyond ±{shown_beyond(seeds, len(pairs)):.2f} would be shown"


def goes_with_gain(pairs: Sequence[PairedRuns]) -> tuple[list[str], list[str]]:
    """The cells in which a larger fall is shown to go with a larger gain, and those in which with a smaller one.

    Args:
        pairs: judged together.
    """
    found = {pair.name: (fall_and_gain(pair), shown_beyond(len(pair.first), len(pairs))) for pair in pairs}
    larger = [name for name, (is_, beyond) in found.items() if is_ > beyond]
    return larger, [name for name, (is_, beyond) in found.items() if is_ < -beyond]


Points = Mapping[int, tuple[float, float]]
"""Seed -> two numbers of its run, such as the fall and the gain."""


def mean_correlation(settings: Sequence[Points]) -> tuple[float, float, float]:
    """The correlation of two numbers over seeds, mean over settings, and its interval at 95 %.

    Runs of one seed have classes, test images and often their first network in common, also in different settings, so
    that a seed counts once: all its runs are left out together (jackknife of Fisher's z, Student's t of the
    pseudo-values). Counted as independent, runs that share much would have an interval that is far too short.

    Args:
        settings: whose trainings differ, each of at least four seeds.

    Raises:
        ValueError: for fewer seeds, of which one could not be left out.
    """
    if (fewest := min(map(len, settings))) < 4:
        raise ValueError(f"{fewest} seeds: must be at least four in each setting")

    def z(without: int | None = None) -> float:
        kept = [[of for seed, of in by_seed.items() if seed != without] for by_seed in settings]
        r = fmean(correlation(*zip(*of, strict=True)) for of in kept)
        return math.atanh(max(-CERTAIN, min(r, CERTAIN)))

    whole, seeds = z(), sorted({seed for by_seed in settings for seed in by_seed})
    found = interval([len(seeds) * whole - (len(seeds) - 1) * z(without=seed) for seed in seeds])
    half = found.high - found.mean
    return math.tanh(whole), math.tanh(whole - half), math.tanh(whole + half)


def pooled(pairs: Sequence[PairedRuns]) -> tuple[float, float, float]:
    """That of the fall, mean over phases, and the gain in average accuracy.

    Args:
        pairs: of settings whose trainings differ, each of at least four seeds.

    Raises:
        ValueError: as :func:`mean_correlation`.
    """
    return mean_correlation(
        [
            {seed: (panel_fall(pair.first[seed]), gain) for seed, gain in pair.asked.differences.items()}
            for pair in pairs
        ]
    )


def pooled_in_words(pairs: Sequence[PairedRuns]) -> str:
    """The same in a sentence, without iCaRL where LwF is there."""
    r, low, high = pooled(pairs_trained_once(pairs))
    return (
        "On average over the settings the correlation of fall and gain is "
        f"{r:+.2f} [{low:+.2f}, {high:+.2f}] (95 %, each seed counted once)"
    )
