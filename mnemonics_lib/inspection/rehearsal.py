"""Each kind of step that a run takes, taken a few times on the device, with the run's network and on random pixels.

What is timed are the run's own loops, of which each step is timed: an epoch of a single batch, an outer step. Only
their learning rates are others, so that random pixels do no harm: no number of operations depends on them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import metrics
from mnemonics_lib.bilevel import guard
from mnemonics_lib.bilevel.inner import FORMULAS
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.sections import Optimisation
from mnemonics_lib.data.held import HOST, HeldImages, Images
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples, part_size
from mnemonics_lib.device.memory import free_bytes
from mnemonics_lib.device.recording import WARM
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.global_bop import State, fresh_state
from mnemonics_lib.inspection.measured import Measured, affordable, repeat
from mnemonics_lib.inspection.needs import Step
from mnemonics_lib.inspection.work import inner_images, inner_steps
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet, evaluating, transfer_weights
from mnemonics_lib.training import Descent, LossFunction

STILL = 1e-9
"""A learning rate that leaves a network where it is."""
FEW = 4
"""Images of the smallest batch that is tried."""


@dataclass(frozen=True)
class Scale:
    """How large an outer step is, or the part of one that is measured.

    Attributes:
        steps: inner steps, T.
        inner: exemplars in each.
        moving: exemplars that are trained.
        fixed: exemplars that take part and stay.
        validation: images in the meta loss, without those.
    """

    steps: int
    inner: int
    moving: int
    fixed: int
    validation: int

    @property
    def images(self) -> int:
        """Of all inner steps together, by which the time of an outer step is scaled."""
        return self.steps * self.inner

    def on(self, inner: int) -> Scale:
        """The same with so many exemplars in an inner step, no more than it has, and all else in proportion."""
        if inner >= self.inner:
            return self
        moving = min(inner, max(1, round(inner * self.moving / (self.moving + self.fixed))))
        return Scale(self.steps, inner, moving, inner - moving, self._validation(inner / self.inner))

    def smaller(self, images: int, least: int) -> Scale:
        """As much of it as computes about so many images.

        Fewer inner steps first, then fewer exemplars: what an inner step takes whatever its exemplars (its update of
        the parameters) is then scaled as little as can be.

        Args:
            images: of all inner steps together.
            least: exemplars that an inner step must have.
        """
        steps = min(self.steps, max(1, images // self.inner))
        shorter = replace(self, steps=steps, validation=self._validation(steps / self.steps))
        return shorter if images >= self.inner else shorter.on(max(least, images))

    def _validation(self, share: float) -> int:
        """This share of the validation images; two at least, for batch normalisation."""
        return min(self.validation, max(2, round(self.validation * share)))


class Rehearsal:
    """The steps of one run.

    Args:
        config: the run.
        shape: of an image, (c, h, w).
        device: where it is computed.
        times: measurements of each.
    """

    def __init__(self, config: RunConfig, shape: tuple[int, int, int], device: torch.device, times: int) -> None:
        self.config, self.shape, self.device, self.times = config, shape, device, times
        self.generator = torch.Generator().manual_seed(0)
        half = torch.full((shape[0], 1, 1), 0.5, device=device)
        facts = config.facts
        self.pixels = Pixels(half, half / 2, white=facts.white, pad=facts.pad, flip=facts.flip)

    def images(self, count: int) -> Tensor:
        """Random raw images, uint8 [count, c, h, w]."""
        return self._raw(count).to(self.device)

    def _raw(self, count: int) -> Tensor:
        """The same on the host, where they are drawn."""
        high = self.config.facts.white + 1
        return torch.randint(high, (count, *self.shape), generator=self.generator, dtype=torch.uint8)

    def samples(self, count: int, first: int, last: int) -> Samples:
        """Random real images of the classes first..last-1 in turn."""
        labels = first + torch.arange(count, device=self.device) % (last - first)
        return Samples.real(self.images(count), labels, self.pixels)

    def learned(self, count: int, classes: int) -> tuple[Images, Tensor]:
        """Random exemplars of classes 0..classes-1 in turn, normalised [count, c, h, w], and their labels.

        They are where the run has them: of pictures that stay on disk on the host.
        """
        labels = torch.arange(count, device=self.device) % classes
        raw = self._raw(count)
        images = (
            HeldImages(raw, self.pixels) if self.config.facts.on_disk else self.pixels.normalise(raw.to(self.device))
        )
        return images, labels

    def first_phase(self) -> State:
        """What phase 0 begins with."""
        return fresh_state(self.config, self.config.protocol(), self.shape, self.device)

    def last_phase(self) -> tuple[State, IncrementalNet]:
        """What the last phase trains, which has the most classes, and its teacher."""
        state, protocol = self.first_phase(), self.config.protocol()
        teacher = state.model
        for phase in range(1, self.config.phases + 1):
            teacher = copy.deepcopy(state.model).eval().requires_grad_(False)
            if self.config.weight_transfer:
                transfer_weights(state.model)
            state.model.grow(protocol.seen(phase), phase)
        old, seen = protocol.bounds(self.config.phases)
        state.method.begin_phase(state.model, old, self.samples(seen - old, old, seen))
        return state, teacher

    def model_level(self, sizes: dict[bool, int]) -> dict[bool, Measured]:
        """A step of Eq. 6: in phase 0 (False), and with a teacher (True).

        Args:
            sizes: images in the largest batch of each.
        """
        first, (last, teacher) = self.first_phase().model, self.last_phase()

        def taught(x: Tensor, y: Tensor) -> Tensor:
            return last.method.loss(last.model, teacher, x, y)

        sgd = self.config.training
        # Pictures from disk come in random views already.
        sgd = sgd.model_copy(update={"augment": sgd.augment and not self.config.facts.on_disk})
        plain = self._descent("a step of phase 0", first, lambda x, y: cross_entropy(first(x), y), sgd, sizes[False])
        return {False: plain, True: self._descent("a step with the teacher", last.model, taught, sgd, sizes[True])}

    def finetuning(self, size: int) -> Measured:
        """A step of the balanced fine-tuning, in the last phase, on so many images."""
        state, _ = self.last_phase()
        state.method.end_training(state.model)
        model, sgd = state.model, self.config.finetuning
        return self._descent(
            "a fine-tuning step", model, lambda x, y: cross_entropy(model(x), y), sgd, size, real=False
        )

    def _descent(
        self, what: str, model: IncrementalNet, loss: LossFunction, sgd: Optimisation, full: int, real: bool = True
    ) -> Measured:
        """Steps of mini-batch SGD: each an epoch of one batch, of real images or of exemplars."""

        def make(size: int) -> Callable[[], object]:
            epochs = self._warm + self.times
            still = sgd.model_copy(update={"rate": STILL, "batch_size": size, "epochs": epochs, "milestones": []})
            if real:
                samples = self.samples(size, 0, model.classes)
            else:
                samples = Samples.learned(*self.learned(size, model.classes), self.pixels)
            return Descent(model, loss, samples, still, seed=0).step

        size = affordable(full, FEW, make)
        return Measured(what, repeat(make(size), self._warm, self.times), size, full, f"a batch of {size} of {full}")

    @property
    def _warm(self) -> int:
        """Steps that do not count: on a GPU those before the recorded one is replayed."""
        return WARM + 1 if self.device.type == "cuda" else 1

    def outer_step(self, step: Step) -> Measured:
        """An outer step of Eq. 9 or 10 with its inner steps: the whole of it, or as much as there is time and room for.

        Whether a run keeps its graphs, as it does on a CPU with memory to spare, is decided by the whole step's size.
        """
        model, whole = self._trained(step), self._whole(step)
        least = self._least(model)
        roomy = whole.on(self._that_fits(model, whole, least))

        def make(images: int) -> Callable[[], object]:
            return self._training(model, whole, roomy.smaller(images, least)).step

        measured = roomy.smaller(affordable(roomy.images, least, make), least)
        made = self._training(model, whole, measured)
        how = (
            f"{measured.steps} of {whole.steps} inner steps on {measured.inner} of {whole.inner:,} exemplars, "
            f"{measured.validation} of {whole.validation} validation images"
        )
        what = "an outer step of " + ("phase 0" if step.phase == 0 else "Eq. 9" if step.part is None else "Eq. 10")
        return Measured(what, repeat(made.step, self._warm, self.times), measured.images, whole.images, how)

    def _trained(self, step: Step) -> IncrementalNet:
        """A network like that whose exemplars a step trains: of phase 0, or of the last one."""
        if step.phase == 0:
            return self.first_phase().model
        state, _ = self.last_phase()
        state.method.end_training(state.model)
        return state.model

    def _whole(self, step: Step) -> Scale:
        config = self.config
        return Scale(inner_steps(config), inner_images(config, step), step.moving, step.fixed, step.validation)

    def _least(self, model: IncrementalNet) -> int:
        """The fewest exemplars of an inner step; a formula needs one of each class."""
        return model.classes if self.config.exemplar_level.inner in FORMULAS else FEW

    def refusal(self, step: Step) -> str | None:
        """What the guard says to a step of the run; None where it fits."""
        model, whole = self._trained(step), self._whole(step)
        training = self._training(model, whole, whole.smaller(1, self._least(model)))
        forecast = training.forecast(self.config.exemplar_level, whole.moving + whole.fixed)
        try:
            guard.refuse_if_too_large(forecast, whole.validation + whole.fixed, free_bytes(self.device))
        except guard.WillNotFitError as error:
            return str(error)
        return None

    def refusal_of_host(self, step: Step) -> str | None:
        """What it says of the host's memory, where exemplars stay there and a GPU computes; None where it has room."""
        if not self.config.facts.on_disk or self.device.type == HOST.type:
            return None
        image = torch.float32.itemsize * math.prod(self.shape)
        # A run has made two copies of them by then: as they are, and as they were at first.
        free = max(0.0, free_bytes(HOST) - 2 * image * step.moving)
        try:
            guard.refuse_if_host_is_too_small(image, step.moving, self.config.exemplar_level, free)
        except guard.WillNotFitError as error:
            return str(error)
        return None

    def _training(self, model: IncrementalNet, whole: Scale, part: Scale) -> ExemplarTraining:
        level = self.config.exemplar_level
        changes: dict[str, Any] = {"beta": STILL, "epochs": self._warm + self.times, "val_batch": part.validation}
        if level.inner not in FORMULAS:
            truncate = level.truncate and max(1, round(level.truncate * part.steps / whole.steps))
            changes |= {"alpha": STILL, "inner_steps": part.steps, "truncate": truncate}
        if part.inner < whole.inner:
            changes["inner_batch"] = 0  # all that there are
        exemplars, labels = self.learned(part.moving + part.fixed, model.classes)
        moves = torch.arange(len(labels), device=self.device) < part.moving
        training = ExemplarTraining(
            model,
            (exemplars[moves], labels[moves]),
            self.samples(part.validation, 0, model.classes),
            (exemplars[~moves], labels[~moves]),
            level.model_copy(update=changes),
            seed=0,
        )
        if self._keeps_graphs(training, whole):
            training.engine = training.engine.with_room() or training.engine
        return training

    def _keeps_graphs(self, training: ExemplarTraining, whole: Scale) -> bool:
        """Whether the run's own engine, for the whole step, would take more memory and less time."""
        engine, validation = training.program(self.config.exemplar_level), whole.validation + whole.fixed
        chosen = guard.with_room_where_there_is(
            engine, training.temporary(0), training.few(), whole.inner, validation, free_bytes(self.device)
        )
        return chosen is not engine

    def _that_fits(self, model: IncrementalNet, whole: Scale, least: int) -> int:
        """Exemplars of an inner step that fit into memory, by the guard's forecast; at least the least."""
        part = whole.smaller(least, least)
        training = self._training(model, whole, part)
        of_run = training.forecast(self.config.exemplar_level, whole.moving + whole.fixed)
        free, size, validation = free_bytes(self.device), whole.inner, whole.validation + whole.fixed
        while size > least and of_run.peak(validation, inner_batch=size) > free:
            size, validation = max(least, size // 2), max(2, validation // 2)
        return size

    def passes(self) -> Measured:
        """Images through the network of the last phase without a gradient, as evaluation has them."""
        state, _ = self.last_phase()
        model = state.model

        def make(size: int) -> Callable[[], object]:
            samples = self.samples(size, 0, model.classes)
            return lambda: metrics.predict(model, samples)

        with evaluating(model):
            full = max(16, part_size(self.device, *self.shape[1:]))
            size = affordable(full, FEW, make)
            taken = repeat(make(size), self._warm, self.times)
        return Measured("images without a gradient", taken, size, size, f"{size:,} images")
