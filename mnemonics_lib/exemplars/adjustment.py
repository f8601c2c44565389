"""The adjustment of old exemplars, Eq. 10: they have no data left, so parts of the memory validate one another."""

from __future__ import annotations

import torch
from torch import nn

from mnemonics_lib.config.sections import ExemplarLevel
from mnemonics_lib.data.batches import count_batches
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.loop_state import part
from mnemonics_lib.loops import LoopState, refuse_if_done
from mnemonics_lib.rng import derive


class Adjustment:
    """Eq. 10: each class-balanced part of E_{0:i-1} is trained with the other parts as its validation data.

    The parts are trained one after the other, so that the second is validated on the first as already adjusted (Eq.
    10b after 10a). A step of this loop is an outer step on the present part.

    Args:
        model: Theta_i; not changed.
        memory: E_{0:i}.
        parts: indices of the exemplars of each part, as :meth:`.ExemplarMemory.splits` gives them; the paper's A and B.
        level: the axes of the local bilevel programme; ``level.adjust_epochs`` counts the passes.
        pixels: augmentation and the range of real images.
        seed: as in :class:`.ExemplarTraining`.

    Attributes:
        memory: with the parts that are done adjusted.
        trainings: the training of each part so far.
    """

    def __init__(
        self,
        model: nn.Module,
        memory: ExemplarMemory,
        parts: list[torch.Tensor],
        level: ExemplarLevel,
        pixels: Pixels,
        seed: int,
    ) -> None:
        self.model, self.memory, self.parts = model, memory, parts
        self.level = level.model_copy(update={"epochs": level.adjust_epochs})
        self.pixels, self.seed = pixels, seed
        self._free = 0.0  # bytes, as far as anyone has said
        self.trainings = [self._training(0)]

    def step(self) -> None:
        """One outer step on the present part: Eq. 10a on the first, Eq. 10b on the second."""
        refuse_if_done(self)
        present = self.trainings[-1]
        if present.done == len(present):
            present = self._training(len(self.trainings))
            present.use(self._free)
            self.trainings.append(present)
        present.step()
        self._take(present)

    def _training(self, number: int) -> ExemplarTraining:
        """Of one part of the memory as it is now, validated on all the others."""
        mine = self.parts[number]
        others = torch.cat([index for k, index in enumerate(self.parts) if k != number])
        images, labels = self.memory.images, self.memory.labels
        validation = Samples.learned(images[others], labels[others], self.pixels)
        seed = derive(self.seed, "part", number)
        return ExemplarTraining(self.model, (images[mine], labels[mine]), validation, None, self.level, seed)

    def _take(self, training: ExemplarTraining) -> None:
        """Put a part that is done back into the memory."""
        if training.done == len(training):
            index = self.parts[len(self.trainings) - 1]
            self.memory = self.memory.with_images(index, training.E.detach())

    def fit_into(self, free: float) -> None:
        """Raise WillNotFitError unless steps of the present part, and of those to come, fit into ``free`` bytes.

        Parts differ by at most one exemplar of each class: the first has the most, the last is judged by the most.
        """
        self._free = free
        for number in range(len(self.trainings), len(self.parts)):
            self._training(number).refuse_if_too_large(free)
        self.trainings[-1].fit_into(free)

    def fit_into_host(self, free: float) -> None:
        """The same for the host's memory."""
        self.trainings[-1].fit_into_host(free)

    @property
    def done(self) -> int:
        """Outer steps done, on all parts."""
        return sum(training.done for training in self.trainings)

    def __len__(self) -> int:
        """Outer steps in all."""
        # Counted, because the trainings of later parts are not made yet.
        everyone = sum(map(len, self.parts))
        return self.level.epochs * sum(count_batches(everyone - len(mine), self.level.val_batch) for mine in self.parts)

    def state(self) -> LoopState:
        """That of each part so far."""
        return {"parts": [training.state() for training in self.trainings]}

    def load_state(self, state: LoopState) -> None:
        """Go on from there."""
        with part(state, "parts") as parts:
            if not 1 <= len(parts) <= len(self.parts):
                raise ValueError(f"{len(parts)} of them: must be 1 to {len(self.parts)}, those of this loop")
            self.trainings = []
            for number, of_part in enumerate(parts):
                training = self._training(number)
                training.load_state(of_part)
                if number < len(parts) - 1 and training.done < len(training):
                    raise ValueError(f"part {number} is not done, and part {number + 1} was begun")
                self.trainings.append(training)
                self._take(training)
