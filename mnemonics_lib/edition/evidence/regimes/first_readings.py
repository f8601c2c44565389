"""What the first runs of this edition seemed to say of trained exemplars, and what came of each reading since.

Those runs, of one to three seeds each on the first 20 classes, came before the search and the studies; their records
were not kept. A reading is a sentence, what asks for it now is a study or the search, and the outcome is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mnemonics_lib.edition.evidence.pairs import made_again
from mnemonics_lib.edition.evidence.pairs.trainings import HARDER, trainings
from mnemonics_lib.edition.evidence.regimes.both_questions import put_together
from mnemonics_lib.edition.evidence.regimes.by_budget import along, in_proportion, in_proportion_in_words
from mnemonics_lib.edition.evidence.regimes.class_groups import apart, towards_new
from mnemonics_lib.edition.evidence.regimes.over_epochs import by_epochs, epochs_of, in_words
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.slopes import trend
from mnemonics_lib.edition.search.runs import NEAR, minus_control, runs
from mnemonics_lib.edition.studies.outcome import SAID, UNFINISHED
from mnemonics_lib.edition.studies.studied import Studied


@dataclass(frozen=True)
class Reading:
    """One of them.

    Attributes:
        read: what the first runs seemed to say.
        asked: what asks for it.
        outcome: what came of it.
    """

    read: str
    asked: str
    outcome: str

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        return {"read into the first runs": self.read, "asked since": self.asked, "outcome": self.outcome}


def readings(studies: Mapping[str, Studied], records: Path) -> Iterator[Reading]:
    """All of them, in the order in which they were written down.

    Args:
        studies: by the names of their files under ``evidence``.
        records: the directory of all committed records, which has the search's.
    """
    yield Reading(
        "Where networks know their data, training gains: LwF, 5 a class, without weight transfer",
        "the same on other classes (*Without weight transfer*)",
        _difference(studies["transfer"], "lwf-trained", "lwf-herding"),
    )
    yield Reading(
        "The gain is gone with 20 a class, and more steps do not bring it back",
        "1 to 20 a class (*Against the number of exemplars*)",
        _over_budgets(studies["budgets"], studies["steps"]),
    )
    yield Reading(
        "It grows with what the networks know of their data: LwF, without weight transfer",
        "2 to 60 epochs, with it and without",
        f"with it, {_over_epochs(studies['epochs'])}; without, {_over_epochs(studies['epochs_no_transfer'])}",
    )
    yield Reading(
        "Where they know little, exemplars become easy",
        "the same runs: the own loss of phase 0's exemplars",
        _harder(studies["epochs"]),
    )
    yield Reading(
        "LUCIR loses by Eq. 7 with large steps, and gains by Eq. 4b with small ones",
        "Eq. 4b, 5 a class, ten new seeds ({doc}`evidence`); the two were not asked of the same seeds",
        _difference(studies["objective"], "lucir-trained", "lucir-herding")
        + ("" if studies["objective"].missing else made_again.shortly(studies["objective"])),
    )
    yield Reading(
        "BiC, whose bias is corrected on held-out images, gains most by Eq. 4b, and forgets far less",
        "the same study",
        _difference(studies["objective"], "bic-trained", "bic-herding")
        + "; forgetting "
        + _difference(studies["objective"], "bic-trained", "bic-herding", "forgetting"),
    )
    yield Reading(
        "Where few classes arrive, Eq. 7 pushes towards *always new*",
        "Eq. 7 against Eq. 4b, 5 a class, two classes a phase, other seeds ({doc}`phase_by_phase`, *New classes or "
        "old ones?*)",
        _towards_new(studies["primary"], studies["objective"]),
    )
    yield Reading(
        "Part of a gain is that pixels move at all",
        "displacements given to other exemplars (*What of a gain is each exemplar's own*)",
        "; ".join(
            f"{NAMES[method]}, 5 a class, "
            + _difference(studies["controls"], f"{method}-trained-5", f"{method}-shuffled-5")
            for method in ("lwf", "lucir")
        ),
    )
    yield Reading(
        "The objective judges a network that is never deployed",
        "running statistics against those of each batch, both from $\\Theta_0$, 5 a class, on other classes "
        "({doc}`why`, *Do start and judge decide?*); in the search from perturbed starts ({doc}`tried`)",
        _as_deployed(studies["start_and_judge"]),
    )
    yield Reading(
        "Too much of the movement is noise",
        "the hypergradient averaged over four starts, 5 a class, by held-out images ({doc}`tried`)",
        minus_near(records, AVERAGED),
    )
    yield Reading(
        "The first exemplars are trained for a network with free convolutions, and used by ones that have them frozen",
        "convolutions frozen before that, only together with other changes ({doc}`tried`)",
        "open",
    )
    yield Reading(
        "Simulated next phases with rotated images, and features matched over random networks, do worse than herding",
        "nothing",
        "not asked again",
    )


DEPLOYED = "Eq. 7, judged as deployed: running statistics that fit the perturbed network"
AVERAGED = "Eq. 7, the hypergradient averaged over four starts"
"""Names of the search."""


def _difference(study: Studied, arm: str, minus: str, field: str = "average_accuracy") -> str:
    """A comparison that a study asks for, with its verdict; a pair that is not finished has none."""
    if not study.plan.finished(arm, minus):
        return UNFINISHED
    (found,) = (each for a, m, each in study.compared if (a, m, each.field) == (arm, minus, field))
    return f"{found.difference} ({SAID[found.difference.verdict]})"


def _over_budgets(budgets: Studied, steps: Studied) -> str:
    """Whether the gain shrinks with the number of exemplars, and what steps in proportion to it change."""
    shrinks = _without_heading(along(budgets)) or UNFINISHED
    more = _without_heading(in_proportion_in_words(in_proportion(budgets, steps))) or UNFINISHED
    return f"{shrinks.removesuffix('.')}; outer steps in proportion to it, {more}"


def _as_deployed(study: Studied) -> str:
    """What a judge with running statistics changes, average accuracy, for each method that is finished."""
    arms = "deployed", "from-theta"
    return "; ".join(
        f"{NAMES[method]} {_difference(study, *(f'{method}-{arm}' for arm in arms))}" for method in ("lucir", "lwf")
    )


def _towards_new(by_eq_7: Studied, by_eq_4b: Studied) -> str:
    """Trained minus herding's by the one objective, minus that by the other, on new classes and on phase 0's."""
    if by_eq_7.missing or by_eq_4b.missing:
        return UNFINISHED
    of_five = [pair for pair in by_eq_7.pairs() if pair.name.endswith(" 5 a class")]
    both = put_together(of_five, by_eq_4b.pairs())
    said = towards_new([apart(method, *pairs) for method, pairs in both.items()])
    return f"trained − herding by Eq. 7, minus the same by Eq. 4b (Welch's intervals): {said}"


def _without_heading(line: str) -> str:
    """A sentence after its heading in bold."""
    return line.rpartition("**")[2].lstrip(", ")


def _over_epochs(study: Studied) -> str:
    return UNFINISHED if study.missing else in_words(trend(by_epochs(study)))


def _harder(study: Studied) -> str:
    if study.missing:
        return UNFINISHED
    of = {epochs_of(arm): records for arm, records in study.records.items() if arm.endswith("-trained")}
    said = []
    for epochs in (min(of), max(of)):
        first = [next(trainings(record)) for record in of[epochs].values()]
        rose = sum(each.harder for each in first)
        said.append(f"with {epochs} epochs it rose in {rose} of {len(first)} runs")
    return f"{', '.join(said)} (by more than {HARDER})"


def minus_near(records: Path, tried: str) -> str:
    """What a thing of the search gained over the near loop of the choice, 5 a class, for LUCIR and LwF, each seed.

    Args:
        records: the directory of all committed records.
        tried: its name in the record of the search.
    """
    said = []
    for method in ("lucir", "lwf"):
        alike = runs(records, afterwards=True, method=method, budget=5, held_out=0.2)
        if found := [run for run in alike if run["tried"] == tried]:
            over = minus_control(found, alike, NEAR)
            said.append(f"{NAMES[method]} {', '.join(f'{over[seed]:+.2f}' for seed in sorted(over))}")
    return f"{'; '.join(said)} points, seed by seed, minus the near loop"
