"""What a training of exemplars is compared with: the same loss on a fixed panel, and steps along pure noise.

The log of a training shows one random start and one random batch per step, whose losses cannot be compared. A panel of
fixed starts and images can: it is measured on the exemplars before and after. So is the loss of the exemplars
themselves, which says whether training took them to where Theta_i is less sure of their class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import metrics
from mnemonics_lib.bilevel.solution import solve
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining, pixel_optimizer
from mnemonics_lib.exemplars.outer_log import rms
from mnemonics_lib.exemplars.temporary import temporary_model
from mnemonics_lib.models import evaluating
from mnemonics_lib.rng import derive, seeded, stream

STARTS, IMAGES, PIXELS = 4, 512, 2**16
"""Temporary models and validation images of a panel, and pixels that noise is tried on."""


def controls(
    trainings: Sequence[ExemplarTraining], given_back: Callable[[Tensor, Pixels], Tensor] | None = None
) -> dict[str, Any]:
    """The log of one or several finished trainings of parts of a memory, and what to compare it with.

    What is measured afterwards is measured on the images that are kept: those that ``E`` holds now, also where their
    displacements were shuffled (:mod:`mnemonics_lib.exemplars.shuffled`), as they are stored. The log is of the
    training.

    Args:
        trainings: finished.
        given_back: exemplars [n, c, h, w] as storage gives them back; None where it keeps them as they are.

    Returns:
        ``steps``: the log's columns, one training after the other. ``panel``: the meta loss on the fixed panel
        ``before`` and ``after``, with the batch's statistics, and ``before_running`` and ``after_running``, with the
        running ones of the temporary model; means over the trainings. ``noise_displacement``: root mean square of
        :func:`noise_displacement` over the trainings. ``own_loss_before`` and ``own_loss_after``: :func:`own_loss`,
        means over the trainings.

    Raises:
        NonFiniteError: where one of these is NaN or infinite.
    """
    logs = [training.log.columns(training.done) for training in trainings]
    steps = {name: [value for log in logs for value in log[name]] for name in logs[0]}
    after = [given_back(t.E.detach(), t.pixels) if given_back else t.E.detach() for t in trainings]
    losses = torch.tensor(
        [[*panel(t, t.start), *panel(t, E)] for t, E in zip(trainings, after, strict=True)], dtype=torch.float64
    )
    names = ("before", "before_running", "after", "after_running")
    noise = torch.tensor([noise_displacement(training) for training in trainings], dtype=torch.float64)
    own = torch.tensor(
        [[own_loss(t, t.start), own_loss(t, E)] for t, E in zip(trainings, after, strict=True)], dtype=torch.float64
    )
    own_before, own_after = own.mean(dim=0).tolist()
    return {
        "steps": steps,
        "panel": dict(zip(names, losses.mean(dim=0).tolist(), strict=True)),
        "noise_displacement": rms(noise).item(),
        "own_loss_before": own_before,
        "own_loss_after": own_after,
    }


def panel(training: ExemplarTraining, images: Tensor) -> tuple[float, float]:
    """The meta loss, Eq. 7a, of models trained on ``images``, over fixed starts and validation images.

    The starts are as far from Theta_i as the perturbed ones of the training are: at evenly spaced r between 0 and
    ``level.perturbation``. Without perturbation there is one, Theta_i.

    Args:
        training: whose model, validation data and axes to use.
        images: exemplars in the place of its own, [n, c, h, w].

    Returns:
        With the statistics of the validation batch, and with the running statistics of the temporary model. After few
        inner steps from a perturbed start the running ones are for a good part still those of Theta_i (after T steps
        0.9 ** T of them), which do not fit it: the second loss has that misfit in it.
    """
    level, seed, samples = training.level, derive(training.seed, "panel"), training.samples
    chosen = torch.randperm(len(samples), generator=stream(seed, "images"))[:IMAGES]
    x, y = samples.batch(chosen.to(samples.labels.device))  # [v, c, h, w], [v]
    starts = STARTS if level.start == "perturbed" else 1
    losses = []
    for k in range(starts):
        theta = temporary_model(training.model, level, derive(seed, "start", k), (k + 0.5) / starts)
        minibatches = training.inner.draw(
            -1 - k, training.engine.minibatches_per_call
        )  # batches that no outer step has had
        E = training.inner.bring(images)
        with seeded(derive(seed, "layers", k), E.device):  # dropout has one set of masks before and after
            fitted = solve(theta, E, minibatches, training.inner.load, level)  # Eq. 8, T times
            with torch.no_grad():
                running = training.meta_loss(fitted.eval(), x, y)  # before a pass in training mode would change them
                batch = training.meta_loss(fitted.train(), x, y)
        losses.append(torch.stack([batch, running]))
    batch_loss, running_loss = torch.stack(losses).mean(dim=0).tolist()
    return batch_loss, running_loss


def own_loss(training: ExemplarTraining, images: Tensor) -> float:
    """The classification loss, Eq. 2, of exemplars at Theta_i itself, in evaluation mode with the running statistics.

    Args:
        training: whose model and labels to use.
        images: exemplars in the place of its own, [n, c, h, w].

    Raises:
        NonFiniteError: for a loss that is NaN or infinite.
    """
    labels, pixels = training.inner.labels[: len(images)], training.samples.pixels
    held = images if images.device == labels.device else HeldImages(images, pixels)
    samples = Samples.learned(held, labels, pixels)
    with evaluating(training.model) as model:
        return metrics.accuracy_and_loss(model, samples)[1]


def noise_displacement(training: ExemplarTraining) -> float:
    """How far the same optimiser would have carried the pixels along noise of the same size, in standard deviations.

    Each gradient of the training is replaced by independent normal noise of the same root mean square. A displacement
    of this size says nothing about the gradient: an adaptive optimiser makes steps out of anything. Where the training
    projects pixels into the range of real images (``level.clip``), they are projected here too. Where its inner batches
    do not hold all exemplars (``level.inner_batch``), some of them may have had no gradient in a step; the noise is on
    all.
    """
    gradients = training.log.columns(training.done)["gradient"]
    generator = stream(training.seed, "noise")
    room = _room(training) if training.level.clip else None
    pixels = torch.zeros(min(training.start.numel(), PIXELS), requires_grad=True)
    optimizer, scheduler = pixel_optimizer(pixels, training.level)
    for step, size in enumerate(gradients, start=1):
        pixels.grad = size * torch.randn(pixels.shape, generator=generator)
        optimizer.step()
        if room:
            pixels.data.clamp_(*room)
        if step % training.validation.per_pass == 0:
            scheduler.step()
    return rms(pixels.detach()).item()


def _room(training: ExemplarTraining) -> tuple[Tensor, Tensor]:
    """How far down and how far up the first of the pixels may go in the range of real images, [at most PIXELS] each."""
    low, high = (
        (end - training.start).flatten()[:PIXELS].float().cpu() for end in (training.pixels.low, training.pixels.high)
    )
    return low, high
