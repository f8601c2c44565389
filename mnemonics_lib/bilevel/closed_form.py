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

from mnemonics_lib.bilevel.problem import Batch, Engine, GraphSize, Hypergradient, MetaLoss, Minibatches
from mnemonics_lib.bilevel.requirements import HasFeatures, refuse_if_parts_are_missing
from mnemonics_lib.losses import cross_entropy

LastLayer = Callable[[Tensor], Tensor]
"""Features [n, d] -> scores [n, c] of the c classes that it was made from."""

Solver = Callable[[Tensor, Tensor], LastLayer]
"""Features [n, d] and one-hot targets [n, c] -> the last layer: :func:`nearest_mean`, :func:`ridge_regression`."""


def nearest_mean(features: Tensor, targets: Tensor) -> LastLayer:
    """Cosine to each class's mean feature, as the authors' released code classifies, in place of Eq. 7b.

    Args:
        features: [n, d].
        targets: one-hot classes, [n, c]; every class has a sample.

    Returns:
        What maps features [m, d] to cosines [m, c].
    """
    means = F.normalize(targets.T @ features / targets.sum(0)[:, None], dim=1)  # [c, d]
    return lambda others: F.normalize(others, dim=1) @ means.T


def ridge_regression(features: Tensor, targets: Tensor, strength: float) -> LastLayer:
    """Scores f W, where W minimises ``|F W - Y|^2 + lambda |W|^2``.

    Y are centred one-hot rows, as in KIP (Nguyen et al. 2021) and FRePo (Zhou et al. 2022).

    Args:
        features: F, [n, d].
        targets: one-hot classes, [n, c].
        strength: lambda, in units of the mean eigenvalue of F'F.

    Returns:
        What maps features [m, d] to scores [m, c].
    """
    gram = features.T @ features  # [d, d]
    penalty = strength * gram.diagonal().mean()
    weight = torch.linalg.solve(  # [d, c]
        gram + penalty * torch.eye(len(gram)).to(gram), features.T @ (targets - 1 / targets.shape[1])
    )
    return lambda others: others @ weight


def solved_layer(features: Tensor, labels: Tensor, classes: int, solver: Solver) -> LastLayer:
    """The last layer for all classes, those without an exemplar included.

    Such a class has no solution and gets probability 0. That is no loss of generality: Eq. 7 validates on the
    exemplars' classes alone.

    Args:
        features: of the exemplars, [m, d].
        labels: their classes, [m].
        classes: how many logits there are to be.
        solver: the formula.
    """
    known, targets = labels.unique(return_inverse=True)
    last_layer = solver(features, F.one_hot(targets).to(features))

    def logits(of: Tensor) -> Tensor:
        scores = last_layer(of)
        return scores.new_full((len(of), classes), -torch.inf).index_copy(1, known, scores)

    return logits


class ClosedForm:
    """Gradient of the validation loss with respect to the exemplars, through the solved last layer.

    The features are those of Theta', whose parameters do not move. The one base loss reported is the cross-entropy of
    the solved classifier on its own exemplars.

    Args:
        batch: which exemplars to solve on.
        meta_loss: the outer objective, Eq. 7a.
        solver: features and targets to the last layer.
        inner: the formula's name in ``exemplar_level.inner``, for errors.
    """

    minibatches_per_call = 1

    def __init__(self, batch: Batch, meta_loss: MetaLoss, solver: Solver, inner: str) -> None:
        self.batch, self.meta_loss, self.solver, self.inner = batch, meta_loss, solver, inner

    @torch.enable_grad()
    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """As an :class:`~.problem.Engine`; of the mini-batches the first counts.

        Raises:
            TypeError: if the model has no features or does not say how many classes it has.
        """
        refuse_if_parts_are_missing(model, self.inner)
        network = cast(HasFeatures, model)
        images = exemplars.detach().clone().requires_grad_()  # [n, c, h, w]
        inputs, labels = self.batch(images, *(minibatches[0] if minibatches else (0,)))
        features = network.features(inputs)  # [m, d]
        last_layer = solved_layer(features, labels, network.classes, self.solver)
        value = self.meta_loss(lambda x: last_layer(network.features(x)), *validation)
        (gradient,) = torch.autograd.grad(value, images)
        with torch.no_grad():
            base_loss = cross_entropy(last_layer(features), labels)
        return Hypergradient(gradient, value.detach(), base_loss[None])

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """First derivatives alone: the graphs of one pass over the exemplars and of one over the validation images."""
        return 2 * (batch + validation) * graph.forward

    def layers(self, model: nn.Module) -> nn.Module:
        """PyTorch's own."""
        return model

    def with_room(self) -> Engine | None:
        """None: it takes what it takes."""
        return None
