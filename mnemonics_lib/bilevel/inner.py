"""The inner problem, Eq. 7b: what of the temporary model is fitted to the exemplars, and how that is differentiated."""

from __future__ import annotations

import functools
from typing import Any

from torch import Tensor

from mnemonics_lib.bilevel import closed_form
from mnemonics_lib.bilevel.adjoint_engine import Adjoint
from mnemonics_lib.bilevel.higher_engine import Higher
from mnemonics_lib.bilevel.problem import Batch, Classifier, Drawn, Engine, Hypergradient, InnerLoop, MetaLoss
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet

ENGINES: dict[str, type[Engine]] = {"higher": Higher, "adjoint": Adjoint}
"""How the gradient through T steps of SGD is computed; all give the same one."""


def inner_loop(settings: ExemplarLevel) -> InnerLoop:
    """Eq. 8's numbers among the axes of the local BOP."""
    return InnerLoop(
        settings.inner_steps,
        settings.alpha,
        settings.inner_momentum,
        settings.inner_weight_decay,
        settings.truncate,
    )


class LocalProgram:
    """Gradient of the validation loss with respect to E, for the inner problem that ``settings.inner`` names.

    ``full``: T steps on every trainable parameter (Eq. 8, the paper). ``head``: T steps on the last layer alone.
    ``ncm`` and ``ridge``: the last layer by a formula (:mod:`mnemonics_lib.bilevel.closed_form`).

    Args:
        batch: the exemplars of an inner step.
        meta_loss: the outer objective.
        settings: the axes of the local BOP.

    Attributes:
        asked: of how many inner steps it wants to know what they were dealt: T, or 1 for a formula.
    """

    def __init__(self, batch: Batch, meta_loss: MetaLoss, settings: ExemplarLevel) -> None:
        self.inner = settings.inner
        if settings.inner in ("ncm", "ridge"):
            solve: closed_form.Solver = closed_form.nearest_mean
            if settings.inner == "ridge":
                solve = functools.partial(closed_form.ridge_regression, strength=settings.ridge)
            self.asked = 1
            self.engine: Engine = closed_form.ClosedForm(batch, meta_loss, solve)
            return

        def base_loss(classifier: Classifier, images: Tensor, *drawn: Any) -> Tensor:
            inputs, labels = batch(images, *drawn)
            return cross_entropy(classifier(inputs), labels)

        self.asked = settings.inner_steps
        self.engine = ENGINES[settings.engine](base_loss, meta_loss, inner_loop(settings))

    def __call__(
        self, temporary: IncrementalNet, exemplars: Tensor, drawn: Drawn | None = None, judges: tuple[Tensor, ...] = ()
    ) -> Hypergradient:
        """Of one outer step.

        Args:
            temporary: Theta' before Eq. 8; ``head`` freezes its backbone.
            exemplars: E, [n, c, h, w].
            drawn: for each inner step that is asked about, the batch's further arguments; left out, its number t.
            judges: the meta loss's further arguments.
        """
        if self.inner == "head":
            temporary.backbone.requires_grad_(False)
        return self.engine(temporary, exemplars, drawn, judges)
