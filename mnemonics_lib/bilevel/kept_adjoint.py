"""The recursion of :mod:`~mnemonics_lib.bilevel.recorded_adjoint` for a machine with memory to spare.

The graph of each inner step is kept on the way forwards, so that nothing is computed twice. The operations are the same
in the same order, so the gradient is the same to the bit, and no result depends on how much memory was free.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.functional import Parameters, leaves
from mnemonics_lib.bilevel.problem import (
    OVERHEAD,
    TRANSIENT,
    BaseLoss,
    GraphSize,
    Hypergradient,
    InnerSGD,
    MetaLoss,
    Minibatches,
)
from mnemonics_lib.bilevel.requirements import refuse_if_nothing_moves
from mnemonics_lib.bilevel.second_order import with_second_order
from mnemonics_lib.bilevel.walk import Slopes, Walk, signature


class KeptAdjoint(Adjoint):
    """What :class:`~.recorded_adjoint.RecordedAdjoint` computes, with each step's graph kept until the way back.

    Steps are plain calls, and each is computed once: a layer may keep what a forward pass changes.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None:
        super().__init__(base_loss, meta_loss, sgd)
        self._walk: Walk | None = None

    @torch.enable_grad()
    def __call__(
        self,
        model: nn.Module,
        exemplars: Tensor,
        minibatches: Minibatches | None = None,
        validation: tuple[Tensor, ...] = (),
    ) -> Hypergradient:
        """Walk forwards, validate, walk back; the tensors of the first call serve all later ones that are alike."""
        refuse_if_nothing_moves(model)
        if self._walk is None or self._walk.signature != signature(model, exemplars):
            self._walk = Walk(model, exemplars, self.base_loss, self.meta_loss, self.sgd)
        walk, minibatches = self._walk, self.sgd.draws(minibatches)
        walk.start(model, exemplars)
        graphs: list[tuple[Parameters, Slopes]] = []
        for t in range(self.sgd.steps):
            differentiated = t >= self.sgd.constant
            theta = leaves(parameter.clone() for parameter in walk.theta)  # which the step changes in place
            images = walk.images if differentiated else walk.images.detach()
            slopes = walk.slopes(theta, images, *minibatches[t])
            walk.base_losses[t : t + 1].copy_(walk.loss)
            walk.descend(slopes)
            if differentiated:
                graphs.append((theta, slopes))
        walk.validate(*validation)
        while graphs:
            walk.pull_back(*graphs.pop())
        return walk.result()

    def peak_bytes(self, graph: GraphSize, batch: int, validation: int) -> float:
        """All graphs that are kept, the meta loss's besides, and two parameter vectors a step."""
        kept = self.sgd.differentiated
        graphs = (OVERHEAD * kept + TRANSIENT) * batch * graph.step
        return graphs + 2 * validation * graph.forward + (2 * kept + 5) * graph.parameters

    def layers(self, model: nn.Module) -> nn.Module:
        """Those whose second derivatives are written out."""
        return with_second_order(model)
