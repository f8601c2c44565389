"""Exemplars trained from random images, as in the paper, beside herding's: by Eq. 7, and by the accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import JUDGES, panel_of_phase_0
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.report import differences, evidence
from mnemonics_lib.edition.studies.outcome import between
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.studied import studied
from mnemonics_lib.edition.studies.study import study_file

ARMS = ("trained-from-random", "trained", "herding")
"""Of the study, behind the method's name."""


AGAINST = {
    "herding's, untrained": "before",
    "those trained from herding's": "after",
}
"""What exemplars trained from random images are compared with, and when the panel of the latter judges it."""


@dataclass(frozen=True)
class Judged:
    """Exemplars of phase 0 by the meta loss of one panel, and what became of their runs.

    Attributes:
        method: its name.
        against: what exemplars trained from random images are compared with, of ``AGAINST``.
        losses: how the panel judges -> the loss of exemplars trained from random images minus that of the others (nat).
        after_first: accuracy after phase 1, likewise (points).
        average: average accuracy, likewise (points).
    """

    method: str
    against: str
    losses: dict[str, Interval]
    after_first: Interval
    average: Interval

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "method": self.method,
            "minus": self.against,
            **{f"meta loss, {how} (nat)": marked(found, 3) for how, found in self.losses.items()},
            "accuracy after phase 1 (points)": marked(self.after_first),
            "average accuracy (points)": marked(self.average),
        }

    @property
    def contradicts(self) -> bool:
        """Whether Eq. 7a is shown to prefer the exemplars whose runs are shown to be less accurate."""
        return self.by_minimised.verdict == self.average.verdict == "lower"

    @property
    def by_minimised(self) -> Interval:
        """The difference of the loss that is minimised."""
        return self.losses["statistics of each batch"]


def judged(
    method: str,
    from_random: Mapping[int, Record],
    from_herding: Mapping[int, Record],
    herding: Mapping[int, Record],
) -> list[Judged]:
    """Compare the three over the seeds whose runs share their first network: one panel judges all their exemplars.

    The panel of a training from herding's judges them first as they are.

    Args:
        method: its name.
        from_random: seed -> record of the run with exemplars that were trained from random images.
        from_herding: likewise, from herding's.
        herding: likewise, with herding's.

    Returns:
        Of each of ``AGAINST``.

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
    return [
        Judged(
            method,
            against,
            {
                how: interval(
                    [
                        _of_panel(from_random[seed], f"after{suffix}")
                        - _of_panel(from_herding[seed], f"{when}{suffix}")
                        for seed in seeds
                    ]
                )
                for how, suffix in JUDGES.items()
            },
            interval([from_random[seed].accuracy[1] - others[seed].accuracy[1] for seed in seeds]),
            interval([from_random[seed].average_accuracy - others[seed].average_accuracy for seed in seeds]),
        )
        for (against, when), others in zip(AGAINST.items(), (herding, from_herding), strict=True)
    ]


def of_records() -> list[Judged]:
    """LwF's and LUCIR's, from the records of the study; none before all of its runs are there.

    Raises:
        RecordError, ArmError, ConfigError: as :func:`mnemonics_lib.edition.studies.studied.studied`.
    """
    study = studied("evidence/from_random")
    if study.missing:
        return []
    return [
        each
        for method in ("lwf", "lucir")
        for each in judged(NAMES[method], *(study.records[f"{method}-{arm}"] for arm in ARMS))
    ]


def in_words(found: Sequence[Judged]) -> str:
    """What follows of the objective; "" where nothing is shown that speaks against it.

    Args:
        found: of :func:`of_records`.
    """
    untrained, trained = AGAINST
    against = [each for each in found if each.against == untrained and each.contradicts]
    if not against:
        return ""
    methods = [each.method for each in against]
    both_trained = [each for each in found if each.against == trained and each.method in methods]
    losses, running = (together([f"{each.losses[how]:.3f} ({each.method})" for each in against]) for how in JUDGES)
    first = together([f"{each.after_first.without_n} points ({each.method})" for each in against])
    return (
        "**Eq. 7 prefers exemplars that were trained from random images to herding's untrained ones**: in phase 0 "
        f"their meta loss, by the statistics of each batch, as it is minimised, differs by {losses}, and by running "
        f"ones by {running}. The accuracy after phase 1, where exemplars of phase 0 are first used, differs by "
        f"{first}, and the average accuracy by {_averages(against)}: a lower meta loss is "
        f"{_not_enough(against)} In the average accuracy runs differ in the exemplars of all phases, and the loss is "
        "of phase 0. Against exemplars that were trained from herding's, the loss differs by "
        f"{together([f'{each.by_minimised:.3f} ({each.method})' for each in both_trained])}, and the average accuracy "
        f"by {_averages(both_trained)}: of two trained sets Eq. 7 "
        + (
            "prefers the less accurate as well."
            if all(each.contradicts for each in both_trained)
            else "is not shown to prefer the less accurate one."
            if not any(each.contradicts for each in both_trained)
            else "prefers the less accurate one for "
            f"{together([each.method for each in both_trained if each.contradicts])}."
        )
    )


def shortly(found: Sequence[Judged]) -> str:
    """The same for a reader who finds it in full elsewhere; "" where nothing is shown that speaks against it.

    Args:
        found: of :func:`of_records`.
    """
    untrained, _ = AGAINST
    against = [each for each in found if each.against == untrained and each.contradicts]
    if not against:
        return ""
    minimised, running = (
        " · ".join(each.method for each in against if each.losses[how].verdict == "lower") or "none" for how in JUDGES
    )
    first = together([f"{each.after_first.without_n} points ({each.method})" for each in against])
    at_once = [each.method for each in against if each.after_first.verdict == "lower"]
    return (
        f"{_heading(at_once)}: exemplars that were trained from random images have a lower one in phase 0 than "
        f"herding's untrained ones, as it is minimised ({minimised}; with running statistics {running}). After phase 1 "
        f"the accuracy of their runs differs by {first}, which is shown to be lower for "
        f"{' · '.join(at_once) or 'none'}. Their average accuracy is lower ({together([e.method for e in against])}), "
        "but has exemplars of later phases in it (95 % each, exploratory; {doc}`where`)."
    )


def _heading(methods: Sequence[str]) -> str:
    """In bold what is shown where the exemplars of phase 0 are first used."""
    if not methods:
        return "A hint that a lower loss does not suffice"
    return f"**A lower loss does not suffice** for {together(methods)}"


def _not_enough(against: Sequence[Judged]) -> str:
    """For which methods a lower loss is shown to go with less accuracy where the exemplars are first used."""
    at_once = [each.method for each in against if each.after_first.verdict == "lower"]
    if not at_once:
        return "not shown to go with a lower accuracy there."
    return f"shown not to be enough for a higher accuracy there for {together(at_once)}."


def _averages(found: Sequence[Judged]) -> str:
    return together([f"{each.average.without_n} points ({each.method})" for each in found])


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
    return float(getattr(panel_of_phase_0(record), field))
