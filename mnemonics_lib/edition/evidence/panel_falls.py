"""How far training brings the meta loss down on its fixed panel of starts and images; whether that foretells a gain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import correlation, fmean

import numpy as np
from scipy import stats

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.studies.paired_runs import PairedRuns

CERTAIN = 1 - 1e-12
"""The largest correlation that has a z of Fisher's: of 1 it is infinite."""


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


@dataclass(frozen=True)
class Fallen:
    """In how many trainings the loss of their panel fell.

    Attributes:
        batch: with the statistics of each batch.
        running: with the running ones.
        both: with either.
        of: how many trainings there are.
    """

    batch: int
    running: int
    both: int
    of: int

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        counts = {"fell": self.batch, "fell with running statistics": self.running, "with both": self.both}
        return {words: f"{count} of {self.of}" for words, count in counts.items()}


PHASE_0, LATER_PHASES, ALL_PHASES = "phase 0", "later phases", "all phases"


def fallen_by_phase(records: Iterable[Record]) -> dict[str, Fallen]:
    """In how many trainings that loss fell by either judge: of phase 0, of later phases, and of all."""
    fell: list[tuple[int, bool, bool]] = [
        (phase, panel.after < panel.before, panel.after_running < panel.before_running)
        for record in records
        for phase, row in enumerate(record.results)
        if row.exemplars and (panel := row.exemplars.panel)
    ]
    parts = {
        PHASE_0: [each for each in fell if each[0] == 0],
        LATER_PHASES: [each for each in fell if each[0] > 0],
        ALL_PHASES: fell,
    }
    return {
        part: Fallen(
            sum(batch for _, batch, _ in of),
            sum(running for *_, running in of),
            sum(batch and running for _, batch, running in of),
            len(of),
        )
        for part, of in parts.items()
    }


def of_both_judges_in_words(pairs: Sequence[PairedRuns]) -> str:
    """For which trainings what they learned holds for both judges, by number of exemplars and phase.

    Args:
        pairs: of the primary study, named as in ``LUCIR, 20 a class``.
    """
    parts = []
    for budget in dict.fromkeys(pair.name.rpartition(", ")[2] for pair in pairs):
        found = fallen_by_phase(trained_once([pair for pair in pairs if pair.name.endswith(f", {budget}")]))
        each = " and ".join(f"in {found[part].both} of {found[part].of} of {part}" for part in (PHASE_0, LATER_PHASES))
        parts.append(f"with {budget} {each}")
    return f"both losses fell {'; '.join(parts)}."


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


def relative_fall(records: Iterable[Record]) -> float:
    """By which share of itself training lowered that loss, mean over the trainings of some runs."""
    return float(np.mean([1 - after / before for record in records for before, after in _panels(record, False)]))


def pooled(pairs: Sequence[PairedRuns]) -> tuple[float, float, float]:
    """The correlation of fall and gain, mean over settings, and its interval at 95 %.

    Runs of one seed have classes, test images and often their first network in common, also in different settings, so
    that a seed counts once: all its runs are left out together (jackknife of Fisher's z, Student's t of the
    pseudo-values). Counted as independent, runs that share much would have an interval that is far too short.

    Args:
        pairs: of settings whose trainings differ, each of at least four seeds.

    Raises:
        ValueError: for fewer seeds, of which one could not be left out.
    """
    points = [
        {seed: (panel_fall(pair.first[seed]), gain) for seed, gain in pair.asked.differences.items()} for pair in pairs
    ]
    if (fewest := min(map(len, points))) < 4:
        raise ValueError(f"{fewest} seeds: must be at least four in each setting")

    def z(without: int | None = None) -> float:
        kept = [[of for seed, of in by_seed.items() if seed != without] for by_seed in points]
        r = fmean(correlation(*zip(*of, strict=True)) for of in kept)
        return math.atanh(max(-CERTAIN, min(r, CERTAIN)))

    whole, seeds = z(), sorted(set().union(*points))
    found = interval([len(seeds) * whole - (len(seeds) - 1) * z(without=seed) for seed in seeds])
    half = found.high - found.mean
    return math.tanh(whole), math.tanh(whole - half), math.tanh(whole + half)


def pooled_in_words(pairs: Sequence[PairedRuns]) -> str:
    """The same in a sentence, without iCaRL where LwF is there."""
    r, low, high = pooled(pairs_trained_once(pairs))
    return (
        "On average over the settings the correlation of fall and gain is "
        f"{r:+.2f} [{low:+.2f}, {high:+.2f}] (95 %, each seed counted once)"
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
