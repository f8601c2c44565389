"""A control for trained exemplars: as far from where they started, but each along what another one has learned.

What trained exemplars gain over their starts may come from what their pixels learned, or from their having moved at
all. Where each gets the displacement of another one, only the second is left.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.rng import stream


def shuffle(training: ExemplarTraining) -> None:
    """Put the exemplars of a finished training, in place, where each has the displacement of another one.

    Where the training projects pixels into the range of real images (``level.clip``), they are projected here too, and
    those at its bounds then move less far.

    Raises:
        ValueError: as :func:`shuffled` does.
    """
    E = shuffled(training.start, training.E.detach(), training.seed)
    training.E.data.copy_(training.pixels.clip(E) if training.level.clip else E)


def shuffled(start: Tensor, trained: Tensor, seed: int) -> Tensor:
    """Each start with the displacement of another exemplar, by one random cycle through all of them.

    So each displacement is used once, and their root mean square stays the same. It is a control of this library's
    own; the paper has none like it.

    Args:
        start: the exemplars before their training, [n, c, h, w].
        trained: the same afterwards.
        seed: of the cycle.

    Returns:
        [n, c, h, w].

    Raises:
        ValueError: for fewer than two exemplars, of which none has another one.
    """
    refuse_one_alone(len(start))
    order = torch.randperm(len(start), generator=stream(seed, "displacement"))
    giver = torch.empty_like(order)
    giver[order] = order.roll(1)  # one cycle of all has no fixed point, which a random permutation mostly has
    return start + (trained - start)[giver.to(start.device)]


def refuse_one_alone(count: int) -> None:
    """Raise ValueError where there are fewer than two exemplars."""
    if count < 2:
        raise ValueError(
            f"displacement = 'shuffled': must be 'own' where there are fewer than two exemplars, which are {count}: "
            "none has another one whose displacement it could get"
        )
