"""The inner problem, Eq. 7b: what of the temporary model is fitted to the exemplars, and how that is differentiated."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor

from mnemonics_lib.bilevel.closed_form import ClosedForm, Solver, nearest_mean, ridge_regression
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.bilevel.problem import Batch, Classifier, Engine, InnerSGD, MakeEngine, MetaLoss
from mnemonics_lib.bilevel.recorded_adjoint import RecordedAdjoint
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.losses import cross_entropy

ENGINES: dict[str, MakeEngine] = {"higher": Higher, "adjoint": RecordedAdjoint}
"""How the gradient through T steps of SGD is computed (``exemplar_level.engine``); all give the same one."""

FORMULAS: dict[str, Callable[[ExemplarLevel], Solver]] = {
    "ncm": lambda level: nearest_mean,
    "ridge": lambda level: functools.partial(ridge_regression, strength=level.ridge),
}
"""The inner problems (``exemplar_level.inner``) that are solved and not descended on."""


def inner_sgd(level: ExemplarLevel) -> InnerSGD:
    """Eq. 8's numbers among the fields of the exemplar level."""
    return InnerSGD(level.inner_steps, level.alpha, level.inner_momentum, level.inner_weight_decay, level.truncate)


def local_program(batch: Batch, meta_loss: MetaLoss, level: ExemplarLevel) -> Engine:
    """The engine of Eq. 7-9 for the inner problem that ``level.inner`` names.

    ``full`` (the paper) and ``head``: T steps of SGD on every parameter of the temporary model that requires a
    gradient. For ``head`` that is the last layer; whoever makes the temporary model freezes the rest of it.
    ``ncm`` and ``ridge``: the last layer by a formula.

    Args:
        batch: the exemplars of an inner step.
        meta_loss: the outer objective, Eq. 7a.
        level: the fields of the exemplar level.
    """
    if level.inner in FORMULAS:
        return ClosedForm(batch, meta_loss, FORMULAS[level.inner](level), level.inner)

    def base_loss(classifier: Classifier, exemplars: Tensor, *minibatch: Any) -> Tensor:
        inputs, labels = batch(exemplars, *minibatch)  # [m, c, h, w], [m]
        return cross_entropy(classifier(inputs), labels)  # Eq. 7b

    return ENGINES[level.engine](base_loss, meta_loss, inner_sgd(level))
