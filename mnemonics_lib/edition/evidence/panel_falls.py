"""How far training brings the meta loss down on its fixed panel of starts and images; whether that foretells a gain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import correlation

import numpy as np
from scipy import stats

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.studies.paired_runs import PairedRuns


def panel_fall(record: Record, running: bool = False) -> float:
    """How far training brought the meta loss down on its fixed panel, mean over phases (nat).

    Args:
        record: of a run with trained exemplars.
        running: with the running statistics of batch normalisation, as a network is tested, and not with a batch's.
    """
    return float(np.mean([before - after for before, after in _panels(record, running)]))


def panels_fallen(records: Iterable[Record], running: bool = False) -> tuple[int, int]:
    """In how many trainings of some runs that loss fell, and how many there are.

    Args:
        records: of the runs.
        running: as in :func:`panel_fall`.
    """
    pairs = [pair for record in records for pair in _panels(record, running)]
    return sum(after < before for before, after in pairs), len(pairs)


def fallen_for_both(records: Iterable[Record]) -> int:
    """In how many trainings that loss fell both with a batch's statistics and with the running ones."""
    return sum(
        (after < before) and (after_running < before_running)
        for record in records
        for (before, after), (before_running, after_running) in zip(
            _panels(record, False), _panels(record, True), strict=True
        )
    )


def fallen(records: Iterable[Record], running: bool = False) -> str:
    """The same as text: ``57 of 60``."""
    fell, of = panels_fallen(records, running)
    return f"{fell} of {of}"


def fall_and_gain(pair: PairedRuns) -> float:
    """The correlation, over seeds, of how far the loss fell and what the trained exemplars gained.

    Args:
        pair: of at least two seeds, the arm with trained exemplars first.
    """
    gains = pair.asked.differences
    return correlation([panel_fall(pair.first[seed]) for seed in gains], list(gains.values()))


def shown_beyond(seeds: int, together: int = 1, level: float = 0.95) -> float:
    """How far from 0 a correlation must be for it not to be 0, by the t distribution of uncorrelated normal numbers.

    Args:
        seeds: pairs of numbers that it is of, at least three.
        together: correlations that are to be judged at once, each at a share of what the level leaves (Bonferroni).
        level: of all of them together.
    """
    t = stats.t.ppf(1 - (1 - level) / (2 * together), seeds - 2)
    return float(t / math.sqrt(seeds - 2 + t**2))


def goes_with_gain(pairs: Sequence[PairedRuns]) -> tuple[list[str], list[str]]:
    """The cells in which a larger fall is shown to go with a larger gain, and those in which with a smaller one.

    Args:
        pairs: judged together.
    """
    found = {pair.name: (fall_and_gain(pair), shown_beyond(len(pair.first), len(pairs))) for pair in pairs}
    larger = [name for name, (is_, beyond) in found.items() if is_ > beyond]
    return larger, [name for name, (is_, beyond) in found.items() if is_ < -beyond]


def relative_fall(records: Iterable[Record]) -> float:
    """By which share of itself training lowered that loss, mean over the trainings of some runs."""
    return float(np.mean([1 - after / before for record in records for before, after in _panels(record, False)]))


def pooled(pairs: Sequence[PairedRuns]) -> tuple[float, float, float]:
    """The correlation of fall and gain in all settings together, and its interval at 95 % (Fisher's z).

    Both numbers are centred and scaled within their setting, so that settings count alike and what differs between
    them does not count: each takes one from the degrees of freedom.

    Args:
        pairs: of settings whose trainings differ, each of at least two seeds.

    Raises:
        ValueError: where there are fewer than three seeds more than settings.
    """
    if (free := sum(len(pair.asked.differences) for pair in pairs) - len(pairs) - 2) < 1:
        raise ValueError(f"{len(pairs)} settings: must have at least three more seeds than that in all")
    standard = [
        stats.zscore([[panel_fall(pair.first[seed]) for seed in pair.asked.differences], [*gains]], axis=1)
        for pair in pairs
        for gains in [pair.asked.differences.values()]
    ]
    falls, gains = np.concatenate(standard, axis=1)
    r = float(np.clip(correlation(falls, gains), -1, 1))  # rounding may bring it beyond
    half = stats.norm.ppf(0.975) / math.sqrt(free)
    with np.errstate(divide="ignore"):  # a correlation of 1 has an interval of length 0
        low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return r, float(low), float(high)


def pooled_in_words(pairs: Sequence[PairedRuns]) -> str:
    """The same in a sentence, without iCaRL where LwF is there."""
    r, low, high = pooled(pairs_trained_once(pairs))
    return (
        "Of all settings together, each centred and scaled by itself, the correlation of fall and gain is "
        f"{r:+.2f} [{low:+.2f}, {high:+.2f}] (95 %)"
    )


def pairs_trained_once(pairs: Sequence[PairedRuns]) -> list[PairedRuns]:
    """Settings without iCaRL's where LwF's are there: the two train in the same way."""
    names = {pair.name for pair in pairs}
    return [pair for pair in pairs if "iCaRL" not in pair.name or pair.name.replace("iCaRL", "LwF") not in names]


def trained_once(pairs: Sequence[PairedRuns]) -> list[Record]:
    """The records of the arms with trained exemplars, without iCaRL's where LwF's are there.

    The two differ in how they classify, and train in the same way: counted twice, such trainings would pass for more
    than there are.
    """
    return [record for pair in pairs_trained_once(pairs) for record in pair.first.values()]


def _panels(record: Record, running: bool) -> Iterator[tuple[float, float]]:
    """The meta loss before and after each training of a run."""
    for row in record.results:
        if row.exemplars and (panel := row.exemplars.panel):
            yield (panel.before_running, panel.after_running) if running else (panel.before, panel.after)
