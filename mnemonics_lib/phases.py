"""The phase protocol of section 5.1: half of the classes first, the rest evenly over N phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the configuration checks N with this module, without waiting for torch
    from torch import Tensor

    from mnemonics_lib.data.split import Split


def class_order(classes: int, seed: int = 1993) -> list[int]:
    """The shuffled class order every paper of this protocol uses (iCaRL, LUCIR, mnemonics).

    Seed 1993 starts CIFAR-100 with 68, 56, 78, 8, 23. The legacy generator is the protocol, hence ``RandomState``.
    """
    order = np.arange(classes)
    np.random.RandomState(seed).shuffle(order)
    return [int(c) for c in order]


@dataclass(frozen=True)
class PhaseProtocol:
    """Which classes arrive when. Labels used everywhere else are positions in ``order``.

    Attributes:
        order: data-set class ids in order of arrival, length C.
        phases: N, the number of incremental phases.
    """

    order: list[int]
    phases: int

    def __post_init__(self) -> None:
        """Check that N divides the incremental half."""
        self.check(len(self.order), self.phases)

    @staticmethod
    def check(classes: int, phases: int) -> None:
        """Raise ValueError unless the classes after the first half split evenly over N phases."""
        later = classes - classes // 2
        allowed = [n for n in range(1, later + 1) if later % n == 0]
        if phases not in allowed:
            raise ValueError(
                f"phases = {phases}: must divide the {later} classes that follow the first {classes // 2} "
                f"({', '.join(map(str, allowed))})"
            )

    def bounds(self, phase: int) -> tuple[int, int]:
        """Positions [first, last) of the classes that arrive in a phase (0 to N)."""
        if not 0 <= phase <= self.phases:
            raise ValueError(f"phase = {phase}: must be 0 to {self.phases}")
        classes = len(self.order)
        first = classes // 2
        if phase == 0:
            return 0, first
        step = (classes - first) // self.phases
        return first + (phase - 1) * step, first + phase * step

    def seen(self, phase: int) -> int:
        """Number of classes seen at the end of a phase: K + M in Eq. 2."""
        return self.bounds(phase)[1]

    def new_data(self, split: Split, phase: int) -> tuple[Tensor, Tensor]:
        """D_i: the images of a phase's own classes [n, c, h, w] (uint8) and their positions [n]."""
        return split.of_classes(self.order, *self.bounds(phase))

    def seen_data(self, split: Split, phase: int) -> tuple[Tensor, Tensor]:
        """D_0:i: the images of all classes seen so far and their positions."""
        return split.of_classes(self.order, 0, self.seen(phase))
