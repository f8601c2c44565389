"""iCaRL (Rebuffi et al. 2017) as the paper's Table 1 has it: CE + KD, classified by the nearest mean of exemplars."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.methods.base import Method, Scorer
from mnemonics_lib.models import IncrementalNet


class ICaRL(Method):
    """Trained like LwF; a class is represented by the mean normalised feature of its exemplars."""

    def scorer(self, model: IncrementalNet, exemplars: Samples) -> Scorer:
        """Cosine of the angle between a feature and each class mean; the largest is the nearest mean."""
        means = class_means(model, exemplars)  # [classes, d]
        return lambda images: F.normalize(model.features(images), dim=1) @ means.T


@torch.no_grad()
def class_means(model: IncrementalNet, exemplars: Samples) -> Tensor:
    """Unit-length mean of each class's normalised exemplar features, [classes, d].

    Where the data set allows it, each exemplar counts with its mirror image: a true horizontal flip (the public code's
    reverses the colour channels instead).
    """
    sums = torch.zeros(model.classes, model.backbone.features, device=exemplars.labels.device)
    for images, labels in exemplars.parts():
        features = F.normalize(model.features(images), dim=1)
        if exemplars.pixels.flip:
            features = features + F.normalize(model.features(images.flip(-1)), dim=1)
        sums.index_add_(0, labels, features)
    return F.normalize(sums, dim=1)  # the direction of the sum is that of the mean
