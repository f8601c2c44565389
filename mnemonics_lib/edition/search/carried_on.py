"""What became of ideas of the search in the studies, which ask on other classes, of seeds that it had not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.search.ideas import not_tried
from mnemonics_lib.edition.search.table import ahead_of_the_choice, named_ahead
from mnemonics_lib.edition.studies.shown_in import shown_in
from mnemonics_lib.edition.studies.studied import Studied, studied
from mnemonics_lib.paths import RECORDS


@dataclass(frozen=True)
class Asked:
    """What a study asks of an idea.

    Attributes:
        study: its name.
        of: methods and exemplars a class.
        arm: a regular expression of the arms that have the idea, after the method's name.
        minus: likewise of what they are compared with.
        against: the same in words.
        in_advance: whether what was to count had been written down before any of its runs was made.
    """

    study: str
    of: str
    arm: str
    minus: str
    against: str
    in_advance: bool = True

    def said(self) -> str:
        """What came of it, or how much of it is there."""
        found = studied(self.study)
        shown = shown_in(found, self.arm, self.minus) or f"not finished, {_there(found)}"
        how = "asked in advance" if self.in_advance else "exploratory"
        return f"{self.of}, against {self.against}, {how} (`{self.study}`): {shown}"


HERDINGS = "herding's exemplars"

AUGMENTED = (
    Asked("evidence/augmented_judge", "LUCIR and LwF, 5 a class", "augmented$", "herding$", HERDINGS),
    Asked("evidence/augmented_others", "iCaRL and BiC, 5 a class", "augmented$", "herding$", HERDINGS),
    Asked("evidence/augmented_20", "LUCIR and LwF, 20 a class", "augmented$", "herding$", HERDINGS),
)

ADJUSTED = (
    Asked("evidence/split", "LUCIR and LwF, 20 a class", "adjusted$", "trained$", "no adjustment", in_advance=False),
)

CARRIED_ON = {
    "Eq. 7, judged on augmented batches": AUGMENTED,
    "Eq. 7, and old exemplars adjusted": ADJUSTED,
}
"""What was tried, by its name in the table -> what asks for it."""

ASKED_ELSEWHERE = {
    ("a judge on augmented batches", 20): AUGMENTED[2:],
    ("old exemplars adjusted", 20): ADJUSTED,
}
"""An idea that the search did not try with a budget -> what asks for it with that budget."""


def came_of(budget: int, records: Path = RECORDS) -> str:
    """What was ahead of the choice, and then what came of each of it in the studies, in a list.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
    """
    lines = [ahead_of_the_choice(budget, records)]
    for tried in named_ahead(budget, records):
        asked = CARRIED_ON.get(tried, ())
        found = "; ".join(each.said() for each in asked) if asked else "no study of the book asks for it"
        lines.append(f"- *{tried}*, on other classes: {found}.")
    return "\n\n".join([lines[0], *(["\n".join(lines[1:])] if lines[1:] else [])])


def left(budget: int, records: Path = RECORDS) -> list[str]:
    """The ideas that no run of the search has with this budget, each with what asks for it.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
    """
    return [idea + _elsewhere(ASKED_ELSEWHERE.get((idea, budget), ())) for idea in not_tried(budget, records)]


def _elsewhere(asked: Sequence[Asked]) -> str:
    """Which studies ask for it, and how much of them is there; "" for none."""
    named = [f"`{each.study}`, {_there(studied(each.study))}" for each in asked]
    return f" (asked on other classes: {together(named)})" if named else ""


def _there(found: Studied) -> str:
    return f"{len(found.plan.runs) - len(found.plan.missing)} of {len(found.plan.runs)} runs"
