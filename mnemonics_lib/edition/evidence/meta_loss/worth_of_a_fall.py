"""What a fall of the meta loss is worth: herding's choice of images lowers it, and training lowers it.

From runs with random images, three ways lead to a lower loss: herding's images in their place, training them, and
training herding's. The loss is that of phase 0, where all these runs have one network and one panel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.meta_loss.panel_falls import IN_A_HEADING, JUDGES, fall_of_phase_0, panel_of_phase_0
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.first_networks import apart
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.tally import marked
from mnemonics_lib.edition.studies.by_phase import AVERAGE, ENDS, FIRST
from mnemonics_lib.edition.studies.paired_runs import Number
from mnemonics_lib.edition.studies.studied import studied

RANDOM, HERDING, TRAINED, FROM_RANDOM = "random", "herding", "trained", "trained-from-random"
"""Arms of the study, between the method's name and the number of exemplars."""

CHOICE, TRAINING, TRAINING_RANDOM = (
    "herding's in place of random images",
    "training herding's",
    "training random images",
)
WAYS = {CHOICE: (HERDING, RANDOM), TRAINING: (TRAINED, HERDING), TRAINING_RANDOM: (FROM_RANDOM, RANDOM)}
"""What lowers the loss -> the arm that has it, and the arm that has not."""

GAINS: dict[str, Number] = {words: ENDS[words] for words in (FIRST, AVERAGE)}
"""Of a run, by a reader's words (%)."""

MINIMISED = next(iter(JUDGES))
"""The judge of the loss that is minimised."""


@dataclass(frozen=True)
class Way:
    """One way to a lower loss, with one method and one number of exemplars.

    Attributes:
        setting: such as ``LwF, 5 a class``.
        what: of ``WAYS``.
        falls: of ``JUDGES``, seed -> how far it lowers the meta loss of phase 0 (nat).
        gains: of ``GAINS``, seed -> what the accuracy gains by it (points).
    """

    setting: str
    what: str
    falls: dict[str, dict[int, float]]
    gains: dict[str, dict[int, float]]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {
            "setting": self.setting,
            "what lowers the loss": self.what,
            "seeds": f"{len(self.gains[AVERAGE])}",
            **{f"it falls, {IN_A_HEADING[judge]}": marked(_mean(of), 3) for judge, of in self.falls.items()},
            **{f"gain, {words} (points)": marked(_mean(of)) for words, of in self.gains.items()},
        }


def ways(setting: str, arms: Mapping[str, Mapping[int, Record]]) -> list[Way]:
    """What each of ``WAYS`` lowers and gains, over the seeds whose runs all share their first network.

    Args:
        setting: how it is called.
        arms: ``RANDOM`` and the others -> seed -> record.

    Raises:
        ValueError: where there is no such seed, or a record has no panel.
    """
    seeds = [
        seed
        for seed, record in arms[FROM_RANDOM].items()
        if all(seed in of and not apart(record, of[seed]) for of in arms.values())
    ]
    if not seeds:
        raise ValueError(f"{setting}: no seed whose runs share their first network")

    def falls(what: str, judge: str) -> dict[int, float]:
        if what == CHOICE:  # panels of trainings judge their starts first, which are random images and herding's
            before = f"before{JUDGES[judge]}"
            random, herding = (
                {seed: float(getattr(panel_of_phase_0(arms[arm][seed]), before)) for seed in seeds}
                for arm in (FROM_RANDOM, TRAINED)
            )
            return {seed: random[seed] - herding[seed] for seed in seeds}
        return {seed: fall_of_phase_0(arms[WAYS[what][0]][seed], judge) for seed in seeds}

    return [
        Way(
            setting,
            what,
            {judge: falls(what, judge) for judge in JUDGES},
            {
                words: {seed: number(arms[arm][seed]) - number(arms[without][seed]) for seed in seeds}
                for words, number in GAINS.items()
            },
        )
        for what, (arm, without) in WAYS.items()
    ]


def of_records() -> list[Way]:
    """Those of the study of controls, of each method and number of exemplars of which all these runs are there.

    Raises:
        RecordError, ArmError, ConfigError: as :func:`mnemonics_lib.edition.studies.studied.studied`.
    """
    study = studied("evidence/controls")
    found = []
    for method in ("lwf", "lucir"):
        for budget in (20, 5):
            arms = {arm: f"{method}-{arm}-{budget}" for arm in (RANDOM, HERDING, TRAINED, FROM_RANDOM)}
            if study.plan.finished(*arms.values()):
                of = {arm: study.records[name] for arm, name in arms.items()}
                found += ways(f"{NAMES[method]}, {budget} a class", of)
    return found


@dataclass(frozen=True)
class Beside:
    """Herding's choice beside the training of what it chose, in one setting.

    Attributes:
        choice: herding's images in place of random ones.
        training: that of herding's images.
    """

    choice: Way
    training: Way

    @property
    def more(self) -> dict[str, Interval]:
        """What the choice gains minus what the training does, of ``GAINS`` (points)."""
        return {words: paired(self.choice.gains[words], self.training.gains[words]) for words in GAINS}

    @property
    def farther(self) -> Interval:
        """How much farther the choice lowers the loss that is minimised (nat)."""
        return paired(self.choice.falls[MINIMISED], self.training.falls[MINIMISED])

    @property
    def another_worth(self) -> bool:
        """Whether the choice is shown to gain more, and not to lower the loss farther."""
        return self.more[AVERAGE].verdict == "higher" and self.farther.verdict in ("lower", "no difference shown")


def beside(found: Sequence[Way]) -> list[Beside]:
    """Those of all settings.

    Args:
        found: of :func:`of_records`.
    """
    of = {(each.setting, each.what): each for each in found}
    return [Beside(each, of[each.setting, TRAINING]) for each in found if each.what == CHOICE]


def shortly(found: Sequence[Way], unfinished: bool = False) -> str:
    """A hint that falls which are not shown to differ are worth different accuracies; "" where there is none.

    The fall is of phase 0, so that what follows in phase 1 comes first: an average accuracy has the exemplars of all
    phases in it.

    Args:
        found: of :func:`of_records`.
        unfinished: whether runs of their study are missing, if not of these arms.
    """
    of = [each for each in beside(found) if each.another_worth]
    if not of:
        return ""
    first, average = (
        together([f"{each.more[words].without_n} points ({each.choice.setting})" for each in of]) for words in GAINS
    )
    early = [each.choice.setting for each in of if each.more[FIRST].verdict == "higher"]
    falls = together([each.farther.bare(3) for each in of])
    equal = all(each.farther.verdict == "no difference shown" for each in of)
    return (
        "A hint that one fall is not worth what another is: after phase 1, where exemplars of phase 0 are first used, "
        f"herding's images in place of random ones gain {first} more than training herding's does, which is shown for "
        f"{' · '.join(early) or 'none'}. In average accuracy, which has the exemplars of all phases in it, it is "
        f"{average}. The falls in phase 0 differ by {falls} nat"
        f"{', not shown, and not shown to be equal' if equal else ''} (95 % each, exploratory; n = "
        f"{min(each.farther.n for each in of)}{', ' + _of_some_arms(of) if unfinished else ''})."
    )


def _of_some_arms(found: Sequence[Beside]) -> str:
    """Of whose arms a reading is, where their study is not finished."""
    methods = dict.fromkeys(each.choice.setting.partition(",")[0] for each in found)
    whose = together([f"{method}'s" for method in methods])
    return f"from {whose} arms, which are all there, of a study that is not finished"


def in_words(found: Sequence[Way], unfinished: bool = False) -> str:
    """What herding's choice and the training of what it chose lower and gain, and how they differ; "" of none.

    Args:
        found: of :func:`of_records`.
        unfinished: as in :func:`shortly`.
    """
    of = beside(found)
    said = [
        f"with {each.choice.setting}, herding's choice lowers the loss that is minimised by {_said(each.choice)}, and "
        f"training by {_said(each.training)}; the gains differ by {each.more[FIRST].without_n} points (in average "
        f"accuracy by {each.more[AVERAGE].without_n}), the falls by {each.farther:.3f}"
        for each in of
    ]
    if not said:
        return ""
    source = f" All of it is {_of_some_arms(of)}." if unfinished else ""
    return f"After phase 1: {'; '.join(said)}.{source}"


def _said(way: Way) -> str:
    fall, gain = _mean(way.falls[MINIMISED]), _mean(way.gains[FIRST])
    return f"{fall.mean:.3f} nat for {gain.mean:+.2f} points"


def _mean(of: Mapping[int, float]) -> Interval:
    return interval([*of.values()])
