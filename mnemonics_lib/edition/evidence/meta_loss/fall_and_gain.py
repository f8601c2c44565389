"""Whether a training that lowers its loss further is one that gains more: correlations over seeds."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from statistics import correlation, fmean

from scipy import stats

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import panel_fall
from mnemonics_lib.edition.evidence.pairs.trained_once import pairs_trained_once
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

Slices = Mapping[int, Hashable]
"""Seed -> the slice of classes of its runs."""


def slices_of(runs: Iterable[tuple[int, Record]]) -> Slices:
    """The slices of some seeds, by a run of each."""
    return {seed: tuple(record.config.get("classes") or ()) for seed, record in runs}


def within(points: Points, slices: Slices) -> Points:
    """The numbers of each seed minus their means over the seeds of its slice.

    Seeds are nested in slices of classes. Where slices differ in both numbers, the seeds correlate by that alone, and
    where they differ in one, a correlation within them is hidden.
    """
    of_slice: dict[Hashable, list[tuple[float, float]]] = {}
    for seed, numbers in points.items():
        of_slice.setdefault(slices[seed], []).append(numbers)
    means = {part: [fmean(of) for of in zip(*numbers, strict=True)] for part, numbers in of_slice.items()}
    return {seed: (x - means[slices[seed]][0], y - means[slices[seed]][1]) for seed, (x, y) in points.items()}


def mean_correlation(settings: Sequence[Points], slices: Slices | None = None) -> tuple[float, float, float]:
    """The correlation of two numbers over seeds, mean over settings, and its interval at 95 %.

    Runs of one seed have classes, test images and often their first network in common, also in different settings, so
    that a seed counts once: all its runs are left out together (jackknife of Fisher's z, Student's t of the
    pseudo-values). Counted as independent, runs that share much would have an interval that is far too short.

    Args:
        settings: whose trainings differ, each of at least four seeds.
        slices: of all seeds, for the correlation within them; None for that over all seeds.

    Raises:
        ValueError: for fewer seeds, of which one could not be left out, and where each slice has one seed.
    """
    if (fewest := min(map(len, settings))) < 4:
        raise ValueError(f"{fewest} seeds: must be at least four in each setting")

    def z(without: int | None = None) -> float:
        kept = [{seed: of for seed, of in by_seed.items() if seed != without} for by_seed in settings]
        if slices is not None:
            kept = [dict(within(of, slices)) for of in kept]
        r = fmean(correlation(*zip(*of.values(), strict=True)) for of in kept)
        return math.atanh(max(-CERTAIN, min(r, CERTAIN)))

    whole, seeds = z(), sorted({seed for by_seed in settings for seed in by_seed})
    found = interval([len(seeds) * whole - (len(seeds) - 1) * z(without=seed) for seed in seeds])
    half = found.high - found.mean
    return math.tanh(whole), math.tanh(whole - half), math.tanh(whole + half)


def pooled(pairs: Sequence[PairedRuns], slices: Slices | None = None) -> tuple[float, float, float]:
    """That of the fall, mean over phases, and the gain in average accuracy.

    Args:
        pairs: of settings whose trainings differ, each of at least four seeds.
        slices: as in :func:`mean_correlation`.

    Raises:
        ValueError: as :func:`mean_correlation`.
    """
    return mean_correlation(
        [
            {seed: (panel_fall(pair.first[seed]), gain) for seed, gain in pair.asked.differences.items()}
            for pair in pairs
        ],
        slices,
    )


def pooled_in_words(pairs: Sequence[PairedRuns]) -> str:
    """The same in a sentence, without iCaRL where LwF is there."""
    apart = pairs_trained_once(pairs)
    slices = slices_of(run for pair in apart for run in pair.first.items())
    return (
        "On average over the settings the correlation of fall and gain is "
        f"{in_brackets(pooled(apart))}, and {in_brackets(pooled(apart, slices))} within slices of classes (95 %, each "
        "seed counted once)"
    )


def in_brackets(found: tuple[float, float, float]) -> str:
    """A correlation and its interval, as text."""
    r, low, high = found
    return f"{r:+.2f} [{low:+.2f}, {high:+.2f}]"
