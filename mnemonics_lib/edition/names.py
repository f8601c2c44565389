"""What people call the methods and the data sets, and several of them in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

NAMES = {"lwf": "LwF", "icarl": "iCaRL", "bic": "BiC", "lucir": "LUCIR"}
"""The methods of the paper's Table 1, in its order."""

DATA = {
    "digits": "scikit-learn's digits",
    "cifar100": "CIFAR-100",
    "tiny_imagenet": "Tiny-ImageNet",
    "tiny_imagenet_100": "100 classes of Tiny-ImageNet",
    "imagenet": "ImageNet",
    "imagenet_subset": "100 classes of ImageNet",
}
"""The data sets, by the names that parameter files have for them."""


def together(texts: Sequence[str]) -> str:
    """``a``, ``a and b``, or ``a, b and c``; nothing of none."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
