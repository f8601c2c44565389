"""The inner problem solved and not differentiated: what the exemplars make of a temporary model, for measurements."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.closed_form import Solver, solved_layer
from mnemonics_lib.bilevel.inner import FORMULAS, inner_sgd
from mnemonics_lib.bilevel.problem import Batch, Minibatches
from mnemonics_lib.bilevel.requirements import HasFeatures, refuse_if_parts_are_missing
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.losses import cross_entropy


def solve(
    temporary: nn.Module, exemplars: Tensor, minibatches: Minibatches | None, batch: Batch, level: ExemplarLevel
) -> nn.Module:
    """Theta'(E) as a network: what the meta loss of an engine looks at.

    ``full`` and ``head``: the temporary model itself, after T steps of SGD (Eq. 8) in place on what of it requires a
    gradient; its running statistics follow as in ordinary training. ``ncm`` and ``ridge``: the temporary model with
    the last layer that the formula gives.

    The result is in the mode that the temporary model is in; ``train()`` evaluates it with each batch's statistics, as
    engines do, ``eval()`` with the running ones. A pass in training mode moves the running statistics, so evaluate
    with the running ones first.

    Args:
        temporary: Theta' before Eq. 8, in the mode that the inner steps are to have; changed.
        exemplars: E, [n, c, h, w].
        minibatches: as many as the engine of this level takes, one for each step; None for the numbers of the steps.
        batch: the exemplars of an inner step.
        level: the fields of the exemplar level.

    Raises:
        ValueError: for fewer mini-batches than there are steps.
        TypeError: if a formula is asked for and the model has no features, or does not say how many classes it has.
    """
    exemplars = exemplars.detach()
    if level.inner in FORMULAS:
        refuse_if_parts_are_missing(temporary, level.inner)
        inputs, labels = batch(exemplars, *(minibatches[0] if minibatches else (0,)))
        return SolvedNetwork(temporary, inputs, labels, FORMULAS[level.inner](level)).train(temporary.training)
    sgd = inner_sgd(level)
    optimizer = torch.optim.SGD(
        [p for p in temporary.parameters() if p.requires_grad],
        lr=sgd.alpha,
        momentum=sgd.momentum,
        weight_decay=sgd.weight_decay,
    )
    for minibatch in sgd.draws(minibatches)[: sgd.steps]:
        inputs, labels = batch(exemplars, *minibatch)
        optimizer.zero_grad()
        cross_entropy(temporary(inputs), labels).backward()
        optimizer.step()  # Eq. 8
    return temporary


class SolvedNetwork(nn.Module):
    """A network whose last layer a formula gives, anew at each pass, from the exemplars' features in the present mode.

    Args:
        network: has features.
        inputs: the exemplars, [m, c, h, w].
        labels: their classes, [m].
        solver: the formula.
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor, solver: Solver) -> None:
        super().__init__()
        self.network, self.inputs, self.labels, self.solver = network, inputs, labels, solver

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> logits [n, classes]; a class without an exemplar gets probability 0."""
        network = cast(HasFeatures, self.network)
        last_layer = solved_layer(network.features(self.inputs), self.labels, network.classes, self.solver)
        return last_layer(network.features(x))
