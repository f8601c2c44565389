"""What became of exemplars by their training: their own loss before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mnemonics_lib.durable.records import Record

HARDER = 0.01
"""By how much the own loss of exemplars must have risen (nat) for them to be called harder. That of digits, which a
network knows by heart, is mostly below a thousandth."""


@dataclass(frozen=True)
class Training:
    """What became of the new exemplars of one phase of one run.

    LwF and iCaRL train in the same way, so that their trainings are equal where one machine made both.

    Attributes:
        phase: of the run.
        knows: training images of the phase that its network classifies correctly (%).
        before: the exemplars' own loss at that network, before their training.
        after: likewise, after it.
        network: training loss of the run's first network, which tells it from others; None where no record says.
    """

    phase: int
    knows: float
    before: float
    after: float
    network: float | None = None

    @property
    def harder(self) -> bool:
        """Whether the exemplars' own loss rose, and by more than ``HARDER``."""
        return self.after - self.before > HARDER


def trainings(record: Record) -> Iterator[Training]:
    """Those of a record in which exemplars were trained, and that says what became of them."""
    network = record.results[0].train_loss
    for phase, row in enumerate(record.results):
        of = row.exemplars
        if of and of.own_loss_before is not None and of.own_loss_after is not None and row.train_accuracy is not None:
            yield Training(phase, row.train_accuracy, of.own_loss_before, of.own_loss_after, network)
