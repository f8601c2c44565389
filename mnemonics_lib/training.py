"""Mini-batch SGD on resident tensors: the loop behind Eq. 6 and the balanced fine-tuning."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from mnemonics_lib.config import Optimisation
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.rng import stream

LossFunction = Callable[[Tensor, Tensor], Tensor]
"""(images [n, c, h, w], labels [n]) -> scalar loss of the model being trained."""


def train(
    model: nn.Module,
    loss: LossFunction,
    images: Tensor,
    labels: Tensor,
    settings: Optimisation,
    pixels: Pixels,
    seed: int,
    progress: str = "",
) -> list[float]:
    """Minimise ``loss`` over the model's trainable parameters, in place.

    Args:
        model: put into training mode (evaluation mode for ``batch_norm = running``), so that batch normalisation uses
            and updates the statistics that the settings name.
        loss: closes over the model.
        images: normalised, [n, c, h, w].
        labels: [n].
        settings: epochs, rate, schedule, batch size, augmentation.
        pixels: the data set's augmentation.
        seed: of the order of the samples and of the crops.
        progress: label of a progress bar; empty for none.

    Returns:
        Mean training loss of each epoch.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(
        parameters, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, settings.milestones, settings.gamma)
    order, crops = stream(seed, "order"), stream(seed, "crops")
    model.train(settings.batch_norm == "batch")
    history = []
    for _ in tqdm(range(settings.epochs), desc=progress, disable=not progress, leave=False):
        total = torch.zeros((), device=images.device)
        for batch in batches(len(images), settings.batch_size, order):
            chosen = batch.to(images.device)
            x = images[chosen]
            if settings.augment:
                x = pixels.augment(x, crops)
            value = loss(x, labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            total += value.detach() * len(chosen)
        scheduler.step()
        history.append(total.item() / len(images))
    return history


def batches(count: int, size: int, generator: torch.Generator) -> list[Tensor]:
    """A random partition of 0..count-1 into equal-sized batches (their sizes differ by at most one).

    Equal sizes, rather than a short last batch, keep batch statistics meaningful: one leftover sample has none.
    """
    order = torch.randperm(count, generator=generator)
    return list(torch.tensor_split(order, max(1, -(-count // size))))
