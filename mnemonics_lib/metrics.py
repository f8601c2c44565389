"""Section 5.1's measures; accuracies and forgetting in per cent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.wording import is_whole, kind
from mnemonics_lib.divergence import NonFiniteError, require_finite
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.methods.base import Scorer


@torch.no_grad()
def predict(scorer: Scorer, samples: Samples) -> Tensor:
    """For each sample the class with the highest score, [n], in stored order; computed part by part.

    Raises:
        ValueError: for scores that are not one row for each image.
        NonFiniteError: for scores whose highest is NaN or infinite.
    """
    if not len(samples):
        return samples.labels[:0]
    parts = [_choose(scorer(images), len(images)) for images, _ in samples.parts()]
    _require_choices([undecided for _, undecided in parts], len(samples))
    return torch.cat([chosen for chosen, _ in parts])


def _choose(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The class with the highest score [n], and for how many samples that score is no finite number.

    A class may be ruled out by a score of minus infinity; a NaN is higher than every number.
    """
    if scores.dim() != 2 or len(scores) != count or not scores.shape[1]:
        raise ValueError(f"scores = {kind(scores)}: must be of shape [{count}, classes], one row for each image")
    return scores.argmax(dim=1), (~scores.amax(dim=1).isfinite()).sum()


def _require_choices(undecided: Sequence[Tensor], count: int) -> None:
    """Raise NonFiniteError where samples have no predicted class: one look at the device for all parts."""
    without = int(torch.stack(list(undecided)).sum())
    if without:
        raise NonFiniteError(
            f"scores: the highest is NaN or infinite for {without} of {count} samples: must be finite for each, or no "
            "class is the predicted one"
        )


def confusion_matrix(scorer: Scorer, samples: Samples, classes: int) -> Tensor:
    """Counts [true class, predicted class] over a test set, predictions over all classes seen.

    Args:
        scorer: images to scores [n, classes].
        samples: the test set.
        classes: number of classes seen.

    Raises:
        ValueError: for labels or predictions outside 0..classes-1, which have no cell, and as :func:`predict` does.
    """
    labels, predicted = samples.labels, predict(scorer, samples)
    outside = torch.stack([((of < 0) | (of >= classes)).sum() for of in (labels, predicted)]).tolist()
    for name, count in zip(("samples.labels", "predictions"), outside, strict=True):
        if count:
            raise ValueError(f"{name}: {count} of {len(samples)} are no class: must be 0 to {classes - 1}")
    cells = labels * classes + predicted
    return torch.bincount(cells, minlength=classes * classes).reshape(classes, classes)


@torch.no_grad()
def accuracy_and_loss(model: Scorer, samples: Samples) -> tuple[float, float]:
    """Accuracy in per cent and mean cross-entropy (Eq. 2) of logits on samples, without augmentation.

    Raises:
        NonFiniteError: for a loss that is NaN or infinite.
        ValueError: for no samples, and as :func:`predict` does.
    """
    if not len(samples):
        raise ValueError("samples: there are none: must be at least one to take a mean over")
    right = loss = torch.zeros((), dtype=torch.float64, device=samples.labels.device)
    undecided = []
    for images, labels in samples.parts():
        logits = model(images)
        predicted, without = _choose(logits, len(images))
        undecided.append(without)
        right = right + (predicted == labels).sum()
        loss = loss + cross_entropy(logits, labels).double() * len(labels)
    _require_choices(undecided, len(samples))
    mean = (loss / len(samples)).item()
    require_finite({"loss": mean})
    return (100 * right / len(samples)).item(), mean


def accuracy(confusion: Tensor, classes: int | None = None) -> float:
    """Share of right predictions in per cent; with ``classes``, over the data of the first ``classes`` alone (A^Z).

    Args:
        confusion: counts, [true class, predicted class].
        classes: how many of the first ones; None for all.

    Raises:
        ValueError: for a matrix that is not square, a number of classes that it does not have, and for no data.
    """
    if confusion.dim() != 2 or len(confusion) != confusion.shape[1]:
        raise ValueError(f"confusion = {kind(confusion)}: must be of shape [classes, classes]")
    if classes is not None and not is_whole(classes, 1, len(confusion)):
        raise ValueError(f"classes = {classes!r}: must be 1 to {len(confusion)}, the classes of the confusion matrix")
    rows = confusion[:classes].double()
    if not rows.any():
        raise ValueError(f"confusion: counts no sample of {len(rows)} classes: must count at least one")
    return (100 * rows.diagonal().sum() / rows.sum()).item()


def average_accuracy(accuracies: Sequence[float]) -> float:
    """Mean of A_i over the N + 1 phases, phase 0 included.

    Raises:
        ValueError: for no phase, or an accuracy that is not finite.
    """
    _require_accuracies("accuracies", accuracies)
    return sum(accuracies) / len(accuracies)


def forgetting(first_classes_accuracies: Sequence[float]) -> float:
    """F = A_0^Z - A_N^Z, lower is better (the paper's table header prints the reverse sign).

    Raises:
        ValueError: for no phase, or an accuracy that is not finite.
    """
    _require_accuracies("first_classes_accuracies", first_classes_accuracies)
    return first_classes_accuracies[0] - first_classes_accuracies[-1]


def _require_accuracies(field: str, values: Sequence[float]) -> None:
    """Raise ValueError unless there is a number for at least one phase."""
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"{field} = {values}: must be finite numbers, one for each phase, at least one")
