"""The exemplar level, section 4.3: exemplars as parameters, trained through the training of a temporary model.

:class:`ExemplarTraining` is Figure 3(b), the uniform flow of Eq. 7 to 9. With the new exemplars and D_i it is Eq. 9;
with one part of the old exemplars and the rest of them it is Eq. 10 (:mod:`mnemonics_lib.exemplars.adjustment`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel import guard
from mnemonics_lib.bilevel.inner import local_program
from mnemonics_lib.bilevel.problem import Classifier, Engine
from mnemonics_lib.bilevel.requirements import refuse_if_parts_are_missing
from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.data.batches import Data, InnerBatches, ValidationBatches
from mnemonics_lib.data.held import HeldImages, Images, read
from mnemonics_lib.data.held_batches import HeldInnerBatches
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.outer_log import OuterLog, rms
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.loop_state import part, require_like, require_steps, take_optimizer
from mnemonics_lib.loops import LoopState, refuse_if_done
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.rng import derive, seeded, stream

Kept = tuple[Images, Tensor]
"""Normalised images [n, c, h, w], on the device or held by the host, and class positions [n]."""


class ExemplarTraining:
    """E <- E - beta grad_E L_c(Theta'(E); D), where Theta'(E) is trained on E: Eq. 7 to 9, one outer step a step.

    Args:
        model: Theta_i, any classifier of images; not changed.
        exemplars: E, the images to train [n, c, h, w], and their labels [n]. Those that the host holds are trained
            there; in each outer step those that take part in it go to the device.
        validation: D, the data of the meta loss, Eq. 7a.
        context: exemplars that take part in Eq. 8 and in the meta loss but stay as they are; None, or empty, for none.
        level: the axes of the local bilevel programme; ``level.epochs`` is the number of passes over ``validation``.
        seed: of the batches, crops and perturbed starts, and of what layers draw from torch's own generators.

    Attributes:
        E: the exemplars, [n, c, h, w].
        start: what they were at first.
        log: one row per outer step.

    Raises:
        TypeError: for a network that lacks what ``level.inner`` needs.
    """

    def __init__(
        self,
        model: nn.Module,
        exemplars: Kept,
        validation: Samples,
        context: Kept | None,
        level: ExemplarLevel,
        seed: int,
    ) -> None:
        refuse_if_parts_are_missing(model, level.inner)
        images, labels = exemplars
        context = (images[labels[:0]], labels[:0]) if context is None else context
        self.model, self.context, self.level, self.seed = model, (read(context[0]), context[1]), level, seed
        self.start = (images.floats() if isinstance(images, HeldImages) else images).detach()
        self.E = self.start.clone().requires_grad_()
        self.samples, self.pixels = validation, validation.pixels.on(self.E.device)
        self.validation = ValidationBatches(validation, level.val_batch, level.epochs, level.val_augment, seed)
        crops = validation.pixels if level.inner_augment else None
        batches = HeldInnerBatches if isinstance(images, HeldImages) else InnerBatches
        self.inner = batches(labels, self.context, level.inner_batch, crops, seed)
        # How many classes each stands for: the weights of balanced_loss.
        self.classes = [len(of.unique()) for of in (validation.labels, context[1])]
        self.engine = self.program(level)
        self.optimizer, self.scheduler = pixel_optimizer(self.E, level)
        # Drawn beforehand, one a step, so that a training that goes on at step k need not replay the first k draws.
        shares = stream(seed, "shares")
        self.shares = [torch.rand((), generator=shares).item() for _ in range(len(self))]
        self.log, self._done = OuterLog(len(self), self.E), 0

    def step(self) -> None:
        """One outer step."""
        refuse_if_done(self)
        D = self.validation[self.done]  # images [v, c, h, w], labels [v]
        theta = self.temporary(self.done)  # Theta' <- Theta_i, or a network near it
        minibatches = self.inner.draw(self.done, self.engine.minibatches_per_call)  # of E, one for each inner step
        E = self.inner.bring(self.E)  # as it is; or, of exemplars on the host, those of these mini-batches
        with seeded(derive(self.seed, "layers", self.done), E.device):
            result = self.engine(theta, E, minibatches, D)  # Eq. 8, T times; Eq. 7a; its gradient through Eq. 8
        self.E.grad = self.inner.carry_back(result.gradient)  # grad_E L_c(Theta'(E); D), [n, c, h, w]
        self.optimizer.step()  # Eq. 9; SGD: E <- E - beta_1 grad_E L_c(Theta'(E); D)
        outside = self.pixels.outside(self.E.detach())  # before the projection, which leaves nothing outside
        if self.level.clip:
            self.E.data.copy_(self.pixels.clip(self.E.detach()))
        moved, losses = self.E.detach() - self.start, result.base_losses
        distances = rms(moved), moved.abs().max()
        self.log.write(self.done, result.meta_loss, losses[0], losses[-1], rms(self.E.grad), *distances, outside)
        self._done += 1
        if self.done % self.validation.per_pass == 0:
            self.scheduler.step()  # beta_1 halves every ``halve_every`` passes, by default never

    def temporary(self, step: int) -> nn.Module:
        """Theta' at the start of an outer step, a function of the seed and the step alone."""
        return temporary_model(self.model, self.level, derive(self.seed, "start", step), self.shares[step])

    def program(self, level: ExemplarLevel) -> Engine:
        """The local bilevel programme on these exemplars and data, as ``level`` has it."""
        return local_program(self.inner.load, self.meta_loss, level)

    def meta_loss(self, classifier: Classifier, images: Tensor, labels: Tensor) -> Tensor:
        """L_c(Theta'; D), Eq. 7a, on images [b, c, h, w] and labels [b] of D; a number."""
        return balanced_loss(classifier, (images, labels), self.context, *self.classes)

    def fit_into(self, free: float) -> None:
        """Raise WillNotFitError, which names what would fit, unless a step fits into ``free`` bytes; then use them."""
        self.refuse_if_too_large(free)
        self.use(free)

    def refuse_if_too_large(self, free: float) -> None:
        """The same question, and no use made of the bytes."""
        guard.refuse_if_too_large(self.forecast(self.level, len(self.inner)), self._validation(), free)

    def forecast(self, level: ExemplarLevel, exemplars: int) -> guard.Forecast:
        """What an outer step takes of memory, with these fields and so many exemplars in Eq. 8."""
        held = isinstance(self.inner, HeldInnerBatches)
        return guard.Forecast(self.program, self.temporary(0), self.few(), exemplars, level, held)

    def fit_into_host(self, free: float) -> None:
        """The same for exemplars that the host holds for a device, in ``free`` bytes of the host."""
        if isinstance(self.inner, HeldInnerBatches):
            guard.refuse_if_host_is_too_small(self.start[0].nbytes, len(self.start), self.level, free)

    def use(self, free: float) -> None:
        """Where so many bytes are many, let the engine take more of them and less time; it computes the same."""
        batch = min(len(self.inner), self.level.inner_batch or len(self.inner))
        self.engine = guard.with_room_where_there_is(
            self.engine, self.temporary(0), self.few(), batch, self._validation(), free
        )

    def few(self) -> Tensor:
        """Some of the images, where the model is."""
        return self.start[: guard.PROBE].to(self.samples.labels.device)

    def _validation(self) -> int:
        """Images in the largest meta loss."""
        return self.validation.largest + len(self.context[1])

    @property
    def done(self) -> int:
        """Outer steps done."""
        return self._done

    def __len__(self) -> int:
        """Outer steps in all."""
        return len(self.validation)

    def state(self) -> LoopState:
        """The images and the log; while steps remain also the optimiser (Adam's is twice as large) and its schedule."""
        state: LoopState = {"images": self.E.detach(), "log": self.log.rows[: self.done]}
        if self.done < len(self):
            state |= {"optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict()}
        return state

    def load_state(self, state: LoopState) -> None:
        """Go on from there."""
        with part(state, "log") as rows:
            done = require_steps(len(rows), len(self))
            self.log.rows[:done] = require_like(rows, self.log.rows[:done])
        with part(state, "images") as images:
            self.E.data.copy_(require_like(images, self.E))  # in place: the optimiser holds this very tensor
        self._done = done
        if self.done < len(self):
            take_optimizer(state, self.optimizer, self.scheduler)


def new_exemplar_training(
    model: nn.Module, memory: ExemplarMemory, first: int, data: Samples, level: ExemplarLevel, seed: int
) -> ExemplarTraining:
    """Eq. 9: the training of E_i, the exemplars of classes ``first`` and up, validated on D_i.

    With ``objective = eq7`` the temporary model sees E_i alone and is validated on D_i alone. With ``eq4b`` it sees
    E_{0:i} (of which only E_i is trained) and is validated on D_i and E_{0:i-1}.

    Args:
        model: Theta_i.
        memory: E_{0:i}.
        first: the first of the new classes.
        data: D_i.
        level: the axes of the local bilevel programme.
        seed: as in :class:`ExemplarTraining`.
    """
    new, old = memory.labels >= first, memory.labels < first
    if level.objective == "eq7":
        old = torch.zeros_like(old)
    exemplars, context = (memory.images[new], memory.labels[new]), (memory.images[old], memory.labels[old])
    return ExemplarTraining(model, exemplars, data, context, level, seed)


def pixel_optimizer(
    E: Tensor, level: ExemplarLevel
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """What makes the step of Eq. 9, and its schedule: beta_1 halves every ``level.halve_every`` passes.

    Args:
        E: the exemplars, [n, c, h, w], a leaf that requires a gradient.
        level: the optimiser, beta_1 and the halving.
    """
    make = torch.optim.Adam if level.optimizer == "adam" else torch.optim.SGD
    optimizer: torch.optim.Optimizer = make([E], lr=level.beta)
    # 0 keeps beta: the first halving would come after the last pass.
    return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, level.halve_every or level.epochs + 1, gamma=0.5)


def balanced_loss(classifier: Classifier, data: Data, context: Data, new: int, old: int) -> Tensor:
    """L_c on ``data`` and ``context`` together, in one pass, each weighted by its number of classes.

    ``context`` holds a few exemplars per class and ``data`` hundreds of images: a plain mean over the union would
    hardly see the old classes. One pass, because the statistics of batch normalisation are then those of all classes,
    as in Eq. 8. With an empty context it is the plain mean over ``data``.

    Args:
        classifier: the temporary model.
        data: validation images [v, c, h, w] and labels [v].
        context: old exemplars [m, c, h, w] and labels [m].
        new: number of classes that ``data`` are drawn from.
        old: number of classes in ``context``.
    """
    if not len(context[1]):
        return cross_entropy(classifier(data[0]), data[1])
    logits = classifier(torch.cat([data[0], context[0]])).split([len(data[1]), len(context[1])])
    return (new * cross_entropy(logits[0], data[1]) + old * cross_entropy(logits[1], context[1])) / (new + old)
