"""What people call the methods and the data sets, and several of them, or a range of numbers, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def several(count: int, one: str, more: str = "") -> str:
    """``1 record``, ``3 records``; ``more`` is the plural of what does not end in ``s``."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def span(values: Iterable[float], form: str) -> str:
    """``2.0 to 3.1``, or one number when both ends are printed alike.

    Args:
        values: at least one number.
        form: how one is printed, as ``str.format`` has it.
    """
    found = list(values)
    low, high = form.format(min(found)), form.format(max(found))
    return low if low == high else f"{low} to {high}"


def together(texts: Sequence[str]) -> str:
    """``a``, ``a and b``, or ``a, b and c``; nothing of none."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
