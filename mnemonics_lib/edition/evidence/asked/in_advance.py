"""The questions whether trained exemplars do better than herding's that were asked before their runs were made.

And what is shown when all of them are held together, those that are not answered yet counted, so that no answer to a
later one changes what is shown of an earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.evidence.pairs.made_again import as_first_made
from mnemonics_lib.edition.evidence.pairs.settings import (
    AGAIN,
    AUGMENTED,
    AUGMENTED_20,
    AUGMENTED_OTHERS,
    OF_ONE,
    PRIMARY,
    Setting,
    settings,
)
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import tally
from mnemonics_lib.edition.records.first_time import first_time
from mnemonics_lib.edition.studies.paired_runs import cell
from mnemonics_lib.edition.studies.studied import studied

WORDS = {
    PRIMARY: "Eq. 7: four methods, 5 and 20 a class",
    AGAIN: "Eq. 4b: four methods, 5 a class",
    OF_ONE: "Eq. 7: LUCIR, 1 a class",
    AUGMENTED: "Eq. 7, the judge's images augmented: LwF and LUCIR, 5 a class",
    AUGMENTED_20: "Eq. 7, the judge's images augmented: LwF and LUCIR, 20 a class",
    AUGMENTED_OTHERS: "Eq. 7, the judge's images augmented: iCaRL and BiC, 5 a class",
}
"""The study of a question -> what it asks about. Each was asked when those before had been answered, but for the last
two, which were asked together."""


@dataclass(frozen=True)
class Question:
    """One of them.

    Attributes:
        words: what it asks about.
        gains: those of its settings that are finished.
        first: the arm of a setting -> its difference with the runs as they were first made, at the level of the
            question; only of those of which a run was made again.
        waiting: the settings that are not finished, by what tells them apart.
    """

    words: str
    gains: Sequence[Gain]
    first: Mapping[str, Interval]
    waiting: Sequence[str] = ()

    def row(self, level: float) -> dict[str, str]:
        """Cells of a table.

        Args:
            level: of each interval, where those of all questions are to hold together at 95 %.
        """
        means = sorted({f"{gain.interval.mean:+.2f}" for gain in self.gains}, key=float)
        as_first = {name: self.first.get(gain.setting.arm, gain.interval) for name, gain in self._named.items()}
        return {
            "asked in advance": self.words,
            "trained − herding (points)": means[0] if len(means) == 1 else f"{means[0]} to {means[-1]}",
            "shown": _shown({name: gain.interval for name, gain in self._named.items()}) + self._not_finished,
            "with the runs as first made": _shown(as_first) if self.first else "no run was made again",
            "all questions held together": _shown({name: _held(gain, level) for name, gain in self._named.items()}),
        }

    @property
    def _not_finished(self) -> str:
        return f" ({' · '.join(self.waiting)}: not finished)" if self.waiting else ""

    @property
    def _named(self) -> dict[str, Gain]:
        """Its settings by what tells them apart: the method, where that does."""
        return dict(zip(_names([gain.setting for gain in self.gains]), self.gains, strict=True))


def questions(found: Sequence[Gain]) -> list[Question]:
    """Those of which any setting is finished: the level of its interval was fixed when all were asked about.

    Args:
        found: the settings of the book; those that were not asked about in advance are left out.

    Raises:
        RecordError, ArmError, ConfigError: as :func:`mnemonics_lib.edition.studies.studied.studied`.
    """
    asked, finished = [], {gain.setting: gain for gain in found if gain.finished}
    for study, words in WORDS.items():
        of_study = [setting for setting in settings() if setting.study == study and setting.asked]
        gains = [finished[setting] for setting in of_study if setting in finished]
        if gains:
            named = zip(_names(of_study), of_study, strict=True)
            waiting = [name for name, setting in named if setting not in finished]
            replaced = {each.name: each.once for each in as_first_made(studied(study), first_time(study))}
            first = {gain.setting.arm: replaced.get(cell(gain.setting.arm)) for gain in gains}
            again = {arm: once for arm, once in first.items() if once is not None}
            asked.append(Question(words, gains, again, waiting))
    return asked


def of_all() -> int:
    """How many intervals all questions have, answered or not."""
    return sum(not setting.exploratory for setting in settings())


def level_of_all() -> float:
    """The level of each interval at which those of all questions hold together at 95 % (Bonferroni)."""
    return 1 - 0.05 / of_all()


def held_together(asked: Sequence[Question]) -> str:
    """What is shown when the intervals of all questions hold together at 95 %, in a sentence; "" for no question.

    Args:
        asked: those that are answered; of others it is said that they wait.
    """
    if not asked:
        return ""
    in_part = {each.words: each.waiting for each in asked}
    waiting = [
        f"{words} ({' · '.join(in_part[words])})" if words in in_part else words
        for words in WORDS.values()
        if in_part.get(words, words)
    ]
    found = {name_of(gain): _held(gain, level_of_all()) for gain in chain.from_iterable(each.gains for each in asked)}
    answered = f", of which {len(found)} are answered," if waiting else ""
    return (
        f"The {of_all()} intervals of all questions of trained minus herding's that were asked in advance{answered} "
        f"held together at 95 %, {100 * level_of_all():.2f} % each, show trained exemplars to be "
        f"{tally(found, 'worse', 'better')}.{_waits(waiting)}"
    )


def _waits(waiting: Sequence[str]) -> str:
    """Which questions have no answer yet, in a sentence; "" for none."""
    return f" Asked, and not answered yet: {'; '.join(waiting)}." if waiting else ""


def _names(of: Sequence[Setting]) -> list[str]:
    """What tells settings of a question apart: the method, where that does."""
    methods = [setting.method for setting in of]
    return methods if len({*methods}) == len(of) else [_name(setting) for setting in of]


def _held(gain: Gain, level: float) -> Interval:
    return interval([*gain.by_seed.values()], level)


def name_of(gain: Gain) -> str:
    """Of a setting, for a reader: its method and what else tells it from others."""
    return _name(gain.setting)


def _name(setting: Setting) -> str:
    return f"{setting.method}, {setting.detail}"


def _shown(found: Mapping[str, Interval]) -> str:
    """Where a difference is shown: ``better: LUCIR, 5 a class, Eq. 4b``, or ``none``."""
    at = {
        words: [name for name, each in found.items() if each.verdict == verdict]
        for verdict, words in (("higher", "better"), ("lower", "worse"))
    }
    return "; ".join(f"**{words}: {' · '.join(names)}**" for words, names in at.items() if names) or "none"
