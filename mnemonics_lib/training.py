"""The model level, Eq. 6: mini-batch SGD on Theta. The balanced fine-tuning is the same loop on other data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mnemonics_lib.config.sections import Optimisation
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.data.streamed import StreamedEpochs, epoch_batches
from mnemonics_lib.device.processes import processes
from mnemonics_lib.device.recording import Step, recorder
from mnemonics_lib.divergence import require_finite
from mnemonics_lib.loop_state import part, require_steps, take_optimizer
from mnemonics_lib.loops import LoopState, refuse_if_done
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.rng import derive, seeded

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""(images [b, c, h, w], labels [b]) -> scalar loss of the model being trained."""


def classification(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """L_c of Eq. 2 on one batch, images [b, c, h, w] and labels [b].

    It is a function with a name, because other processes may be told to take it too.
    """
    return cross_entropy(model(images), labels)


class Descent:
    """Theta <- Theta - alpha_1 grad_Theta L_all (Eq. 6), over mini-batches; a step of this loop is one epoch.

    Where there are several processes (:mod:`mnemonics_lib.device.processes`), they take each epoch together: a process
    computes ``loss`` on its share of each mini-batch, and its value and gradient are averaged over them.

    Args:
        model: Theta, changed in place: every parameter that requires a gradient moves.
        loss: L_all of Eq. 5; it closes over the model. A GPU may record it (:mod:`mnemonics_lib.device.recording`), so
            its value must depend on its arguments and on tensors alone. Other processes are sent it, so it must then
            stand pickling, together with the model.
        samples: E_{0:i-1} and D_i; for the balanced fine-tuning E_{0:i}.
        sgd: epochs, batch size, rate and schedule, momentum, decay, augmentation, precision.
        seed: of the order of the samples, of the crops, and of what layers and losses draw from torch's own generators.

    Attributes:
        losses: mean loss of each epoch so far.
    """

    def __init__(self, model: nn.Module, loss: LossFunction, samples: Samples, sgd: Optimisation, seed: int) -> None:
        self.model, self.loss, self.sgd, self.seed = model, loss, sgd, seed
        self.processes = processes()  # this one alone, as a rule
        self.batches = epoch_batches(samples, sgd.batch_size, sgd.augment, seed, self.processes.share)
        self.optimizer = torch.optim.SGD(
            [parameter for parameter in model.parameters() if parameter.requires_grad],
            lr=sgd.rate,
            momentum=sgd.momentum,
            weight_decay=sgd.weight_decay,
            fused=True,  # one kernel for all parameters, of which a ResNet has a hundred small ones
        )
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, sgd.milestone_epochs(), sgd.gamma)
        self.losses: list[float] = []
        self.device = samples.labels.device
        self.total = torch.zeros((), device=self.device)  # summed on the device, so that no step waits for it
        # A plain call on a CPU, for pictures from disk, of which each batch comes in tensors of its own, and where
        # processes wait for one another.
        plain = isinstance(self.batches, StreamedEpochs) or self.processes.count > 1
        self._descend = Step(self.descend, self._changed, None if plain else recorder(self.device))

    def step(self) -> None:
        """One epoch."""
        refuse_if_done(self)
        self.loss = self.processes.join(self)  # alone, what it was
        self.model.train(self.sgd.batch_norm == "batch")  # whose statistics batch normalisation uses
        self.total.zero_()
        with seeded(derive(self.seed, "layers", self.done, *self.processes.names), self.device):
            for minibatch in self.batches.epoch():
                self._descend(self.optimizer.param_groups[0]["lr"], *minibatch)
        self.scheduler.step()  # alpha_1 drops at the milestones
        self.losses.append(self.processes.mean(self.total).item() / len(self.batches.samples))
        require_finite({"training_loss": self.losses[-1]})
        if self.done == len(self):
            self.optimizer.zero_grad(set_to_none=True)  # the memory of the gradients is free for what follows
            self.loss = self.processes.leave(self)

    def descend(self, rate: float, *minibatch: Tensor) -> None:
        """Eq. 6 on one mini-batch. The optimiser holds the rate too; here it tells two recordings apart."""
        x, y = self.batches.load(*minibatch)  # [b, c, h, w], [b]; of several processes each has a share of x
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.sgd.precision == "bfloat16"):
            loss = self.loss(x, y)  # L_all, Eq. 5
        self.optimizer.zero_grad(set_to_none=True)  # to None, since adding to zeros would be another pass over memory
        loss.backward()  # grad_Theta L_all, which several processes average here
        self.optimizer.step()  # Eq. 6
        self.total.add_(loss.detach() * len(y))

    def _changed(self) -> list[Tensor]:
        """What one mini-batch changes: the model, the optimiser's velocities, the sum of the losses."""
        velocities = [value for of in self.optimizer.state.values() for value in of.values() if torch.is_tensor(value)]
        return [*self.model.parameters(), *self.model.buffers(), *velocities, self.total]

    def values(self) -> tuple[Any, ...]:
        """What another such loop is made of, for one in another process."""
        return self.model, self.loss, self.batches.samples, self.sgd, self.seed

    @property
    def done(self) -> int:
        """Epochs done."""
        return len(self.losses)

    def __len__(self) -> int:
        """Epochs in all."""
        return self.sgd.epochs

    def state(self) -> LoopState:
        """The model and the losses; while epochs remain also the optimiser, its schedule and the random streams."""
        state: LoopState = {"model": self.model.state_dict(), "losses": self.losses}
        if self.done < len(self):
            state |= {"optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict()}
            state |= {"batches": self.batches.state()}
        return state

    def load_state(self, state: LoopState) -> None:
        """Go on from there."""
        with part(state, "losses") as losses:
            require_steps(len(losses), len(self))
            self.losses = list(losses)
        with part(state, "model") as model:
            self.model.load_state_dict(model)
        if self.done < len(self):
            take_optimizer(state, self.optimizer, self.scheduler)
            with part(state, "batches") as batches:
                self.batches.load_state(batches)
