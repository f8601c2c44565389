"""Exemplars looked at while they are trained: a loop around the loop of Eq. 9, which knows nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib.config.keep import Keep
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loops import LoopState

SEEN = "snapshots"
"""The key that snapshots have in the state of a loop, which the loop itself does not read."""


class WatchedTraining:
    """A training of new exemplars that is looked at before its first step and after some of them.

    It is a :class:`mnemonics_lib.loops.Loop` whose state holds what was seen too: a training that goes on later has
    the snapshots of all its sessions. From a state without them, or with others than are asked for, it begins again
    from its first step, because what the exemplars were before is no longer there; it ends in the same bits.

    Args:
        training: the loop that does the work, at its beginning.
        keep: how many classes, images and steps.
        classes: how many new classes the exemplars are of, as many of each.

    Attributes:
        index: which exemplars are looked at, positions in ``training.E``, [n].
        steps: after how many outer steps, in ascending order.
    """

    def __init__(self, training: ExemplarTraining, keep: Keep, classes: int) -> None:
        self.training, self.plan = training, plan(keep)
        per_class = len(training.E) // classes
        chosen = torch.arange(len(training.E)).reshape(classes, per_class)[: keep.classes, : keep.images]
        self.index = chosen.flatten().to(training.E.device)
        self.steps = snapshot_steps(len(training), keep)
        self._seen: list[Tensor] = []
        self._look()

    @property
    def images(self) -> Tensor:
        """What was seen so far, as it is shown: uint8, 0 black and 255 white, [steps, n, c, h, w]."""
        return torch.stack(self._seen)

    def step(self) -> None:
        """One outer step."""
        self.training.step()
        self._look()

    def _look(self) -> None:
        if self.done in self.steps:
            images = self.training.E.detach()[self.index]
            self._seen.append((255 * self.training.pixels.display(images)).round().to(torch.uint8).cpu())

    def fit_into(self, free: float) -> None:
        """As the training does."""
        self.training.fit_into(free)

    def fit_into_host(self, free: float) -> None:
        """Likewise."""
        self.training.fit_into_host(free)

    @property
    def done(self) -> int:
        """Outer steps done."""
        return self.training.done

    def __len__(self) -> int:
        """Outer steps in all."""
        return len(self.training)

    def state(self) -> LoopState:
        """That of the training, and what was seen."""
        return {**self.training.state(), SEEN: {"plan": dict(self.plan), "images": self.images}}

    def load_state(self, state: LoopState) -> None:
        """Go on from there, or from the beginning where a snapshot would be missing."""
        seen = state.get(SEEN)
        if seen is None or seen["plan"] != self.plan:
            return
        self.training.load_state(state)
        self._seen = list(seen["images"].cpu())


def plan(keep: Keep) -> Mapping[str, Any]:
    """All that decides which snapshots are taken, as JSON values."""
    return keep.model_dump(include={"classes", "images", "steps", "spacing"})


def snapshot_steps(total: int, keep: Keep) -> list[int]:
    """After how many of ``total`` outer steps to look: 0 and ``total``, and others between; fewer where they meet."""
    last = keep.steps - 1
    if keep.spacing == "even":
        found = {round(k * total / last) for k in range(last + 1)}
    else:  # 0, and then from 1 to all with a constant ratio
        found = {0, total} | {round(total ** (k / (last - 1))) for k in range(last - 1)}
    return sorted(found)
