"""iCaRL (Rebuffi et al. 2017) as the paper's Table 1 has it: CE + KD, classified by the nearest mean of exemplars."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.methods.base import Method, Scorer
from mnemonics_lib.models import IncrementalNet


class ICaRL(Method):
    """Trained like LwF; a class is represented by the mean normalised feature of its exemplars."""

    name = "icarl"

    def scorer(self, model: IncrementalNet, memory: ExemplarMemory, pixels: Pixels) -> Scorer:
        """Cosine of the angle between a feature and each class mean; the largest is the nearest mean."""
        means = class_means(model, memory, pixels.flip)  # [classes, d]
        return lambda images: F.normalize(model.features(images), dim=1) @ means.T


@torch.no_grad()
def class_means(model: IncrementalNet, memory: ExemplarMemory, flip: bool) -> Tensor:
    """Unit-length mean of each class's normalised exemplar features, [classes, d].

    Where the data set allows it, each exemplar counts with its mirror image: a true horizontal flip (the public code's
    reverses the colour channels instead).
    """
    features = F.normalize(model.features(memory.images), dim=1)
    if flip:
        features = features + F.normalize(model.features(memory.images.flip(-1)), dim=1)
    means = torch.stack([features[memory.labels == k].mean(dim=0) for k in range(model.classes)])
    return F.normalize(means, dim=1)
