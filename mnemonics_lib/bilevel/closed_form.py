"""Inner problems whose solution has a formula: the classifier is solved for, the features stay those of Theta'.

In place of Eq. 7b, the minimum over all of Theta' approached by T steps of SGD, stands a minimum over the last layer
alone that is reached at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel.problem import Batch, Classifier, Drawn, Hypergradient, MetaLoss
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet

LastLayer = Callable[[Tensor], Tensor]
"""Features [n, d] -> scores [n, c] of the c classes that it was made from."""

Solver = Callable[[Tensor, Tensor], LastLayer]
"""Features [n, d] and one-hot targets [n, c] -> the last layer: :func:`nearest_mean`, :func:`ridge_regression`."""


def nearest_mean(features: Tensor, targets: Tensor) -> LastLayer:
    """Cosine to each class's mean feature: what the authors' released code trains exemplars by, in place of Eq. 7b.

    Args:
        features: [n, d].
        targets: one-hot classes, [n, c]; every class has a sample.
    """
    means = F.normalize(targets.T @ features / targets.sum(0)[:, None], dim=1)
    return lambda others: F.normalize(others, dim=1) @ means.T


def ridge_regression(features: Tensor, targets: Tensor, strength: float) -> LastLayer:
    """Scores f W with W = argmin |F W - Y|^2 + lambda |W|^2.

    Y are centred one-hot rows, as in KIP (Nguyen et al. 2021) and FRePo (Zhou et al. 2022).

    Args:
        features: F, [n, d].
        targets: one-hot classes, [n, c].
        strength: lambda, in units of the mean eigenvalue of F'F.
    """
    gram = features.T @ features
    penalty = strength * gram.diagonal().mean()
    weight = torch.linalg.solve(
        gram + penalty * torch.eye(len(gram)).to(gram), features.T @ (targets - 1 / targets.shape[1])
    )
    return lambda others: others @ weight


class ClosedForm:
    """Gradient of the validation loss with respect to the exemplars, through the solved last layer.

    Classes without an exemplar have no solution and get probability 0 (Eq. 7 validates on the exemplars' classes only).
    The features are those of Theta', whose parameters do not move. The base loss reported is the one cross-entropy of
    the solved classifier on its own exemplars.

    Args:
        batch: which exemplars to solve on; asked for the first inner step alone.
        meta_loss: the outer objective.
        solve: features and targets to the last layer.
    """

    def __init__(self, batch: Batch, meta_loss: MetaLoss, solve: Solver) -> None:
        self.batch, self.meta_loss, self.solve = batch, meta_loss, solve

    def __call__(
        self, model: nn.Module, exemplars: Tensor, drawn: Drawn | None = None, judges: tuple[Tensor, ...] = ()
    ) -> Hypergradient:
        """As an :class:`~.problem.Engine`."""
        net = cast(IncrementalNet, model)
        images = exemplars.detach().clone().requires_grad_()
        inputs, labels = self.batch(images, *(drawn[0] if drawn else (0,)))
        classes, targets = labels.unique(return_inverse=True)
        features = net.features(inputs)
        last_layer = self.solve(features, F.one_hot(targets).to(features))

        def scores(of: Tensor) -> Tensor:
            known = last_layer(of)
            return known.new_full((len(of), net.classes), -torch.inf).index_copy(1, classes, known)

        classifier: Classifier = lambda x: scores(net.features(x))  # noqa: E731
        value = self.meta_loss(classifier, *judges)
        (gradient,) = torch.autograd.grad(value, images)
        with torch.no_grad():
            base_loss = cross_entropy(scores(features), labels)
        return Hypergradient(gradient, value.detach(), base_loss[None])
