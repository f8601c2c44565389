"""What training did to the exemplars of phase 0, ``E_0``: the meta loss, their own loss, and how far they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.evidence.pairs.trainings import HARDER


@dataclass(frozen=True)
class FirstTraining:
    """What a run measured of the training of its first exemplars.

    Attributes:
        meta: the meta loss of Eq. 7a on a fixed panel of temporary models and images, before and after.
        own: the loss of the exemplars themselves at the network of phase 0, before and after.
        displacement: how far they went (standard deviations that images are normalised by).
        noise: how far the same optimiser goes in as many steps when its gradient is noise (likewise).
    """

    meta: tuple[float, float]
    own: tuple[float, float]
    displacement: float
    noise: float

    @property
    def fell(self) -> bool:
        """Whether training lowered what it is to lower."""
        return self.meta[1] < self.meta[0]

    @property
    def harder(self) -> bool:
        """Whether the exemplars' own loss rose, and by more than ``HARDER``."""
        return self.own[1] - self.own[0] > HARDER

    @property
    def easier(self) -> bool:
        """Whether it fell, and by more than ``HARDER``."""
        return self.own[0] - self.own[1] > HARDER


def first_training(record: Record) -> FirstTraining:
    """What a run's record says of the training of its first exemplars.

    Raises:
        ValueError: for a run that trained no exemplars, or whose record does not say what became of them.
    """
    row = record.results[0]
    said = row.exemplars
    own = (said.own_loss_before, said.own_loss_after) if said else (None, None)
    if said is None or said.panel is None or said.noise_displacement is None or own[0] is None or own[1] is None:
        raise ValueError(f"seed {record.seed}: the record does not say what became of trained exemplars of phase 0")
    return FirstTraining(
        (said.panel.before, said.panel.after), (own[0], own[1]), row.displacement_new, said.noise_displacement
    )


def row_of(found: Sequence[FirstTraining]) -> dict[str, str]:
    """A row of a table: each number, of several runs its mean."""
    return {
        "meta loss, before": f"{fmean(each.meta[0] for each in found):.3f}",
        "meta loss, after": f"{fmean(each.meta[1] for each in found):.3f}",
        "own loss, before": f"{fmean(each.own[0] for each in found):.3f}",
        "own loss, after": f"{fmean(each.own[1] for each in found):.3f}",
        "displacement (std)": f"{fmean(each.displacement for each in found):.3f}",
        "noise (std)": f"{fmean(each.noise for each in found):.3f}",
    }


def counted(found: Sequence[FirstTraining]) -> str:
    """In how many runs the meta loss fell and the exemplars became easier or harder, with the mean changes."""
    meta = fmean(each.meta[1] - each.meta[0] for each in found)
    own = fmean(each.own[1] - each.own[0] for each in found)
    if len(found) == 1:
        return f"in the one run the meta loss changed by {meta:+.3f}, and the exemplars' own loss by {own:+.3f}"
    return (
        f"the meta loss fell in {sum(each.fell for each in found)} of {len(found)} runs (mean change {meta:+.3f}); "
        f"the exemplars became easier in {sum(each.easier for each in found)} and harder in "
        f"{sum(each.harder for each in found)} (mean change of their own loss {own:+.3f})"
    )
