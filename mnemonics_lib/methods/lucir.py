"""LUCIR (Hou et al. 2019): cosine head, imprinted and frozen rows, less-forget constraint, margin ranking.

The official form, from the authors' description and code: a re-implementation without imprinting (FACIL's, with another
schedule) reports 43.4 % on average where this form has 60.2 %.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mnemonics_lib import losses
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.features import unit_feature_sums
from mnemonics_lib.models import CosineHead, IncrementalNet, evaluating


class LUCIR(Method):
    """L = CE + lambda L_dis + L_mr; lambda = lambda_base sqrt(n_old / n_new) grows with the phases."""

    weight = 0.0
    old = 0

    def begin_phase(self, model: IncrementalNet, old: int, new: Samples) -> None:
        """Set lambda, imprint the new rows and freeze the old ones."""
        self.old, self.weight = old, self.lambda_base * math.sqrt(old / (model.classes - old))
        head = self._head(model)
        head.imprint(mean_directions(model, new, old))
        head.freeze_old()

    def loss(self, model: IncrementalNet, teacher: IncrementalNet, images: Tensor, labels: Tensor) -> Tensor:
        """Eq. 2 and less-forget on all samples of a batch, margin ranking on those of old classes."""
        head, features = self._head(model), model.features(images)  # [n, d]
        with torch.no_grad():
            old_features = teacher.features(images)  # f*, [n, d]
        cosines = head.cosines(features)  # [n, classes]
        return (
            losses.cross_entropy(head.sigma * cosines, labels)
            + self.weight * losses.less_forget(features, old_features)
            + losses.margin_ranking(cosines, labels, self.old)
        )

    def end_training(self, model: IncrementalNet) -> None:
        """Let all rows train on balanced data: exemplars, in Eq. 8 and in the balanced fine-tuning."""
        self._head(model).freeze_old(False)

    @staticmethod
    def _head(model: IncrementalNet) -> CosineHead:
        assert isinstance(model.head, CosineHead)  # the configuration allows no other
        return model.head


def mean_directions(model: IncrementalNet, new: Samples, first: int) -> Tensor:
    """Mean unit feature of each class from ``first`` up, under the model as it is and without augmentation.

    Args:
        model: any mode; it is left in the one that it has.
        new: samples of these classes alone.
        first: the first of them.

    Returns:
        [new classes, d].
    """
    with evaluating(model):
        sums = unit_feature_sums(model, new)[first:]
    return sums / torch.bincount(new.labels - first, minlength=len(sums))[:, None]
