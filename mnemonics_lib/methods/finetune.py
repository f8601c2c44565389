"""Fine-tuning, the lower bound: each phase trains on what it has with cross-entropy, and nothing holds the past."""

from __future__ import annotations

from torch import Tensor

from mnemonics_lib import losses
from mnemonics_lib.methods.base import Method
from mnemonics_lib.models import IncrementalNet


class Finetune(Method):
    """Without exemplars (``exemplars = none``) it forgets the most; with them it is plain rehearsal."""

    def loss(self, model: IncrementalNet, teacher: IncrementalNet, images: Tensor, labels: Tensor) -> Tensor:
        """Eq. 2 alone."""
        return losses.cross_entropy(model(images), labels)
