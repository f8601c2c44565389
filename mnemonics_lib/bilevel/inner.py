"""The inner problem, Eq. 7b: what of the temporary model is fitted to the exemplars, and how that is differentiated."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.closed_form import ClosedForm, SolvedClassifier, Solver, nearest_mean, ridge_regression
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.bilevel.problem import Batch, Classifier, Engine, InnerSGD, MetaLoss, Minibatches, SGDEngine
from mnemonics_lib.bilevel.recorded_adjoint import RecordedAdjoint
from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.losses import cross_entropy

ENGINES: dict[str, type[SGDEngine]] = {"higher": Higher, "adjoint": RecordedAdjoint}
"""How the gradient through T steps of SGD is computed; all give the same one."""


def inner_sgd(level: ExemplarLevel) -> InnerSGD:
    """Eq. 8's numbers among the axes of the local BOP."""
    return InnerSGD(level.inner_steps, level.alpha, level.inner_momentum, level.inner_weight_decay, level.truncate)


def last_layer_solver(level: ExemplarLevel) -> Solver | None:
    """The formula for the last layer, where ``level.inner`` names one."""
    solvers: dict[str, Solver] = {
        "ncm": nearest_mean,
        "ridge": functools.partial(ridge_regression, strength=level.ridge),
    }
    return solvers.get(level.inner)


def local_program(batch: Batch, meta_loss: MetaLoss, level: ExemplarLevel) -> Engine:
    """What computes the gradient of the validation loss with respect to E, for the inner problem of ``level.inner``.

    ``full``: T steps on every trainable parameter (Eq. 8, the paper). ``head``: the same, for a temporary model whose
    last layer alone is trainable. ``ncm`` and ``ridge``: the last layer by a formula
    (:mod:`mnemonics_lib.bilevel.closed_form`).

    Args:
        batch: the exemplars of an inner step.
        meta_loss: the outer objective.
        level: the axes of the local BOP.
    """
    solver = last_layer_solver(level)
    if solver is not None:
        return ClosedForm(batch, meta_loss, solver)

    def base_loss(classifier: Classifier, images: Tensor, *minibatch: Any) -> Tensor:
        inputs, labels = batch(images, *minibatch)  # [b, c, h, w], [b]
        return cross_entropy(classifier(inputs), labels)  # L_c(Theta'; E), Eq. 7b

    return ENGINES[level.engine](base_loss, meta_loss, inner_sgd(level))


def solve(
    temporary: nn.Module, exemplars: Tensor, minibatches: Minibatches, batch: Batch, level: ExemplarLevel
) -> nn.Module:
    """Solve the inner problem without a gradient with respect to the exemplars: for measurements.

    Args:
        temporary: Theta' before Eq. 8; trained in place, its running statistics following as in any training.
        exemplars: E, [n, c, h, w].
        minibatches: as an engine takes them.
        batch: the exemplars of an inner step.
        level: the axes of the local BOP.

    Returns:
        Theta'(E), a classifier that can be asked in training and in evaluation mode.
    """
    solver = last_layer_solver(level)
    if solver is not None:
        return SolvedClassifier(temporary, *batch(exemplars, *minibatches[0]), solver)
    sgd = inner_sgd(level)
    moving = [parameter for parameter in temporary.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(moving, lr=sgd.alpha, momentum=sgd.momentum, weight_decay=sgd.weight_decay)
    for minibatch in minibatches:
        inputs, labels = batch(exemplars, *minibatch)
        optimizer.zero_grad()
        cross_entropy(temporary(inputs), labels).backward()
        optimizer.step()  # Eq. 8
    return temporary
