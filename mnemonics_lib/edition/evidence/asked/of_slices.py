"""For whom a difference is shown that was asked of seeds which each have one of a few slices of classes.

An interval over seeds is about new seeds on these slices. Here is what it is with the slices as a draw, too, what it is
without those that had been looked at before, and what the signs of the seeds alone say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.sign_flips import sign_flips
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.studies.paired_runs import PairedRuns
from mnemonics_lib.edition.studies.studied import Studied
from mnemonics_lib.edition.studies.study import read_study, study_file

Slice = tuple[int, int]
"""First class of the order, and the one behind the last."""

IS = {"higher": "gain", "lower": "loss"}
"""A verdict that a difference is there -> what it is."""


@dataclass(frozen=True)
class OfSlices:
    """A difference in average accuracy that is shown over seeds, in other ways (points).

    Attributes:
        method: its name.
        level: of the study's own interval.
        found: that interval.
        as_drawn: mean of the means of slices, and its interval of 95 % over them.
        seen: slices on which the method had been judged before, by ``without``.
        without: the difference without their seeds, at the level of the study; None where there are none.
        p: two-sided, exact, of the mean over all flips of the seeds' signs.
    """

    method: str
    level: float
    found: Interval
    as_drawn: Interval
    seen: list[Slice]
    without: Interval | None
    p: float

    @property
    def of_new_classes(self) -> bool:
        """Whether it is shown with slices as a draw, too."""
        return self.as_drawn.verdict == self.found.verdict


def by_slice(differences: Mapping[int, float], slice_of: Callable[[int], Sequence[int]]) -> dict[Slice, list[float]]:
    """The differences of each slice's seeds, slices in their order.

    Args:
        differences: seed -> difference.
        slice_of: of a seed, its first class and the one behind its last.
    """
    found: dict[Slice, list[float]] = {}
    for seed, value in differences.items():
        first, last = slice_of(seed)
        found.setdefault((first, last), []).append(value)
    return dict(sorted(found.items()))


def by_slice_of(study: str, differences: Mapping[int, float]) -> dict[Slice, list[float]]:
    """The differences of each slice's seeds, the slices of seeds as the file of a study has them.

    Raises:
        ConfigError: as :func:`mnemonics_lib.edition.studies.study.read_study`.
    """
    return by_slice(differences, read_study(study_file(study)).slice_of)  # type: ignore[arg-type]


def drawn(slices: Mapping[Slice, Sequence[float]]) -> Interval:
    """Mean of the means of slices, as of :func:`by_slice`, and its interval of 95 % over them, as of a draw."""
    return interval([fmean(values) for values in slices.values()])


def as_drawn(differences: Mapping[int, float], study: Studied) -> Interval:
    """The mean of a study's differences, seed by seed, with its slices of classes as a draw, and its interval of 95 %.

    Args:
        differences: seed -> difference.
        study: whose seeds have slices of classes.
    """
    return drawn(by_slice(differences, study.plan.study.slice_of))  # type: ignore[arg-type]


def judged_on(records: Evidence, method: str) -> set[Slice]:
    """The parts of the class order that a method's runs of some study had."""
    of_method = (record for of in records.values() for record in of.values() if record.method == method)
    return {tuple(record.config["classes"]) for record in of_method if record.config["classes"]}


def of_shown(study: Studied, before: Evidence) -> list[OfSlices]:
    """The finished pairs of a study that are shown to differ.

    Args:
        study: whose seeds have slices of classes.
        before: records of a study from before it.
    """
    shown = [pair for pair in study.pairs() if pair.finished and pair.asked.difference.verdict in IS]
    return [_of_pair(pair, study, before) for pair in shown]


def _of_pair(pair: PairedRuns, study: Studied, before: Evidence) -> OfSlices:
    slices = by_slice(pair.asked.differences, study.plan.study.slice_of)  # type: ignore[arg-type]
    method = next(iter(pair.first.values())).method
    seen = sorted(slices.keys() & judged_on(before, method))
    rest = [value for part, values in slices.items() if part not in seen for value in values]
    return OfSlices(
        method=pair.name,
        level=pair.asked.level,
        found=pair.asked.difference,
        as_drawn=drawn(slices),
        seen=seen,
        without=interval(rest, pair.asked.level) if seen and rest else None,
        p=sign_flips([*pair.asked.differences.values()]),
    )


def in_short(found: Sequence[OfSlices]) -> str:
    """For whom differences are shown, a sentence each; "" for none."""
    return " ".join(
        f"{each.method}'s {IS[each.found.verdict]} is shown for new seeds on these classes, and "
        f"{'for' if each.of_new_classes else 'not for'} new classes ({each.as_drawn.without_n}, 95 %, with the slices "
        "of classes as a draw)."
        for each in found
    )


def in_words(found: Sequence[OfSlices], before: str) -> str:
    """A paragraph for each difference that is shown, with what it is in the other ways; "" for none.

    Args:
        found: as :func:`of_shown` gives them.
        before: a reader's name of the study that had judged some of the slices before.
    """
    return "\n\n".join(_paragraph(each, before) for each in found)


def _paragraph(found: OfSlices, before: str) -> str:
    what, n, slices = IS[found.found.verdict], found.found.n, found.as_drawn.n
    at = f"{100 * found.level:.4g} %"
    said = (
        f"**For whom {found.method}'s {what} is shown.** Its interval is about new seeds on these {slices} slices of "
        f"classes. With the slices as a draw, too, it is {found.as_drawn.without_n} (95 %, mean of their {slices} "
        f"means, {several(slices - 1, 'degree')} of freedom), so that it is "
        f"{'' if found.of_new_classes else 'not '}shown for new classes."
    )
    if found.without is not None:
        seen = together([f"{first} to {last - 1}" for first, last in found.seen])
        said += (
            f" Without the classes {seen}, on which {before} had judged {found.method} before (*How to read this page* "
            f"has what else had been seen), it is {found.without} ({at})."
        )
    below = "below" if found.p < 1 - found.level else "not below"
    return (
        f"{said} Without a normal distribution: in {found.p * 2**n:.0f} of the {2**n:,} ways to turn the signs of {n} "
        f"seeds round the mean is as far from 0 or farther (p = {found.p:.3f}, {below} the {1 - found.level:.4g} that "
        f"goes with {at}). All of this was asked after the fact."
    )
