"""Classifier heads that grow: one block of rows per phase.

Blocks, rather than one matrix that is replaced by a larger one: the logits of old classes are then computed by the very
same operations after growing as before, so they keep their bits, and old rows can be frozen as a block.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.rng import seeded


def in_full(function: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Tensor]:
    """A head's arithmetic in the precision of its features: with bfloat16's 8 bits cosines would be 1/256 apart."""

    @functools.wraps(function)
    def wrapped(self: Any, features: Tensor) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return function(self, features)

    return wrapped


class Head(nn.Module):  # not an ABC: `higher` subclasses modules in a way that metaclasses do not survive
    """Features [n, d] to logits [n, classes].

    Args:
        features: d.
        classes: rows of the first block.

    Attributes:
        blocks: one module per phase, in order of arrival; each has a ``weight`` [rows, d].
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.blocks = nn.ModuleList([self.block(classes)])

    def block(self, classes: int) -> nn.Module:
        """Fresh rows, initialised from torch's global generator."""
        raise NotImplementedError

    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> logits [n, classes]."""
        raise NotImplementedError

    @property
    def classes(self) -> int:
        """Number of classes the head knows."""
        return sum(len(rows) for rows in self.rows())

    def rows(self) -> list[Tensor]:
        """The weight of each block, [rows, d]."""
        return [block.get_parameter("weight") for block in self.blocks]

    def grow(self, classes: int, seed: int) -> None:
        """Add rows up to ``classes`` in total; the old logits stay the same bits.

        Args:
            classes: the new total, at least the present one.
            seed: of the new rows.

        Raises:
            ValueError: for fewer classes than it knows.
        """
        if classes < self.classes:
            raise ValueError(f"classes = {classes}: must be at least {self.classes}, those already known")
        if classes > self.classes:
            old = self.rows()[0]
            with seeded(seed):
                new = self.block(classes - self.classes)
            self.blocks.append(new.to(old))

    def freeze_old(self, frozen: bool = True) -> None:
        """Let the newest block train alone; with ``frozen`` False, all of them."""
        for block in list(self.blocks)[:-1]:
            block.requires_grad_(not frozen)


class LinearHead(Head):
    """Logits W f + b."""

    def block(self, classes: int) -> nn.Module:
        """Rows as ``torch.nn.Linear`` initialises them."""
        return nn.Linear(self.features, classes)

    @in_full
    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> [n, classes]."""
        return torch.cat([block(features) for block in self.blocks], dim=1)


class Directions(nn.Module):
    """Rows [classes, d] of which only the direction counts; initialised U(-1, 1) / sqrt(d)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the rows anew."""
        bound = self.weight.shape[1] ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, directions: Tensor) -> Tensor:
        """Unit vectors [n, d] -> cosines [n, classes]."""
        return F.linear(directions, F.normalize(self.weight, dim=1))


class CosineHead(Head):
    """LUCIR's head (Hou et al. 2019, equation 4): logits sigma cos(f, w_k), one learned sigma, no bias.

    Attributes:
        sigma: the scale, 1 at the start (eta in LUCIR).
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__(features, classes)
        self.sigma = nn.Parameter(torch.ones(()))

    def block(self, classes: int) -> nn.Module:
        """Random directions."""
        return Directions(self.features, classes)

    def reset_parameters(self) -> None:
        """Back to sigma = 1; the blocks reset themselves."""
        nn.init.ones_(self.sigma)

    @in_full
    def cosines(self, features: Tensor) -> Tensor:
        """[n, d] -> cos(f, w_k), [n, classes]."""
        directions = F.normalize(features, dim=1)  # [n, d]
        return torch.cat([block(directions) for block in self.blocks], dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """[n, d] -> [n, classes]."""
        return self.sigma * self.cosines(features)

    @torch.no_grad()
    def imprint(self, means: Tensor) -> None:
        """Point the newest rows along class means (Qi et al. 2018), with the mean norm of the older rows.

        Args:
            means: one vector per new class, [new classes, d]; only the direction counts.

        Raises:
            ValueError: where there are no older rows, or not one mean for each new one.
        """
        *old, new = self.rows()
        if not old or means.shape != new.shape:
            raise ValueError(
                f"means of shape {list(means.shape)} for {len(old) + 1} blocks: must be {list(new.shape)}, one for "
                "each row of the newest block, of at least 2"
            )
        new.copy_(F.normalize(means, dim=1) * torch.cat(old).norm(dim=1).mean())


HEADS: dict[str, type[Head]] = {"linear": LinearHead, "cosine": CosineHead}
