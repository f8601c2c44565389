"""What is noted of each step on the exemplars."""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.divergence import require_finite

COLUMNS = ("meta_loss", "base_loss_first", "base_loss_last", "gradient", "displacement", "farthest", "outside")
"""Of each outer step of Eq. 9 or 10: the validation loss of the temporary model before the step; the loss on the
exemplars before the first and before the last inner step, both that of the solution where a formula solves the inner
problem; the root-mean-square of the gradient over pixels; the root-mean-square and the largest distance of the pixels
from where they started, in standard deviations; and the share of pixel values outside the range of real images, before
any projection."""


class OuterLog:
    """One row of :data:`COLUMNS` per outer step, kept on the device.

    Args:
        steps: outer steps in all.
        like: a tensor of the dtype and the device of the exemplars.
    """

    def __init__(self, steps: int, like: Tensor) -> None:
        self.rows = like.new_empty(steps, len(COLUMNS))

    def write(self, step: int, *values: Tensor) -> None:
        """Note one step's numbers, in the order of :data:`COLUMNS`.

        Raises:
            NonFiniteError: naming the first that is NaN or infinite; to find that out is the one wait of a step.
        """
        row = torch.stack([value.to(self.rows) for value in values])
        self.rows[step] = row
        require_finite(dict(zip(COLUMNS, row.tolist(), strict=True)))

    def columns(self, steps: int) -> dict[str, list[float]]:
        """The first ``steps`` rows, column by column."""
        return dict(zip(COLUMNS, self.rows[:steps].T.tolist(), strict=True))


def rms(values: Tensor) -> Tensor:
    """Root of the mean square."""
    return values.square().mean().sqrt()
