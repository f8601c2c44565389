"""Class by class, where a network puts images: what iCaRL's means and LUCIR's imprinting are made of."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.models import IncrementalNet


@torch.no_grad()
def unit_feature_sums(model: IncrementalNet, samples: Samples, mirrored: bool = False) -> Tensor:
    """Sum of the normalised features of each class's images, without augmentation; 0 for a class that has none.

    Args:
        model: in evaluation mode.
        samples: any images of the classes it knows.
        mirrored: whether each image counts with its horizontal mirror image.

    Returns:
        [classes, d].
    """
    sums = torch.zeros(model.classes, model.backbone.features, device=samples.labels.device)
    for images, labels in samples.parts():
        features = F.normalize(model.features(images), dim=1)  # [b, d]
        if mirrored:
            features = features + F.normalize(model.features(images.flip(-1)), dim=1)
        sums.index_add_(0, labels, features)
    return sums
