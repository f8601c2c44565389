"""Mini-batch SGD on resident tensors: the loop behind Eq. 6 and the balanced fine-tuning."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from mnemonics_lib.config import Optimisation
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device.recording import Step, recorder, upload
from mnemonics_lib.durable.journal import ALONE, Content, Loop
from mnemonics_lib.rng import stream

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""(images [n, c, h, w], labels [n]) -> scalar loss of the model being trained."""


def train(
    model: nn.Module,
    loss: LossFunction,
    samples: Samples,
    settings: Optimisation,
    seed: int,
    progress: str = "",
    loop: Loop = ALONE,
) -> list[float]:
    """Minimise ``loss`` over the model's trainable parameters, in place.

    Args:
        model: put into training mode (evaluation mode for ``batch_norm = running``), so that batch normalisation uses
            and updates the statistics that the settings name.
        loss: closes over the model; one step of the training is recorded where the device can (:class:`Step`), so its
            value must depend on its arguments and on tensors alone.
        samples: what to train on; each batch is normalised and augmented on the device when it is drawn.
        settings: epochs, rate, schedule, batch size, augmentation.
        seed: of the order of the samples and of the crops.
        progress: label of a progress bar; empty for none.
        loop: keeps what is needed to go on after each epoch.

    Returns:
        Mean training loss of each epoch.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(
        parameters, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.weight_decay, fused=True
    )
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, settings.milestone_epochs(), settings.gamma)
    order, crops = stream(seed, "order"), stream(seed, "crops")
    model.train(settings.batch_norm == "batch")
    history: list[float] = []
    if reached := loop.reached():
        model.load_state_dict(reached["model"])
        history = reached["history"]
    if reached and len(history) < settings.epochs:
        optimizer.load_state_dict(reached["optimizer"])
        scheduler.load_state_dict(reached["scheduler"])
        order.set_state(reached["order"].cpu())
        crops.set_state(reached["crops"].cpu())

    def everything() -> Content:
        result = {"model": model.state_dict(), "history": history}
        if len(history) == settings.epochs:
            return result
        return result | {
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "order": order.get_state(),
            "crops": crops.get_state(),
        }

    device = samples.labels.device
    total = torch.zeros((), device=device)

    def descend(rate: float, index: Tensor, *drawn: Tensor) -> None:
        x, y = samples.batch(index)
        if settings.augment:
            x = samples.pixels.crop(x, *drawn)
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"):
            value = loss(x, y)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()  # reads ``rate``
        total.add_(value.detach() * len(index))  # summed on the device: no step waits for another

    step = Step(descend, recorder(device))
    epochs = range(len(history), settings.epochs)
    for epoch in tqdm(epochs, desc=progress, disable=not progress, leave=False):
        chosen = batches(len(samples), settings.batch_size, order)
        columns = [[samples.real_first(batch) for batch in chosen]]
        if settings.augment:
            columns.append([samples.pixels.draw(len(batch), crops) for batch in chosen])
        total.zero_()
        for drawn in upload(columns, device):
            step(optimizer.param_groups[0]["lr"], *drawn)
        scheduler.step()
        history.append(total.item() / len(samples))
        loop.keep(everything, epoch + 1, settings.epochs)
    optimizer.zero_grad(set_to_none=True)  # a recording's gradients go with it
    return history


def batches(count: int, size: int, generator: torch.Generator) -> list[Tensor]:
    """A random partition of 0..count-1 into equal-sized batches (their sizes differ by at most one).

    Equal sizes, rather than a short last batch, keep batch statistics meaningful: one leftover sample has none.
    """
    order = torch.randperm(count, generator=generator)
    return list(torch.tensor_split(order, max(1, -(-count // size))))


def balanced_batches(labels: Tensor, size: int, generator: torch.Generator) -> list[Tensor]:
    """A random partition of 0..n-1 into equal-sized batches that each hold the classes in equal numbers.

    Both to within one: every class's samples are shuffled, and dealt to the batches in turn.

    Args:
        labels: [n].
        size: of a batch, at most.
        generator: of the order.
    """
    order = torch.randperm(len(labels), generator=generator)
    _, classes, counts = labels.cpu()[order].unique(return_inverse=True, return_counts=True)
    grouped = classes.argsort(stable=True)
    turn = torch.arange(len(labels)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
    dealt = grouped[turn.argsort(stable=True)]  # first of each class, second of each class, ...
    return list(torch.tensor_split(order[dealt], -(-len(labels) // size)))
