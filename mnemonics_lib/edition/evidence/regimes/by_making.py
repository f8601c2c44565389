"""What weight transfer changes in a gain, by the making of the runs with it: some were made twice.

The second making is on a processor that rounds otherwise, where the first network of a seed is another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.durable.records import same_outcome
from mnemonics_lib.edition.evidence.pairs.repeats import Repeated, repeated
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.partners import refuse_strangers
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.by_phase import AVERAGE, ENDS
from mnemonics_lib.edition.studies.other_makings import other_makings
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied

SIDES = {"higher": "larger", "lower": "smaller"}
"""A verdict that an interval can show -> what is said of the gain without weight transfer."""


@dataclass(frozen=True)
class ByMaking:
    """The gain without weight transfer minus the gain with it, over the same seeds (points).

    Attributes:
        method: its name.
        first: with the first making of the runs that have weight transfer.
        second: with their second making; None where a seed was made once.
        mean: with the mean of both makings; None likewise.
        alike: in how many seeds the runs with and without weight transfer share their first network, by making.
    """

    method: str
    first: Interval
    second: Interval | None
    mean: Interval | None
    alike: tuple[int, ...]

    @property
    def verdict(self) -> str:
        """What is shown with each making there is; where they do not agree, that it is not shown with both."""
        verdicts = {each.verdict for each in (self.first, self.second) if each}
        if len(verdicts) > 1:
            return "not shown with both makings"
        (only,) = verdicts
        if only not in SIDES:
            return "not shown to differ"
        return f"shown to be {SIDES[only]}" + (" with both makings" if self.second else ", made once")

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        of_second, of_mean = (marked(each) if each else "–" for each in (self.second, self.mean))
        return {
            "method": self.method,
            "as first made": marked(self.first),
            "made again": of_second,
            "mean of both": of_mean,
            "verdict": self.verdict,
        }


def by_making(
    without: Sequence[PairedRuns], first: Sequence[PairedRuns], again: Sequence[PairedRuns]
) -> list[ByMaking]:
    """The difference of both gains for each method, with each making of the runs that have weight transfer.

    Args:
        without: pairs of runs without weight transfer, named after their methods.
        first: the same with it, as made first, named as in ``LwF, 5 a class``.
        again: those that were made again, named alike; copies of the first ones do not count.

    Raises:
        PairError: where two runs of one seed have other classes or images.
        ValueError: where a method has no seed both with weight transfer and without it.
    """
    number, found = ENDS[AVERAGE], []
    for pair in without:
        made = next((each for each in first if _method(each) == pair.name), None)
        if made is None:
            continue
        seeds = pair.first.keys() & made.first.keys()
        for seed in seeds:
            refuse_strangers(pair.first[seed], made.first[seed], (f"without, seed {seed}", f"with, seed {seed}"))
        gains = pair.differences(number)
        twice = next((each for each in repeated([made], again, number) if seeds <= each.first.keys()), None)
        second = next(each for each in again if each.name == made.name) if twice else None
        makings = [made, second] if second else [made]
        found.append(
            ByMaking(
                pair.name,
                paired(gains, made.differences(number)),
                paired(gains, {seed: twice.second[seed] for seed in seeds}) if twice else None,
                paired(gains, {seed: twice.both[seed] for seed in seeds}) if twice else None,
                tuple(sum(_alike(pair, of, seed) for seed in seeds) for of in makings),
            )
        )
    return found


def in_short(found: Sequence[ByMaking]) -> str:
    """Each difference with each making, and what is shown, in two sentences; "" for none."""
    if not found:
        return ""
    each = "; ".join(f"{_of_makings(of)} ({of.method}: {of.verdict})" for of in found)
    made = "as first made, as made again, and by the mean of both" if any(of.second for of in found) else "made once"
    return f"The gain without it, minus the gain with it, with the runs with transfer {made}: {each}."


def in_words(found: Sequence[ByMaking]) -> str:
    """What the makings have in common with the runs without weight transfer, and what is shown; "" for none."""
    if not found:
        return ""
    twice = [of for of in found if of.second]
    said = []
    if twice:
        shares = "; ".join(
            f"in {of.alike[0]} of {of.first.n} seeds with the first making and in {of.alike[1]} with the second, for "
            f"{of.method}"
            for of in twice
        )
        said.append(
            "The runs with weight transfer were made twice, on processors that round otherwise; those without it were "
            f"made once. All four runs of a seed share their first network {shares}. Where they do not, a difference "
            "has in it what another first network changes. It counts as shown where it is with each making."
        )
    verdicts = "; ".join(f"{of.method}, {of.verdict}" for of in found)
    said.append(f"Whether the gain is another one without weight transfer: {verdicts}.")
    if any(of.verdict.startswith("shown") for of in found):
        said.append("That says nothing of whether there is one (the table above).")
    return " ".join(said)


def both_in_words(pairs: Sequence[PairedRuns], again: Sequence[PairedRuns]) -> str:
    """What pairs of runs that were made twice came to, each time, in a sentence; "" where none were.

    Args:
        pairs: as made first.
        again: as made again, named alike.
    """
    found = [each for each in repeated(pairs, again, ENDS[AVERAGE]) if len(each.first) > 2]
    if not found:
        return ""
    said = together([f"{_times(each)} ({each.name}, seeds {_listed(each)})" for each in found])
    return f"As first made and as made again, the average accuracy of trained exemplars minus herding's is {said}."


def which_in_words(studies: Mapping[str, Studied], primary: Studied) -> str:
    """Which studies have runs of the primary one as they were made first, and which have some that were made again.

    Args:
        studies: by the names that a page gives them.
        primary: whose records are the first making.

    Returns:
        "" where no run was made again.
    """
    made = [record for of in primary.records.values() for record in of.values()]
    again = [name for name, study in studies.items() if other_makings(study, [primary])]
    first = [
        name
        for name, study in studies.items()
        if name not in again
        and any(same_outcome(record, each) for of in study.records.values() for record in of.values() for each in made)
    ]
    if not again:
        return ""
    said = f"Runs of the primary study that were made again are in {_names(again)}"
    return f"{said}; {_names(first)} {'has' if len(first) == 1 else 'have'} the first making." if first else f"{said}."


def _names(studies: Sequence[str]) -> str:
    return together([f"`{name}`" for name in studies])


def _alike(one: PairedRuns, other: PairedRuns, seed: int) -> bool:
    """Whether the four runs of a seed share their first network."""
    return not any(apart(mine[seed], theirs[seed]) for mine in (one.first, one.second)
                   for theirs in (other.first, other.second))  # fmt: skip


def _times(found: Repeated) -> str:
    """Both makings over the same seeds, each with its interval."""
    first, second = (interval([*of.values()]) for of in (found.first, found.second))
    return f"{first.without_n} and {second.without_n}"


def _listed(found: Repeated) -> str:
    return ", ".join(map(str, sorted(found.first)))


def _of_makings(found: ByMaking) -> str:
    """All of its intervals, and of how many seeds."""
    of = [each.without_n for each in (found.first, found.second, found.mean) if each]
    return f"{together(of)}, n = {found.first.n}"


def _method(pair: PairedRuns) -> str:
    return pair.name.partition(",")[0]
