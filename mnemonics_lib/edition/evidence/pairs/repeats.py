"""Pairs of runs that two studies made, on processors that round otherwise: what a repetition alone changes.

Rounding makes another first network of the same seed, classes and images, and everything that follows differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from mnemonics_lib.durable.records import same_outcome
from mnemonics_lib.edition.names import span, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.by_phase import ENDS
from mnemonics_lib.edition.studies.paired_runs import Number, PairedRuns

ENOUGH = 5
"""Seeds from which on a standard deviation is told."""


@dataclass(frozen=True)
class Repeated:
    """A difference of two arms in the seeds whose both runs were made twice.

    Attributes:
        name: of the setting.
        first: seed -> the difference of the first making (points).
        second: likewise, of the second.
    """

    name: str
    first: dict[int, float]
    second: dict[int, float]

    @property
    def both(self) -> dict[int, float]:
        """Seed -> the mean of both makings."""
        return {seed: (value + self.second[seed]) / 2 for seed, value in self.first.items()}

    @property
    def of_one_seed(self) -> float:
        """Standard deviation of a making for one and the same seed: that of the differences of two, over √2."""
        return float(fmean((value - self.second[seed]) ** 2 for seed, value in self.first.items()) / 2) ** 0.5

    @property
    def over_seeds(self) -> float:
        """Standard deviation over the seeds, mean square of both makings'."""
        return fmean(stdev(of.values()) ** 2 for of in (self.first, self.second)) ** 0.5


def repeated(pairs: Iterable[PairedRuns], again: Iterable[PairedRuns], number: Number) -> list[Repeated]:
    """The settings of which seeds were made twice.

    Args:
        pairs: of one study.
        again: of another, named alike; runs that came out the same are copies, and do not count.
        number: of a run.
    """
    of_name = {pair.name: pair for pair in again}
    found = []
    for pair in pairs:
        if other := of_name.get(pair.name):
            twice = [
                seed
                for seed in pair.first.keys() & other.first.keys()
                if not same_outcome(pair.first[seed], other.first[seed])
                and not same_outcome(pair.second[seed], other.second[seed])
            ]
            one, two = pair.differences(number), other.differences(number)
            if twice:
                found.append(
                    Repeated(pair.name, {seed: one[seed] for seed in twice}, {seed: two[seed] for seed in twice})
                )
    return found


@dataclass(frozen=True)
class Beside:
    """A number of which enough seeds were made twice.

    Attributes:
        name: of the setting.
        words: the number's, for a reader.
        first: the difference of the first making, over these seeds (points).
        second: likewise, of the second.
        once: over all seeds, of this study and of one with others, each as it was made first.
        both: the same with the mean of both makings, where there are two.
    """

    name: str
    words: str
    first: Interval
    second: Interval
    once: Interval
    both: Interval

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "setting": self.name,
            "of": self.words,
            f"first making, n = {self.first.n}": marked(self.first),
            "second making": marked(self.second),
            f"all seeds, n = {self.once.n}": marked(self.once),
            "with the mean of both": marked(self.both),
        }


def beside(pairs: Sequence[PairedRuns], again: Sequence[PairedRuns], more: Sequence[PairedRuns]) -> list[Beside]:
    """Both makings of each setting with enough seeds made twice, and what all runs give with the mean of the two.

    Args:
        pairs: of one study, named as in ``LwF, 5 a class``.
        again: of the study that made some of them again, named alike.
        more: of a study with other seeds, named after the methods, which is put together with the first.
    """
    told = []
    for words, number in ENDS.items():
        for found in repeated(pairs, again, number):
            if len(found.first) < ENOUGH:
                continue
            (pair,) = (pair for pair in pairs if pair.name == found.name)
            others = [other for other in more if other.name == found.name.partition(",")[0]]
            further = [value for other in others for value in other.differences(number).values()]
            once = pair.differences(number)
            told.append(
                Beside(
                    found.name,
                    words,
                    interval([*found.first.values()]),
                    interval([*found.second.values()]),
                    interval([*once.values(), *further]),
                    interval([*{**once, **found.both}.values(), *further]),
                )
            )
    return told


def beside_in_words(found: Sequence[Beside], words: str) -> str:
    """Both makings of one number, and what is left of it with their mean; "" where none was made twice.

    Args:
        found: as :func:`beside` returns it.
        words: of the number.
    """
    return " ".join(
        f"Of {each.name}, {each.first.n} pairs were made twice, on processors that round otherwise: there it is "
        f"{each.first.without_n} the first time and {each.second.without_n} the second, and over all {each.once.n} "
        f"seeds, with the mean of both makings, {each.both.without_n}."
        for each in found
        if each.words == words
    )


def in_words(found: Sequence[Repeated]) -> str:
    """How far a repetition of the same seed goes, beside how far seeds differ; "" where too few were made twice."""
    told = [each for each in found if len(each.first) >= ENOUGH]
    if not told:
        return ""
    spreads = [
        f"{each.of_one_seed:.2f} from making to making of the same seed, and {each.over_seeds:.2f} from seed to seed "
        f"({each.name}, {len(each.first)} seeds)"
        for each in told
    ]
    shares = [(each.of_one_seed / each.over_seeds) ** 2 for each in told]
    return (
        "**Made twice.** Some pairs were made a second time, on a processor that rounds otherwise. The difference in "
        f"average accuracy varies by {together(spreads)} (standard deviations): "
        f"{span((100 * share for share in shares), '{:.0f}')} % of the variance over seeds is there when one and the "
        "same seed is run again, as far as so few can tell"
        + (
            ". So runs of one seed whose first networks differ have little more in common than those of two seeds."
            if min(shares) >= MOST
            else "."
        )
    )


MOST = 0.5
"""The share of the variance from which on a seed is said to decide little."""
