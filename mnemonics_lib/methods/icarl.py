"""iCaRL (Rebuffi et al. 2017) as the paper's Table 1 has it: CE + KD, classified by the nearest mean of exemplars."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.methods.base import Method, Scorer
from mnemonics_lib.methods.features import unit_feature_sums
from mnemonics_lib.models import IncrementalNet


class ICaRL(Method):
    """Trained like LwF; a class is represented by the mean normalised feature of its exemplars."""

    def scorer(self, model: IncrementalNet, exemplars: Samples) -> Scorer:
        """Cosine of the angle between a feature and each class mean; the largest is the nearest mean.

        A class without exemplars has no mean, and is never the answer while another has one: its score is -inf.
        """
        means = class_means(model, exemplars)  # [classes, d]
        # Asked of the labels, since the mean of exemplars whose features are 0 is 0 too.
        missing = torch.bincount(exemplars.labels, minlength=len(means)) == 0  # [classes]
        return lambda images: (F.normalize(model.features(images), dim=1) @ means.T).masked_fill(missing, -torch.inf)


def class_means(model: IncrementalNet, exemplars: Samples) -> Tensor:
    """Unit-length mean of each class's normalised exemplar features, [classes, d]; 0 for a class without exemplars.

    Where the data set allows it, each exemplar counts with its mirror image: a true horizontal flip (the public code's
    reverses the colour channels instead).
    """
    # The direction of the sum is that of the mean.
    return F.normalize(unit_feature_sums(model, exemplars, mirrored=exemplars.pixels.flip), dim=1)
