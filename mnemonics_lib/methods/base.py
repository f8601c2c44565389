"""The interface of a baseline method: what it minimises, and how it classifies."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from mnemonics_lib import losses
from mnemonics_lib.config import Training
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.models import IncrementalNet

Scorer = Callable[[Tensor], Tensor]
"""Normalised images [n, c, h, w] -> scores [n, classes seen]; the largest is the prediction."""


class Method(ABC):
    """A class-incremental method. The defaults are Eq. 5 and the head; a method overrides what it does otherwise."""

    name: ClassVar[str]

    def loss(
        self, model: IncrementalNet, teacher: IncrementalNet | None, images: Tensor, labels: Tensor, settings: Training
    ) -> Tensor:
        """L_all of Eq. 5 on one batch of D_i and E_{0:i-1}; ``teacher`` is Theta_{i-1}, None in phase 0."""
        old_logits = None
        if teacher is not None:
            with torch.no_grad():
                old_logits = teacher(images)
        return losses.model_level(model(images), labels, old_logits, settings.lam, settings.temperature)

    def scorer(self, model: IncrementalNet, memory: ExemplarMemory, pixels: Pixels) -> Scorer:
        """The classifier to evaluate after a phase; ``model`` is in evaluation mode."""
        return model
