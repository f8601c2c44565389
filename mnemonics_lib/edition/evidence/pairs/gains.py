"""What training exemplars gains on herding's, in every setting of the book that has records of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from mnemonics_lib.edition.evidence.pairs.settings import Setting, settings
from mnemonics_lib.edition.evidence.pairs.trained_once import once
from mnemonics_lib.edition.evidence.pairs.trainings import Training, trainings
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.report import comparable, differences, evidence
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from mnemonics_lib.paths import RECORDS


@dataclass(frozen=True)
class Gain:
    """What came out of a setting.

    Attributes:
        setting: which.
        by_seed: average accuracy minus that of the control with the same seed (points); the mean of both times, where
            all runs of a study were made twice (:data:`mnemonics_lib.edition.records.first_time.MADE_TWICE`).
        interval: their mean, and the interval of the setting's level.
        finished: whether a record of each run is there that the study asks of both arms. Before, an interval is no
            verdict: looked at again and again while records come, it would sooner or later be clear of zero.
        knows: training images of phase 0 that its network classifies correctly, mean over the arm's seeds (%); NaN
            where no record says.
        trainings: of the arm's runs, as far as their records say.
    """

    setting: Setting
    by_seed: dict[int, float]
    interval: Interval
    finished: bool
    knows: float
    trainings: tuple[Training, ...]

    @property
    def claims(self) -> bool:
        """Whether it is finished, asks of training from herding's alone, and has seeds enough for a verdict."""
        return self.finished and self.setting.asks_of_training and self.interval.n >= 3

    @property
    def first(self) -> list[Training]:
        """The trainings of phase 0, one a run."""
        return [training for training in self.trainings if training.phase == 0]

    @property
    def own_loss(self) -> tuple[float, float]:
        """Of the exemplars of phase 0 at its network before and after training, means over the arm's seeds."""
        return fmean(each.before for each in self.first), fmean(each.after for each in self.first)

    @property
    def hardened(self) -> int:
        """In how many of the arm's runs those exemplars became harder."""
        return sum(each.harder for each in self.first)


def gains(records: Path = RECORDS) -> list[Gain]:
    """Those settings that have a seed of both arms.

    Raises:
        RecordError, ArmError: as :func:`mnemonics_lib.edition.report.evidence`.
        PairError: as :func:`mnemonics_lib.edition.report.differences`.
    """
    found = []
    # Settings of one study share its records and its plan, which take a second to read.
    arms_of = cache(lambda profile, name: evidence(profile, name, records))
    runs_of = cache(lambda study: plan(study_file(study)).runs)
    for setting in settings():
        arms = arms_of(*setting.study.split("/"))
        if not comparable(arms, setting.arm, setting.control):
            continue
        first = [record.results[0].train_accuracy for record in arms[setting.arm].values()]
        by_seed = differences(arms, setting.arm, setting.control, "average_accuracy", setting.study)
        found.append(
            Gain(
                setting,
                by_seed,
                interval(list(by_seed.values()), setting.level),
                all(
                    run.seed in arms[run.arm]
                    for run in runs_of(setting.study)
                    if run.arm in (setting.arm, setting.control)
                ),
                fmean(known for known in first if known is not None) if any(first) else float("nan"),
                tuple(training for record in arms[setting.arm].values() for training in trainings(record)),
            )
        )
    return found


def distinct_trainings(found: Sequence[Gain]) -> list[Training]:
    """Those of all settings, each once.

    Runs that differ in the adjustment of old exemplars alone have their first trainings in common.
    """
    return list(dict.fromkeys(training for gain in trained_apart(found) for training in gain.trainings))


def trained_apart(found: Iterable[Gain]) -> list[Gain]:
    """Without iCaRL's where LwF's of the same study and detail are there: they are the same trainings."""
    return once(found, lambda gain: (gain.setting.method, (gain.setting.study, gain.setting.detail)))
