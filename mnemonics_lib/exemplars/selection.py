"""Choosing real images as exemplars: at random, or by herding (Welling 2009, as used by iCaRL)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.data.held import HeldImages, Images
from mnemonics_lib.data.samples import Samples


def herd(features: Tensor, count: int) -> Tensor:
    """Greedy mean matching: the k-th pick brings the mean of the first k as close as possible to the mean of all.

    Args:
        features: [n, d]; used after L2 normalisation, as in iCaRL.
        count: how many to pick, at most n.

    Returns:
        Indices [count] in order of rank, without repeats. Ties go to the lowest index.

    Raises:
        ValueError: when ``count`` is not in 1..n, or the features are not finite numbers [n, d].
    """
    if features.dim() != 2 or not features.isfinite().all():
        what = f"of shape {list(features.shape)}" if features.dim() != 2 else "with NaN or infinity"
        raise ValueError(f"features {what}: must be finite numbers of shape [n, d]; there is no nearest mean otherwise")
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
    samples: Samples, count: int, rule: str, features: Callable[[Tensor], Tensor], generator: torch.Generator
) -> tuple[Images, Tensor]:
    """``count`` exemplars of each class in ``samples``, ordered by class, then rank.

    Args:
        samples: D_i.
        count: exemplars per class.
        rule: "random" or "herding".
        features: images to features, used by herding alone; each image is passed through once.
        generator: used by the random rule alone.

    Returns:
        Normalised images [classes * count, c, h, w], held by the host where samples are pictures on disk; and labels.

    Raises:
        ValueError: for another rule, or naming the class that has too few images, or whose images or features are not
            finite.
    """
    if rule not in ("random", "herding"):
        raise ValueError(f"rule = {rule!r}: must be 'random' or 'herding'")
    if rule == "herding":
        described = torch.cat([features(images) for images, _ in samples.parts()])
    random = rule == "random"
    rank = (lambda i: pick_random(count, len(i), generator)) if random else (lambda i: herd(described[i], count))
    images, labels = samples.to_keep(per_class(samples.labels, rank))
    if isinstance(images, HeldImages):  # whole grey levels, which are finite
        return images, labels
    broken = ~images.flatten(1).isfinite().all(dim=1)
    if broken.any():
        raise ValueError(f"class {int(labels[broken][0])}: an image with NaN or infinity among those chosen")
    return images, labels


def per_class(labels: Tensor, rank: Callable[[Tensor], Tensor]) -> Tensor:
    """Indices chosen within each class, classes in ascending order.

    Args:
        labels: [n].
        rank: from the indices of a class [m] to the places among them that are chosen, best first.

    Raises:
        ValueError: naming the class, where ``rank`` raises one, and where there is no label at all.
    """
    if not len(labels):
        raise ValueError("labels: there are none to choose from")
    chosen = []
    for label in labels.unique(sorted=True):
        of_class = torch.nonzero(labels == label).flatten()
        try:
            places = rank(of_class)
        except ValueError as error:
            raise ValueError(f"class {int(label)}: {error}") from error
        chosen.append(of_class[places.to(of_class.device)])
    return torch.cat(chosen)
