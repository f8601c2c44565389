"""The phase protocol of section 5.1: half of the classes first, the rest evenly over N phases; and its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnemonics_lib.data.orders import require_order
from mnemonics_lib.data.wording import is_whole

if TYPE_CHECKING:  # the configuration checks N with this module, without waiting for torch
    from torch import Tensor

    from mnemonics_lib.data.split import Split
    from mnemonics_lib.data.stored import Raw


def class_order(classes: int, seed: int = 1993) -> list[int]:
    """The shuffled class order every paper of this protocol uses (iCaRL, LUCIR, mnemonics).

    Seed 1993 starts CIFAR-100 with 68, 56, 78, 8, 23. The legacy generator is the protocol, hence ``RandomState``.

    Raises:
        ValueError: for a number of classes that is not at least 1, and a seed that the generator does not have.
    """
    if not is_whole(classes, 1):
        raise ValueError(f"classes = {classes!r}: must be an integer >= 1")
    if not is_whole(seed, 0, 2**32 - 1):
        raise ValueError(f"seed = {seed!r}: must be an integer from 0 to {2**32 - 1}")
    order = np.arange(classes)
    np.random.RandomState(seed).shuffle(order)
    return [int(c) for c in order]


@dataclass(frozen=True)
class PhaseProtocol:
    """Which classes arrive when. Labels used everywhere else are positions in ``order``.

    Attributes:
        order: data-set class ids in order of arrival, length C. They need not be all classes of the data set.
        phases: N, the number of incremental phases.
        first_classes: number of classes of phase 0, 1 to C - 1; None: half of them, rounded down (section 5.1).
        uneven: whether the incremental phases may differ by one class, the first ones having it.
    """

    order: list[int]
    phases: int
    first_classes: int | None = None
    uneven: bool = False

    def __post_init__(self) -> None:
        """Check that every phase has a class.

        Raises:
            ValueError: for an order that is none or repeats a class, for a first phase that leaves no class or has
                none, and for an N that does not fit the rest.
        """
        require_order(self.order)
        classes, first = len(self.order), self._first
        if classes < 2:
            raise ValueError(f"order = {self.order}: must name at least 2 classes, one of them for phase 0")
        if not is_whole(first, 1, classes - 1):
            raise ValueError(
                f"first_classes = {first!r}: must be at least 1 and less than the {classes} classes in all"
            )
        self._check_phases_fit(classes - first, first)

    def _check_phases_fit(self, later: int, first: int) -> None:
        """Refuse an N that does not divide the later classes, or exceeds them where phases may be uneven."""
        if self.uneven:
            if not is_whole(self.phases, 1, later):
                raise ValueError(
                    f"phases = {self.phases!r}: must be 1 to {later}, the classes that follow the first {first}"
                )
            return
        allowed = [n for n in range(1, later + 1) if later % n == 0]
        if not is_whole(self.phases, 1) or self.phases not in allowed:
            raise ValueError(
                f"phases = {self.phases!r}: must divide the {later} classes that follow the first {first} "
                f"({', '.join(map(str, allowed))}), or uneven must be true"
            )

    @property
    def _first(self) -> int:
        """Number of classes of phase 0."""
        return len(self.order) // 2 if self.first_classes is None else self.first_classes

    def bounds(self, phase: int) -> tuple[int, int]:
        """Positions [first, last) of the classes that arrive in a phase.

        Raises:
            ValueError: for a phase that is not 0 to N, here and in what follows.
        """
        if not is_whole(phase, 0, self.phases):
            raise ValueError(f"phase = {phase!r}: must be 0 to {self.phases}")
        if phase == 0:
            return 0, self._first
        step, rest = divmod(len(self.order) - self._first, self.phases)  # one of the rest to each early phase
        first = self._first + (phase - 1) * step + min(phase - 1, rest)
        return first, first + step + (phase <= rest)

    def seen(self, phase: int) -> int:
        """Number of classes seen at the end of a phase: K + M in Eq. 2."""
        return self.bounds(phase)[1]

    def new_data(self, split: Split, phase: int) -> tuple[Raw, Tensor]:
        """D_i: the images of a phase's own classes [n, c, h, w] (uint8) and their positions [n]."""
        return split.of_classes(self.order, *self.bounds(phase))

    def seen_data(self, split: Split, phase: int) -> tuple[Raw, Tensor]:
        """D_{0:i}: the images of all classes seen so far and their positions."""
        return split.of_classes(self.order, 0, self.seen(phase))
