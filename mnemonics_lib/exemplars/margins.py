"""Where exemplars lie between the classes: the paper's Figures 1 and 5 as numbers.

The paper shows trained exemplars on the boundaries between classes. Three numbers say how near each one is to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.models import IncrementalNet, evaluating


class Margins(NamedTuple):
    """Three numbers for each of n exemplars, float64 [n] each.

    Attributes:
        margin: the model's probability of the right class minus the largest other one, -1 to 1; 0 on the boundary.
        percentile: share (%) of the real images of its class that lie nearer to their mean than the exemplar does.
        other: distance to the nearest real image of another class; infinite where there is no other class.
    """

    margin: Tensor
    percentile: Tensor
    other: Tensor


@torch.no_grad()
def unit_features(model: IncrementalNet, samples: Samples) -> Tensor:
    """Features in evaluation mode, each divided by its length, [n, d] in stored order."""
    with evaluating(model):
        return torch.cat([F.normalize(model.features(images), dim=1) for images, _ in samples.parts()])


def margins(model: IncrementalNet, exemplars: Samples, real: Samples) -> Margins:
    """The margins of exemplars, with distances between normalised features, all in evaluation mode.

    Args:
        model: Theta_i.
        exemplars: of classes that it knows, n of them.
        real: training images, at least one of each class of the exemplars.
    """
    return margins_of(model, [exemplars], real)[0]


@torch.no_grad()
def margins_of(model: IncrementalNet, sets: Sequence[Samples], real: Samples) -> list[Margins]:
    """:func:`margins` of several sets of exemplars, for which the real images are looked at once.

    Only parts of a set are on the device at a time: all of ImageNet's, of every kind, would be gigabytes.
    """
    features = unit_features(model, real).double()  # [v, d], since a distance is a small difference of features
    return [_margins(model, exemplars, features, real) for exemplars in sets]


def _margins(model: IncrementalNet, exemplars: Samples, features: Tensor, real: Samples) -> Margins:
    """Of one set, by the features of the real images, [v, d]."""
    ours = unit_features(model, exemplars).double()  # [n, d]
    percentile, other = torch.empty(2, len(ours), dtype=torch.float64, device=ours.device)
    for k in exemplars.labels.unique():
        of_class, mine = real.labels == k, exemplars.labels == k
        mean = features[of_class].mean(dim=0)
        spread, distance = ((of - mean).norm(dim=1) for of in (features[of_class], ours[mine]))
        percentile[mine] = 100 * (spread < distance[:, None]).double().mean(dim=1)
        other[mine] = torch.cdist(ours[mine], features).masked_fill(of_class, torch.inf).amin(dim=1)
    return Margins(_probability_margins(model, exemplars), percentile, other)


def _probability_margins(model: IncrementalNet, exemplars: Samples) -> Tensor:
    with evaluating(model):
        p = torch.cat([torch.softmax(model(images).double(), dim=1) for images, _ in exemplars.parts()])  # [n, k]
    right = exemplars.labels[:, None]
    return (p.gather(1, right) - p.scatter(1, right, 0.0).amax(dim=1, keepdim=True)).squeeze(1)
