"""What is shown of the questions that were asked in advance, looked at in other ways.

An interval over seeds supposes differences that are about normal, and is about new seeds on the slices of classes that
were there. Here is each difference that is shown with the intervals of all questions held together, with the slices as
a draw, by the signs of the seeds alone, and slice by slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mnemonics_lib.edition.evidence.asked.in_advance import Question, level_of_all, name_of
from mnemonics_lib.edition.evidence.asked.of_slices import Slice, by_slice_of, drawn
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.sign_flips import sign_flips
from mnemonics_lib.edition.paired.tally import marked


@dataclass(frozen=True)
class OtherWays:
    """A difference in average accuracy, trained minus herding's (points).

    Attributes:
        name: of its setting, for a reader.
        level: at which the intervals of its own question hold together at 95 %.
        found: its interval at that level.
        with_all: at the level at which those of all questions do.
        as_drawn: the mean of the means of slices, and its interval of 95 % over them.
        p: two-sided, exact, of the mean over all flips of the seeds' signs.
        slices: first class of the order and the one behind the last -> mean difference.
    """

    name: str
    level: float
    found: Interval
    with_all: Interval
    as_drawn: Interval
    p: float
    slices: dict[Slice, float]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "shown": self.name,
            "by its own question": f"{marked(self.found)} ({100 * self.level:.4g} %)",
            "all questions held together": marked(self.with_all),
            "slices as a draw, 95 %": marked(self.as_drawn),
            "p by signs": f"{self.p:.4f}",
        }

    @property
    def row_of_slices(self) -> dict[str, str]:
        """Cells of a table of what each slice gave."""
        of = {f"classes {first}–{last - 1}": f"{mean:+.2f}" for (first, last), mean in self.slices.items()}
        return {"shown": self.name} | of


def other_ways(asked: Sequence[Question]) -> list[OtherWays]:
    """Of the differences that are shown at the level of their own question, in the order of the questions.

    Raises:
        ConfigError: as :func:`mnemonics_lib.edition.evidence.asked.of_slices.by_slice_of`.
    """
    found = []
    for gain in (gain for question in asked for gain in question.gains):
        if gain.interval.verdict == "no difference shown":
            continue
        slices = by_slice_of(gain.setting.study, gain.by_seed)
        found.append(
            OtherWays(
                name=name_of(gain),
                level=gain.setting.level,
                found=gain.interval,
                with_all=interval([*gain.by_seed.values()], level_of_all()),
                as_drawn=drawn(slices),
                p=sign_flips([*gain.by_seed.values()]),
                slices={part: fmean(values) for part, values in slices.items()},
            )
        )
    return found


def in_words(found: Sequence[OtherWays]) -> str:
    """Of how many each way shows a difference, too; "" for none."""
    if not found:
        return ""
    together = 1 - level_of_all()
    ways = {
        "held together with all questions": [each.with_all.verdict == each.found.verdict for each in found],
        "with slices as a draw": [each.as_drawn.verdict == each.found.verdict for each in found],
        "by signs, at the level of its own question": [each.p <= 1 - each.level for each in found],
        f"by signs, at that of all questions (p at most {together:.4f})": [each.p <= together for each in found],
    }
    counts = "; ".join(f"{way}, {sum(shown) or 'none'}" for way, shown in ways.items())
    return f"Of {len(found)} differences that are shown by their own questions, are shown {counts}."
