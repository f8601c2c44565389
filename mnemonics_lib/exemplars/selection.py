"""Choosing real images as exemplars: at random, or by herding (Welling 2009, as used by iCaRL)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def herd(features: Tensor, count: int) -> Tensor:
    """Greedy mean matching: the k-th pick brings the mean of the first k as close as possible to the mean of all.

    Args:
        features: [n, d]; used after L2 normalisation, as in iCaRL.
        count: how many to pick, at most n.

    Returns:
        Indices [count] in order of rank, without repeats. Ties go to the lowest index.

    Raises:
        ValueError: when ``count`` is not in 1..n.
    """
    if not 1 <= count <= len(features):
        raise ValueError(f"count = {count}: must be 1 to {len(features)}, the images there are")
    features = F.normalize(features.double(), dim=1)  # double: near-ties must not depend on summation order
    mean = features.mean(dim=0)
    chosen: list[int] = []
    total = torch.zeros_like(mean)
    for k in range(1, count + 1):
        distance = (mean - (total + features) / k).norm(dim=1)  # [n]
        distance[chosen] = torch.inf
        best = int(distance.argmin())
        chosen.append(best)
        total = total + features[best]
    return torch.tensor(chosen)


def pick_random(count: int, of: int, generator: torch.Generator) -> Tensor:
    """A random subset S (section 4.3) in random order: indices [count] out of 0..of-1.

    Raises:
        ValueError: when ``count`` is not in 1..of.
    """
    if not 1 <= count <= of:
        raise ValueError(f"count = {count}: must be 1 to {of}, the images there are")
    return torch.randperm(of, generator=generator)[:count]


def select(
    images: Tensor,
    labels: Tensor,
    budget: int,
    rule: str,
    features: Callable[[Tensor], Tensor],
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """``budget`` exemplars of each class in ``labels``, ordered by class, then rank.

    Args:
        images: normalised, [n, c, h, w].
        labels: [n].
        budget: exemplars per class.
        rule: "random" or "herding".
        features: images to features, used by herding alone.
        generator: used by the random rule alone.
    """
    chosen = []
    for label in labels.unique(sorted=True):
        of_class = torch.nonzero(labels == label).flatten()
        if rule == "herding":
            rank = herd(features(images[of_class]), budget)
        elif rule == "random":
            rank = pick_random(budget, len(of_class), generator)
        else:
            raise ValueError(f"rule = {rule!r}: must be 'random' or 'herding'")
        chosen.append(of_class[rank.to(of_class.device)])
    index = torch.cat(chosen)
    return images[index], labels[index]
