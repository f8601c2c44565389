"""Inner problems whose solution has a formula: the classifier is solved for, the features stay those of Theta'.

In place of Eq. 7b, the minimum over all of Theta' approached by T steps of SGD, stands a minimum over the last layer
alone that is reached at once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mnemonics_lib.bilevel.graph_size import GraphSize
from mnemonics_lib.bilevel.problem import Batch, Hypergradient, MetaLoss, Minibatches
from mnemonics_lib.losses import cross_entropy

LastLayer = Callable[[Tensor], Tensor]
"""Features [n, d] -> scores [n, k] of the k classes that it was made from."""

Solver = Callable[[Tensor, Tensor], LastLayer]
"""Features [n, d] and one-hot targets [n, k] -> the last layer: :func:`nearest_mean`, :func:`ridge_regression`."""


def nearest_mean(features: Tensor, targets: Tensor) -> LastLayer:
    """Cosine to each class's mean feature: what the authors' released code trains exemplars by, in place of Eq. 7b.

    Args:
        features: [n, d].
        targets: one-hot classes, [n, k]; every class has a sample.
    """
    means = F.normalize(targets.T @ features / targets.sum(0)[:, None], dim=1)  # [k, d]
    return lambda others: F.normalize(others, dim=1) @ means.T


def ridge_regression(features: Tensor, targets: Tensor, strength: float) -> LastLayer:
    """Scores f W with W = argmin |F W - Y|^2 + lambda |W|^2.

    Y are centred one-hot rows, as in KIP (Nguyen et al. 2021) and FRePo (Zhou et al. 2022).

    Args:
        features: F, [n, d].
        targets: one-hot classes, [n, k].
        strength: lambda, in units of the mean eigenvalue of F'F.
    """
    gram = features.T @ features  # [d, d]
    penalty = strength * gram.diagonal().mean()
    weight = torch.linalg.solve(
        gram + penalty * torch.eye(len(gram)).to(gram), features.T @ (targets - 1 / targets.shape[1])
    )  # W, [d, k]
    return lambda others: others @ weight


class SolvedClassifier(nn.Module):
    """A network whose last layer is solved for on some images, in whatever mode the network is when it is asked.

    Classes without an image have no solution and get probability 0 (Eq. 7 validates on the exemplars' classes only).

    Args:
        network: has ``features``, images to [n, d], and ``classes``, their number.
        inputs: what to solve on, [n, c, h, w].
        labels: of them, [n].
        solve: features and targets to the last layer.

    Raises:
        TypeError: when the network has no features or does not say how many classes it has.
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor, solve: Solver) -> None:
        super().__init__()
        missing = [name for name in ("features", "classes") if not hasattr(network, name)]
        if missing:
            raise TypeError(
                f"exemplar_level.inner = 'ncm' or 'ridge': {type(network).__name__} has no {' and no '.join(missing)}; "
                "features(images) must give [n, d], and classes a number; or use inner = 'full'"
            )
        self.network: Any = network
        self.inputs, self.solve = inputs, solve
        self.known, self.targets = labels.unique(return_inverse=True)
        self.labels = labels

    def solved(self) -> tuple[Tensor, LastLayer]:
        """The features [n, d] of what is solved on, and the last layer."""
        features = self.network.features(self.inputs)
        return features, self.solve(features, F.one_hot(self.targets).to(features))

    def scores(self, features: Tensor, last_layer: LastLayer) -> Tensor:
        """[n, d] -> [n, classes]."""
        known = last_layer(features)
        return known.new_full((len(features), self.network.classes), -torch.inf).index_copy(1, self.known, known)

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, classes]."""
        _, last_layer = self.solved()
        return self.scores(self.network.features(x), last_layer)


class ClosedForm:
    """Gradient of the validation loss with respect to the exemplars, through the solved last layer.

    The features are those of Theta', whose parameters do not move. The base loss reported is the one cross-entropy of
    the solved classifier on its own exemplars.

    Args:
        batch: which exemplars to solve on; asked for the first inner step alone.
        meta_loss: the outer objective.
        solve: features and targets to the last layer.
    """

    minibatches = 1

    def __init__(self, batch: Batch, meta_loss: MetaLoss, solve: Solver) -> None:
        self.batch, self.meta_loss, self.solve = batch, meta_loss, solve

    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """As an :class:`~.problem.Engine`."""
        images = exemplars.detach().clone().requires_grad_()  # E, [n, c, h, w]
        inputs, labels = self.batch(images, *(minibatches[0] if minibatches else (0,)))
        classifier = SolvedClassifier(model, inputs, labels, self.solve)
        features, last_layer = classifier.solved()
        net: Any = model
        value = self.meta_loss(lambda x: classifier.scores(net.features(x), last_layer), *validation)
        (gradient,) = torch.autograd.grad(value, images)
        with torch.no_grad():
            base_loss = cross_entropy(classifier.scores(features, last_layer), labels)
        return Hypergradient(gradient, value.detach(), base_loss[None])

    def layers(self) -> AbstractContextManager[Any]:
        """PyTorch's own."""
        return nullcontext()

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """The graphs of the exemplars' features and of the meta loss, and going back through them."""
        return 2 * (batch + validation) * graph.forward
