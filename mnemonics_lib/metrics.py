"""Section 5.1's measures; accuracies and forgetting in per cent."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mnemonics_lib.data.samples import Samples
from mnemonics_lib.divergence import require_finite
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.methods.base import Scorer


@torch.no_grad()
def predict(scorer: Scorer, samples: Samples) -> Tensor:
    """For each sample the class with the highest score, [n], in stored order; computed part by part."""
    return torch.cat([scorer(images).argmax(dim=1) for images, _ in samples.parts()])


def confusion_matrix(scorer: Scorer, samples: Samples, classes: int) -> Tensor:
    """Counts [true class, predicted class] over a test set, predictions over all classes seen.

    Args:
        scorer: images to scores [n, classes].
        samples: the test set.
        classes: number of classes seen.
    """
    cells = samples.labels * classes + predict(scorer, samples)
    return torch.bincount(cells, minlength=classes * classes).reshape(classes, classes)


@torch.no_grad()
def accuracy_and_loss(model: Scorer, samples: Samples) -> tuple[float, float]:
    """Accuracy in per cent and mean cross-entropy (Eq. 2) of logits on samples, without augmentation.

    Raises:
        NonFiniteError: for a loss that is NaN or infinite.
    """
    right = loss = torch.zeros((), dtype=torch.float64, device=samples.labels.device)
    for images, labels in samples.parts():
        logits = model(images)
        right = right + (logits.argmax(dim=1) == labels).sum()
        loss = loss + cross_entropy(logits, labels).double() * len(labels)
    mean = (loss / len(samples)).item()
    require_finite({"loss": mean})
    return (100 * right / len(samples)).item(), mean


def accuracy(confusion: Tensor, classes: int | None = None) -> float:
    """Share of right predictions in per cent; with ``classes``, over the data of the first ``classes`` alone (A^Z)."""
    rows = confusion[:classes].double()
    return (100 * rows.diagonal().sum() / rows.sum()).item()


def average_accuracy(accuracies: Sequence[float]) -> float:
    """Mean of A_i over the N + 1 phases, phase 0 included."""
    return sum(accuracies) / len(accuracies)


def forgetting(first_classes_accuracies: Sequence[float]) -> float:
    """F = A_0^Z - A_N^Z, lower is better (the paper's table header prints the reverse sign)."""
    return first_classes_accuracies[0] - first_classes_accuracies[-1]
