"""Exemplars trained from random images, as in the paper, beside herding's: by Eq. 7, and by the accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.report import differences, evidence
from mnemonics_lib.edition.studies.outcome import between
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_file

LOSSES = {
    "statistics of each batch": ("before", "after"),
    "running statistics": ("before_running", "after_running"),
}
"""How a network that was trained on exemplars is judged by real images, and its panel's fields before and after."""

ARMS = ("trained-from-random", "trained", "herding")
"""Of the study, behind the method's name."""


@dataclass(frozen=True)
class Judged:
    """Exemplars of phase 0 by the meta loss of one panel, and what became of their runs.

    Attributes:
        method: its name.
        losses: how the panel judges -> the loss of exemplars trained from random images minus that of herding's, which
            were not trained (nat).
        after_first: accuracy after phase 1, likewise (points).
        average: average accuracy, likewise (points).
    """

    method: str
    losses: dict[str, Interval]
    after_first: Interval
    average: Interval

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "method": self.method,
            **{f"meta loss, {how}": marked(found, 3) for how, found in self.losses.items()},
            "accuracy after phase 1": marked(self.after_first),
            "average accuracy": marked(self.average),
        }

    @property
    def contradicts(self) -> bool:
        """Whether Eq. 7a is shown to prefer the exemplars whose runs are shown to be less accurate."""
        as_minimised = next(iter(self.losses.values()))
        return as_minimised.verdict == self.average.verdict == "lower"


def judged(
    method: str,
    from_random: Mapping[int, Record],
    from_herding: Mapping[int, Record],
    herding: Mapping[int, Record],
) -> Judged:
    """Compare the three over the seeds whose runs share their first network: one panel judges all their exemplars.

    The panel of a training from herding's judges them first as they are.

    Args:
        method: its name.
        from_random: seed -> record of the run with exemplars that were trained from random images.
        from_herding: likewise, from herding's.
        herding: likewise, with herding's.

    Raises:
        ValueError: where the three have no such seed.
    """
    seeds = [
        seed
        for seed, record in from_random.items()
        if seed in from_herding
        and seed in herding
        and not any(apart(record, other[seed]) for other in (from_herding, herding))
    ]
    if not seeds:
        raise ValueError(f"{method}: no seed whose runs share their first network")
    losses = {
        how: interval([_of_panel(from_random[seed], after) - _of_panel(from_herding[seed], before) for seed in seeds])
        for how, (before, after) in LOSSES.items()
    }
    after_first, average = (
        interval([number(from_random[seed]) - number(herding[seed]) for seed in seeds])
        for number in (lambda record: record.accuracy[1], lambda record: record.average_accuracy)
    )
    return Judged(method, losses, after_first, average)


def of_records() -> list[Judged]:
    """LwF's and LUCIR's, from the records of the study; none before all of its runs are there.

    Raises:
        RecordError, ArmError, ConfigError: as :func:`mnemonics_lib.edition.studies.studied.studied`.
    """
    study = studied("evidence/from_random")
    if study.missing:
        return []
    return [judged(NAMES[method], *(study.records[f"{method}-{arm}"] for arm in ARMS)) for method in ("lwf", "lucir")]


def in_words(found: Sequence[Judged]) -> str:
    """What follows of the objective; "" where nothing is shown that speaks against it."""
    against = [each for each in found if each.contradicts]
    if not against:
        return ""
    losses = together([f"{next(iter(each.losses.values())):.3f} ({each.method})" for each in against])
    averages = together([f"{each.average.without_n} points ({each.method})" for each in against])
    return (
        "**Eq. 7 prefers exemplars that were trained from random images to herding's untrained ones**: in phase 0 "
        f"their meta loss differs by {losses}. The average accuracy of the runs that have them differs by {averages}: "
        "a lower meta loss is not enough for a higher accuracy here. Runs differ in the exemplars of all phases, and "
        "the loss is of phase 0."
    )


def over_its_start() -> str:
    """What training gains over the random images that it began with, where a study of the project has both.

    Raises:
        RecordError, ArmError: as :func:`mnemonics_lib.edition.report.evidence`.
        PairError: as :func:`mnemonics_lib.edition.report.differences`.
    """
    found = {}
    for n in (5, 1):
        name = f"digits-n{n}"
        gains = differences(evidence("quick", name), "mnemonics", "random", "average_accuracy", f"quick/{name}")
        found[f"digits, N = {n}"] = interval([*gains.values()])
    controls = plan(study_file("evidence/controls"))
    for method in ("lwf", "lucir"):
        for budget in (20, 5):
            arms = f"{method}-trained-from-random-{budget}", f"{method}-random-{budget}"
            if controls.finished(*arms) and (compared := between(controls, *arms)):
                found[f"CIFAR-100, {NAMES[method]}, {budget} a class"] = compared.difference
    each = "; ".join(f"{pair} {gain}" for pair, gain in found.items())
    return (
        "A difference to herding's holds the start as well. Against the random images that training began with: "
        f"{each}."
    )


def _of_panel(record: Record, field: str) -> float:
    of = record.results[0].exemplars
    if of is None or of.panel is None:
        raise ValueError(f"{record.method}, seed {record.seed}: its record has no panel of phase 0")
    return float(getattr(of.panel, field))
