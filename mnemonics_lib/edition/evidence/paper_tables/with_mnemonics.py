"""The question of the paper's Table 1, asked of a study at small size: a method with mnemonics, minus without.

The paper's "with mnemonics" is four changes. The study has three of them, weight transfer, balanced fine-tuning and
trained exemplars; old exemplars are not adjusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition import report
from mnemonics_lib.edition.names import NAMES, together
from mnemonics_lib.edition.paired.intervals import Interval, interval, paired
from mnemonics_lib.edition.paired.tally import marked, tally
from mnemonics_lib.edition.paper.numbers import claimed
from mnemonics_lib.edition.paper.signs import FIELDS, OPPOSITE, verdict
from mnemonics_lib.edition.records.measures import measure
from mnemonics_lib.edition.shown import arrow

Exemplars = Literal["trained", "herding"]
"""Those of the arm that has weight transfer and fine-tuning."""

WORDS = {"average_accuracy": "average accuracy", "forgetting": "forgetting"}
"""A number of a record -> what it is called on a page."""
TOGETHER = 1 - 0.05 / (len(NAMES) * len(WORDS))
"""The level of each interval, with which all of them hold together at 95 % (Bonferroni)."""


def difference(records: report.Evidence, method: str, field: str, exemplars: Exemplars = "trained") -> Interval:
    """With mnemonics minus without: arms ``METHOD-trained`` and ``METHOD``, in points. Its level is ``TOGETHER``.

    Args:
        records: of the study.
        method: one of ``NAMES``.
        field: one of ``WORDS``.
        exemplars: herding's leave their training out.

    Raises:
        PairError, ValueError: as :func:`mnemonics_lib.edition.report.differences`.
    """
    return interval(list(report.differences(records, f"{method}-{exemplars}", method, field).values()), TOGETHER)


def in_paper(method: str, field: str) -> float:
    """The same of the paper's Table 1, CIFAR-100 with N = 5, in points."""
    column = FIELDS[field]
    return float(claimed(method, True)[column] - claimed(method)[column])


def rows(records: report.Evidence, exemplars: Exemplars = "trained") -> list[dict[str, str]]:
    """A row for each method and number: ours with its interval, the paper's, and whether their signs are the same.

    Args:
        records: as in :func:`difference`.
        exemplars: likewise; the paper has no numbers of weight transfer and fine-tuning alone.

    Raises:
        PairError, ValueError: likewise.
    """
    return [
        {
            "method": name,
            "number": words,
            "here (points)": str(ours := difference(records, method, field, exemplars)),
            "in the paper": f"{in_paper(method, field):+.2f}",
            "sign": verdict(in_paper(method, field), ours),
        }
        for field, words in WORDS.items()
        for method, name in NAMES.items()
    ]


@dataclass(frozen=True)
class FirstStep:
    """Phase 1, with herding's exemplars: what weight transfer does before any network was fine-tuned, and fine-tuning.

    Attributes:
        method: its name.
        transfer: accuracy with weight transfer, before fine-tuning, minus that of the method without either (points).
        fine_tuning: what fine-tuning then adds (points).
        knows: training images that the network classifies correctly, without weight transfer and with it, mean (%).
    """

    method: str
    transfer: Interval
    fine_tuning: Interval
    knows: tuple[float, float]

    @property
    def row(self) -> dict[str, str]:
        """Cells of a table."""
        without, with_transfer = self.knows
        return {
            "method": self.method,
            "weight transfer": marked(self.transfer),
            "fine-tuning after it": marked(self.fine_tuning),
            "training images known (%)": arrow(without, with_transfer, 0),
        }


def first_steps(records: report.Evidence) -> list[FirstStep]:
    """Of each method, over the seeds that both of its arms have, at 95 % each.

    Args:
        records: as in :func:`difference`.

    Raises:
        MeasureError: where a record does not say.
    """
    found = []
    for method, name in NAMES.items():
        plain, changed = records[method], records[f"{method}-herding"]
        plain, changed = ({seed: arm[seed] for seed in sorted(plain.keys() & changed)} for arm in (plain, changed))
        before = _of_phase_1(changed, "accuracy_before_finetuning")
        transfer = paired(before, _of_phase_1(plain, "accuracy"))
        fine_tuning = paired(_of_phase_1(changed, "accuracy"), before)
        without, with_transfer = (fmean(_of_phase_1(arm, "train_accuracy").values()) for arm in (plain, changed))
        found.append(FirstStep(name, transfer, fine_tuning, (without, with_transfer)))
    return found


def first_steps_in_words(found: Sequence[FirstStep]) -> str:
    """Of which methods weight transfer alone is shown to lower the accuracy of phase 1, and what fine-tuning adds."""
    lowered = together([each.method for each in found if each.transfer.verdict == "lower"]) or "none of them"
    sides = tally({each.method: each.fine_tuning for each in found}, "lower", "higher")
    fewer = [each.method for each in found if each.knows[1] < each.knows[0]]
    return (
        f"Weight transfer alone is shown to lower the accuracy of phase 1 for {lowered}; beside what it was before "
        f"fine-tuning, the accuracy after it is shown to be {sides}. With weight transfer networks know fewer of their "
        f"training images, before they are fine-tuned, for {together(fewer) or 'none'}."
    )


def _of_phase_1(arm: Mapping[int, Record], field: str) -> dict[int, float]:
    return {seed: measure(record, f"{field}[1]") for seed, record in arm.items()}


def in_words(records: report.Evidence, exemplars: Exemplars = "trained") -> str:
    """What the intervals show of both numbers, method by method, as two clauses; arguments and errors likewise."""
    return "; ".join(
        _clause(words, {method: difference(records, method, field, exemplars).verdict for method in NAMES})
        for field, words in WORDS.items()
    )


def without_training(records: report.Evidence) -> str:
    """A sentence on weight transfer and fine-tuning alone, with herding's exemplars; errors likewise."""
    alone = in_words(records, "herding")
    more = f"{len(NAMES) * len(WORDS)} intervals more"
    said = f"With weight transfer and fine-tuning alone, and herding's exemplars ({more})"
    if alone == in_words(records):
        return f"{said}, the same is shown."
    return f"{said}: {alone}."


def signs_in_words(records: report.Evidence) -> str:
    """Of which methods a number changes the other way in the paper, a sentence; errors likewise."""
    opposite = {
        words: [
            name
            for method, name in NAMES.items()
            if verdict(in_paper(method, field), difference(records, method, field)) == OPPOSITE
        ]
        for field, words in WORDS.items()
    }
    parts = [f"in {words} for {together(names)}" for words, names in opposite.items() if names]
    return f"The paper has the opposite sign {together(parts)}." if parts else "No sign is opposite to the paper's."


def _clause(words: str, verdicts: Mapping[str, str]) -> str:
    """Who is on which side of zero, and of whom that is not shown."""
    sides = {
        side: together([NAMES[method] for method, of in verdicts.items() if of == side]) for side in ("higher", "lower")
    }
    shown = " and ".join(f"{side} for {methods}" for side, methods in sides.items() if methods)
    others = together([NAMES[method] for method, of in verdicts.items() if of not in sides])
    said = [f"is shown to be {shown}"] if shown else []
    return f"{words} {', and '.join([*said, *([f'is not shown to differ for {others}'] if others else [])])}"
