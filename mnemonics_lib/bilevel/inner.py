"""The inner problem, Eq. 7b: what of the temporary model is fitted to the exemplars, and how that is differentiated."""

from __future__ import annotations

import functools

from torch import Tensor

from mnemonics_lib.bilevel import adjoint_engine, closed_form, higher_engine
from mnemonics_lib.bilevel.problem import Batch, Classifier, Engine, Hypergradient, MetaLoss
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet

ENGINES: dict[str, Engine] = {"higher": higher_engine.hypergradient, "adjoint": adjoint_engine.hypergradient}
"""How the gradient through T steps of SGD is computed; all give the same one."""


def hypergradient(
    temporary: IncrementalNet, exemplars: Tensor, batch: Batch, meta_loss: MetaLoss, settings: ExemplarLevel
) -> Hypergradient:
    """Gradient of the validation loss with respect to E, for the inner problem that ``settings.inner`` names.

    ``full``: T steps on every trainable parameter (Eq. 8, the paper). ``head``: T steps on the last layer alone.
    ``ncm`` and ``ridge``: the last layer by a formula (:mod:`mnemonics_lib.bilevel.closed_form`).

    Args:
        temporary: Theta' before Eq. 8; ``head`` freezes its backbone.
        exemplars: E, [n, c, h, w].
        batch: the exemplars of each inner step.
        meta_loss: the outer objective.
        settings: the axes of the local BOP.
    """
    if settings.inner == "ncm":
        return closed_form.hypergradient(temporary, exemplars, batch, meta_loss, closed_form.nearest_mean)
    if settings.inner == "ridge":
        solve = functools.partial(closed_form.ridge_regression, strength=settings.ridge)
        return closed_form.hypergradient(temporary, exemplars, batch, meta_loss, solve)
    if settings.inner == "head":
        temporary.backbone.requires_grad_(False)

    def base_loss(classifier: Classifier, images: Tensor, t: int) -> Tensor:
        inputs, labels = batch(images, t)
        return cross_entropy(classifier(inputs), labels)

    return ENGINES[settings.engine](
        temporary,
        exemplars,
        base_loss,
        meta_loss,
        settings.inner_steps,
        settings.alpha,
        momentum=settings.inner_momentum,
        weight_decay=settings.inner_weight_decay,
        truncate=settings.truncate,
    )
