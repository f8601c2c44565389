"""The exemplar level, section 4.3: exemplars as parameters, trained through the training of a temporary model.

``train_exemplars`` is Eq. 9 (new classes), ``adjust_exemplars`` is Eq. 10 (old classes); both call ``optimise_images``,
the uniform flow of Figure 3(b).
"""

from __future__ import annotations

import copy
from dataclasses import asdict, astuple, dataclass
from itertools import chain

import torch
from torch import Tensor
from tqdm import tqdm

from mnemonics_lib import bilevel
from mnemonics_lib.bilevel.problem import Classifier, Engine
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.device.memory import free_bytes
from mnemonics_lib.device.recording import upload
from mnemonics_lib.durable.journal import ALONE, Content, Loop
from mnemonics_lib.exemplars.inner_data import Data, InnerData
from mnemonics_lib.exemplars.memory import ExemplarMemory
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import batches


@dataclass(frozen=True)
class OuterStep:
    """One step of Eq. 9 or 10, as logged.

    Attributes:
        meta_loss: validation loss of the temporary model before the step.
        base_loss_first: exemplar loss before the first inner step.
        base_loss_last: exemplar loss before the last inner step.
        gradient: root-mean-square of the hypergradient over pixels.
        displacement: root-mean-square distance of the pixels from where this optimisation started, in std.
        outside: share of pixel values outside the range of real images, before any projection.
    """

    meta_loss: float
    base_loss_first: float
    base_loss_last: float
    gradient: float
    displacement: float
    outside: float


def optimise_images(
    model: IncrementalNet,
    images: Tensor,
    labels: Tensor,
    validation: Samples,
    context: Data,
    settings: ExemplarLevel,
    epochs: int,
    pixels: Pixels,
    seed: int,
    progress: str = "",
    loop: Loop = ALONE,
) -> tuple[Tensor, list[OuterStep]]:
    """Train exemplar images so that a model trained on them does well on the validation data.

    Repeats, for ``epochs`` passes over the validation data: a temporary model from Theta_i; T steps of Eq. 8
    on the exemplars; the validation loss; its gradient through those steps; one step on the pixels.

    Args:
        model: Theta_i; not changed.
        images: E, the images to train, [n, c, h, w].
        labels: their classes, [n].
        validation: the data that judge them.
        context: exemplars that take part in Eq. 8 and in the validation loss but stay as they are (may be empty).
        settings: the axes of the local BOP.
        epochs: passes over the validation data.
        pixels: augmentation and the range of real images.
        seed: of the batches, crops and perturbed starts.
        progress: label of a progress bar; empty for none.
        loop: keeps what is needed to go on after each outer step.

    Returns:
        The trained images, detached, and one log entry per outer step.
    """
    shares = stream(seed, "shares")
    start, images = images.detach(), images.detach().clone().requires_grad_()
    optimizer: torch.optim.Optimizer
    optimizer = (torch.optim.Adam if settings.optimizer == "adam" else torch.optim.SGD)([images], lr=settings.beta)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, settings.halve_every or epochs + 1, gamma=0.5)
    order = stream(seed, "order")
    passes = [batches(len(validation), settings.val_batch, order) for _ in range(epochs)]
    schedule = list(chain.from_iterable(passes))
    judges = upload([schedule], images.device)
    inner = InnerData(labels, context, settings, pixels, seed)
    log = images.new_empty(
        len(schedule), 6
    )  # on the device: an outer step waits for none before it (a formula, ncm or ridge, does)
    done = 0

    if reached := loop.reached():
        done = len(reached["log"])
        with torch.no_grad():
            images.copy_(reached["images"])
            log[:done] = log.new_tensor([astuple(OuterStep(**row)) for row in reached["log"]]).reshape(done, 6)
    if reached and done < len(schedule):
        optimizer.load_state_dict(reached["optimizer"])
        scheduler.load_state_dict(reached["scheduler"])
        for _ in range(done):
            torch.rand((), generator=shares)  # drawn already, one a step

    def rows(count: int) -> list[OuterStep]:
        return [OuterStep(*row) for row in log[:count].tolist()]

    def everything() -> Content:
        content = {"images": images.detach(), "log": [asdict(row) for row in rows(done)]}
        if done < len(schedule):  # Adam's state is twice as large as the images
            content |= {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        return content

    classes = [len(of.unique()) for of in (validation.labels, context[1])]

    def meta_loss(classifier: Classifier, val_images: Tensor, val_labels: Tensor) -> Tensor:
        return balanced_loss(classifier, (val_images, val_labels), context, *classes)

    def make(level: ExemplarLevel) -> Engine:
        return bilevel.local_program(inner.batch, meta_loss, level)

    engine, judging = make(settings), len(passes[0][0]) + len(context[1])
    like_all = temporary_model(model, settings, derive(seed, "probe"), torch.Generator())
    bilevel.refuse_if_too_large(make, like_all, images, len(inner), judging, settings, free_bytes(images.device))
    del like_all
    for step in tqdm(range(done, len(schedule)), desc=progress, disable=not progress, leave=False):
        val_images, val_labels = validation.batch(*judges[step])
        if settings.val_augment:
            val_images = pixels.augment(val_images, stream(seed, "validation", step))
        temporary = temporary_model(model, settings, derive(seed, "start", step), shares)
        result = engine(temporary, images, inner.deal(step, engine.minibatches), (val_images, val_labels))
        images.grad = result.gradient
        optimizer.step()
        with torch.no_grad():
            outside = pixels.outside(images)
            if settings.clip:
                images.copy_(pixels.clip(images))
            displacement, losses = rms(images - start), result.base_losses
            measured = result.meta_loss, losses[0], losses[-1], rms(result.gradient), displacement, outside
            log[step] = torch.stack([value.to(log) for value in measured])  # in the order of OuterStep's fields
        if (step + 1) % len(passes[0]) == 0:
            scheduler.step()
        done = step + 1
        loop.keep(everything, done, len(schedule))
    return images.detach(), rows(len(schedule))


def rms(values: Tensor) -> Tensor:
    """Root of the mean square."""
    return values.square().mean().sqrt()


def temporary_model(
    model: IncrementalNet, settings: ExemplarLevel, seed: int, generator: torch.Generator
) -> IncrementalNet:
    """Theta' before Eq. 8: Theta_i itself, or Theta_i mixed with a fresh network, Theta' = (1 - r) Theta_i + r fresh.

    r is U(0, ``settings.perturbation``), drawn anew per outer step, so that exemplars are fitted to a neighbourhood of
    models rather than to one: those that will be trained on them later are not Theta_i either.
    """
    bilevel.refuse_if_parts_are_missing(model, settings.inner)
    model.train(settings.batch_norm == "batch")
    if settings.start == "theta":
        temporary = copy.deepcopy(model)
    else:
        r = settings.perturbation * torch.rand((), generator=generator).item()
        temporary = model.reinitialised(seed)
        with torch.no_grad():
            for parameter, ours in zip(temporary.parameters(), model.parameters(), strict=True):
                if parameter.requires_grad:  # a frozen one is ours already
                    parameter.lerp_(ours, 1 - r)
    if settings.inner == "head":
        temporary.backbone.requires_grad_(False)
    return temporary


def balanced_loss(classifier: Classifier, data: Data, context: Data, new: int, old: int) -> Tensor:
    """L_c on ``data`` and ``context`` together, in one pass, each weighted by its number of classes.

    ``context`` holds a few exemplars per class and ``data`` hundreds of images: a plain mean over the union would
    hardly see the old classes. One pass, because the statistics of batch normalisation are then those of all classes,
    as in Eq. 8. With an empty context it is the plain mean over ``data``.

    Args:
        classifier: the temporary model.
        data: what judges.
        context: old exemplars.
        new: number of classes that ``data`` are drawn from.
        old: number of classes in ``context``.
    """
    if not len(context[1]):
        return cross_entropy(classifier(data[0]), data[1])
    logits = classifier(torch.cat([data[0], context[0]])).split([len(data[1]), len(context[1])])
    return (new * cross_entropy(logits[0], data[1]) + old * cross_entropy(logits[1], context[1])) / (new + old)


def train_exemplars(
    model: IncrementalNet,
    memory: ExemplarMemory,
    first: int,
    data: Samples,
    settings: ExemplarLevel,
    pixels: Pixels,
    seed: int,
    progress: str = "",
    loop: Loop = ALONE,
) -> tuple[ExemplarMemory, list[OuterStep]]:
    """Eq. 9: train E_i, the exemplars of classes ``first`` and up, judged on D_i.

    With ``objective = eq7`` the temporary model sees E_i alone and is judged on D_i alone. With ``eq4b`` it sees
    E_{0:i} (of which only E_i is trained) and is judged on D_i and E_{0:i-1}.
    """
    new, old = memory.positions(first, model.classes), memory.positions(0, first)
    if settings.objective == "eq7":
        old = old[:0]
    context = memory.images[old], memory.labels[old]
    images, log = optimise_images(
        model,
        memory.images[new],
        memory.labels[new],
        data,
        context,
        settings,
        settings.epochs,
        pixels,
        seed,
        progress,
        loop,
    )
    return memory.with_images(new, images), log


def adjust_exemplars(
    model: IncrementalNet,
    memory: ExemplarMemory,
    classes: int,
    parts: int,
    settings: ExemplarLevel,
    pixels: Pixels,
    seed: int,
    progress: str = "",
    loop: Loop = ALONE,
) -> tuple[ExemplarMemory, list[OuterStep]]:
    """Eq. 10: train each class-balanced part of E_{0:i-1} with the other parts as validation data.

    The parts are trained one after the other, so the second is judged by the first as already adjusted (Eq. 10b after
    10a).

    Args:
        model: Theta_i; not changed.
        memory: E_{0:i}.
        classes: number of old classes.
        parts: k; the paper's A and B are k = 2.
        settings: the axes of the local BOP.
        pixels: augmentation and the range of real images.
        seed: as in :func:`optimise_images`.
        progress: label of the progress bars; empty for none.
        loop: as in :func:`optimise_images`, for each part.
    """
    log: list[OuterStep] = []
    split = memory.splits(parts, classes)
    nothing = memory.images[:0], memory.labels[:0]
    for part, index in enumerate(split):
        rest = torch.cat([other for k, other in enumerate(split) if k != part])
        images, steps = optimise_images(
            model,
            memory.images[index],
            memory.labels[index],
            Samples.learned(memory.images[rest], memory.labels[rest], pixels),
            nothing,
            settings,
            settings.adjust_epochs,
            pixels,
            derive(seed, "part", part),
            progress and f"{progress} {part + 1}/{parts}",
            loop.part(part + 1),
        )
        memory = memory.with_images(index, images)
        log += steps
    return memory, log
