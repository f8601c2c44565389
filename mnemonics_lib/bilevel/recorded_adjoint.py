"""The recursion of :mod:`~mnemonics_lib.bilevel.adjoint`, for speed.

The mathematics is that of ``adjoint.py``, which is the place to read it; the tests hold the two together. What differs:

- Tensors are made once, at the first call, and changed in place (``walk.py``). On a GPU the three kinds of step are
  recorded once warm and replayed from then on (:class:`~mnemonics_lib.device.recording.Step`), because Python cannot
  launch the thousand short kernels of a small network as fast as a GPU runs them.
- Convolutions and batch normalisations have second derivatives of our own (:mod:`~.second_order`), and on the way back
  a convolution does not compute again the slope of its weight, which was used on the way there.
- Where memory allows, another engine takes its place, which makes each graph once (:mod:`~.kept_adjoint`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.adjoint import Adjoint
from mnemonics_lib.bilevel.functional import leaves
from mnemonics_lib.bilevel.kept_adjoint import KeptAdjoint
from mnemonics_lib.bilevel.problem import BaseLoss, Hypergradient, InnerSGD, MetaLoss, Minibatches
from mnemonics_lib.bilevel.repeated import Replay, refuse_if_different
from mnemonics_lib.bilevel.requirements import refuse_if_nothing_moves
from mnemonics_lib.bilevel.second_order import with_second_order, with_unread_slopes
from mnemonics_lib.bilevel.walk import Walk, copies, signature
from mnemonics_lib.device.recording import WARM, Step, recorder


class RecordedAdjoint(Adjoint):
    """The same recursion as :class:`~.adjoint.Adjoint`, for speed; ``exemplar_level.engine = adjoint`` names it.

    Where steps are recorded, the losses may depend on their arguments and on tensors alone, and mini-batches should be
    given as tensors: another number t would be another recording.
    """

    def __init__(self, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD) -> None:
        super().__init__(base_loss, meta_loss, sgd)
        self._walk: _RepeatedWalk | None = None
        self._steps: list[Step] = []

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
            self._walk, self._steps = None, []  # their memory is given back before others are made
            self._walk = _RepeatedWalk(model, exemplars, self.base_loss, self.meta_loss, self.sgd)
            kinds, record = (self._walk.forwards, self._walk.validate, self._walk.backwards), recorder(exemplars.device)
            self._steps = [Step(kind, self._walk.changed, record) for kind in kinds]
        walk, (forwards, validate, backwards) = self._walk, self._steps
        steps, constant, replay = self.sgd.steps, self.sgd.constant, Replay(exemplars.device)
        minibatches = self.sgd.draws(minibatches)
        walk.start(model, exemplars)
        for t in range(steps):
            if t >= constant:
                torch._foreach_copy_(walk.trajectory[t - constant], walk.theta)
                replay.note(t)
            forwards(*minibatches[t])
            walk.base_losses[t : t + 1].copy_(walk.loss)
        validate(*validation)
        for t in reversed(range(constant, steps)):
            torch._foreach_copy_(walk.theta, walk.trajectory[t - constant])
            with replay.again(t):
                backwards(*minibatches[t])
            walk.repeated[t : t + 1].copy_(walk.loss)
        if walk.calls <= WARM:  # not for ever, since it waits for the device; by then all steps have been replayed
            refuse_if_different(model, walk.base_losses[constant:], walk.repeated[constant:])
            walk.calls += 1
        return walk.result()

    def layers(self, model: nn.Module) -> nn.Module:
        """Those whose second derivatives are written out."""
        return with_second_order(model)

    def with_room(self) -> KeptAdjoint:
        """The same gradient to the bit, for more memory and less time."""
        return KeptAdjoint(self.base_loss, self.meta_loss, self.sgd)


class _RepeatedWalk(Walk):
    """A walk whose graphs are made anew on the way back, from the parameters on the way there."""

    def __init__(
        self, model: nn.Module, exemplars: Tensor, base_loss: BaseLoss, meta_loss: MetaLoss, sgd: InnerSGD
    ) -> None:
        super().__init__(model, exemplars, base_loss, meta_loss, sgd)
        # Theta'_t of the steps that the walk back needs, and the base losses on that way.
        self.trajectory = copies(self.functional.start(), sgd.differentiated)
        self.repeated = torch.empty_like(self.base_losses)
        self.calls = 0

    def forwards(self, *minibatch: Any) -> None:
        """Theta'_t -> Theta'_{t+1}."""
        self.descend(self.slopes(leaves(self.theta), self.images.detach(), *minibatch))

    def backwards(self, *minibatch: Any) -> None:
        """(u, v) at Theta'_{t+1} -> at Theta'_t."""
        theta = with_unread_slopes(leaves(self.theta))
        self.pull_back(theta, self.slopes(theta, self.images, *minibatch))
