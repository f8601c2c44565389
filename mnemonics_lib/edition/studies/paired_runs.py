"""Two arms of a study seed by seed: any number of a run, and what two runs that differ in one thing differ in besides.

:mod:`mnemonics_lib.edition.paired.compare` has the comparisons that a study asks for; here are those that a page
makes of the same runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.by_class import arrivals, class_accuracies
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.report import Evidence
from mnemonics_lib.edition.studies.outcome import Compared
from mnemonics_lib.edition.studies.plan import Plan

Number = Callable[[Record], float]
"""A number of a run, in points or per cent."""


@dataclass(frozen=True)
class PairedRuns:
    """The runs of two arms, of the seeds that both have.

    Attributes:
        name: of the cell, for a reader.
        first: seed -> record, of the arm that is judged.
        second: likewise, of its control.
        asked: the study's own comparison of the two, of one number.
        finished: whether all runs are there that the study asks of both arms. Before, an interval is no verdict.
    """

    name: str
    first: dict[int, Record]
    second: dict[int, Record]
    asked: Comparison
    finished: bool

    def differences(self, number: Number) -> dict[int, float]:
        """Seed -> first minus second."""
        return {seed: number(record) - number(self.second[seed]) for seed, record in self.first.items()}

    def difference(self, number: Number, level: float = 0.95) -> Interval:
        """Their mean and its interval."""
        return interval(list(self.differences(number).values()), level)

    def means(self, number: Number) -> tuple[float, float]:
        """Of the second arm and of the first."""
        second, first = (fmean(number(record) for record in of.values()) for of in (self.second, self.first))
        return second, first


def difference_of_all(pairs: Iterable[PairedRuns], number: Number, level: float = 0.95) -> Interval:
    """The mean difference over the runs of several pairs of arms, as if they were of one, and its interval.

    Args:
        pairs: which share no run.
        number: of a run.
        level: of confidence, between 0 and 1.
    """
    return interval([value for pair in pairs for value in pair.differences(number).values()], level)


def paired_runs(study: Plan, compared: Compared, records: Evidence) -> list[PairedRuns]:
    """The comparisons of average accuracy that a study asks for, as pairs of runs, in its order.

    Args:
        study: whose arms are called method, kind and exemplars a class, or method and kind.
        compared: its comparisons.
        records: of the study.
    """
    found = []
    for arm, minus, each in compared:
        if each.field == "average_accuracy":
            first, second = ({seed: records[which][seed] for seed in each.differences} for which in (arm, minus))
            found.append(PairedRuns(cell(arm), first, second, each, study.finished(arm, minus)))
    return found


def cell(arm: str) -> str:
    """``LwF, from random, 20 a class``, of the arm ``lwf-trained-from-random-20``; without a number the method.

    Of an arm of a grid of numbers, such as ``epochs=30-trained``, the number: ``30 epochs``. One that begins with
    neither, of a study of one method, is called what it is called there.
    """
    method, *rest = arm.split("-")
    if "=" in method:
        what, number = method.split("=")
        return f"{number} {what}"
    if method not in NAMES:
        return arm
    if not rest or not rest[-1].isdigit():
        return NAMES[method]
    _, *more, budget = rest  # the first is the kind of exemplars
    return ", ".join([NAMES[method], *([" ".join(more)] if more else []), f"{budget} a class"])


def final_accuracy(record: Record) -> float:
    """After the last phase (%)."""
    return record.accuracy[-1]


def by_fine_tuning(record: Record) -> float:
    """What balanced fine-tuning adds to the accuracy, mean over the phases that have one (points)."""
    return fmean(after - before for before, after in _fine_tuned(record))


def before_fine_tuning(record: Record) -> float:
    """Accuracy before fine-tuning, mean over the phases that have one (%)."""
    return fmean(before for before, _ in _fine_tuned(record))


def before_in_phase_1(record: Record) -> float:
    """Accuracy in phase 1 before it is fine-tuned, whose networks come from none that was (%).

    Raises:
        ValueError: for a run whose phase 1 has no fine-tuning.
    """
    before = record.results[1].accuracy_before_finetuning
    if before is None:
        raise ValueError(f"{record.method}, seed {record.seed}: its phase 1 has no fine-tuning")
    return before


def after_fine_tuning(record: Record) -> float:
    """Accuracy after it, mean over the same phases (%)."""
    return fmean(after for _, after in _fine_tuned(record))


def against_no_fine_tuning(pair: PairedRuns) -> Interval:
    """The first arm's accuracy after fine-tuning minus the second's before it, in the same phases (points)."""
    return interval(
        [after_fine_tuning(record) - before_fine_tuning(pair.second[seed]) for seed, record in pair.first.items()]
    )


def _fine_tuned(record: Record) -> Iterator[tuple[float, float]]:
    """Accuracy before and after, of each phase that is fine-tuned."""
    for row in record.results:
        if row.accuracy_before_finetuning is not None:
            yield row.accuracy_before_finetuning, row.accuracy


Chosen = Callable[[np.ndarray, int], np.ndarray]
"""The phase in which each class came [classes], and a phase -> which of the classes are asked about [classes]."""


def of_classes(record: Record, chosen: Chosen) -> float:
    """Accuracy on some classes after each phase from 1 on that has any of them (%).

    Each class counts once in its phase, and each phase once.
    """
    accuracies, came = class_accuracies(record), arrivals(record)
    groups = ((phase, chosen(came, phase)) for phase in range(1, record.phases + 1))
    return fmean(accuracies[phase, group].mean() for phase, group in groups if group.any())


def new_classes(record: Record) -> float:
    """Accuracy on the classes that a phase brought, after it, mean over the phases from 1 on (%)."""
    return of_classes(record, lambda came, phase: came == phase)


def old_classes(record: Record) -> float:
    """Accuracy on the classes of earlier phases, mean over the phases from 1 on (%)."""
    return of_classes(record, lambda came, phase: came < phase)
