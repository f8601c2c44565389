"""What a run has to do, counted before anything is done: steps of each kind, and images that pass without a gradient.

The numbers of samples come from where the configuration is checked (:mod:`mnemonics_lib.config.batches`,
:mod:`mnemonics_lib.inspection.needs`), and the numbers of batches from the function that makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from mnemonics_lib.bilevel.inner import FORMULAS
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.batches import new_images, training_images
from mnemonics_lib.config.sections import Optimisation
from mnemonics_lib.data.batches import batches
from mnemonics_lib.exemplars.controls import IMAGES, STARTS
from mnemonics_lib.inspection.needs import Step, steps
from mnemonics_lib.methods import METHODS

MODEL, EXEMPLARS, ADJUSTMENT = "model level", "exemplars", "adjustment"
FINETUNING, CONTROLS, PASSES = "fine-tuning", "controls", "passes without a gradient"
FROM_SCRATCH = "from scratch"

LOOKS_AT_NEW = {"lucir": 1}
"""How often a method passes D_i through the network before a phase (LUCIR: to imprint the new rows)."""
LOOKS_AT_EXEMPLARS = {"icarl": 1}
"""How often one passes E_{0:i} for its classifier, and as often again mirrored where the data set allows that."""
LOOKS_AT_HELD_OUT = {"bic": 1}
"""How often one passes what it holds out at the end of each phase after the first."""


@dataclass(frozen=True)
class Work:
    """One kind of work in one phase.

    Attributes:
        phase: which one.
        part: one of the names above.
        unit: what is counted: steps, outer steps, solutions (T inner steps) or images.
        count: how many of them.
        images: of one unit, on average: in its batch; for an outer step or a solution exemplars in an inner step.
        reads: pictures that one unit takes from disk, on average; 0 where all lie in memory.
        step: of the exemplar level, the step that is counted or stands for what is.
    """

    phase: int
    part: str
    unit: str
    count: int
    images: float
    reads: float = 0.0
    step: Step | None = None


def work(config: RunConfig, train: Sequence[int], test: Sequence[int]) -> list[Work]:
    """All that a run does, in order of the phases.

    Args:
        config: the run.
        train: images to train on, by class id.
        test: images to test on, by class id.
    """
    order = config.protocol().order
    arriving, tests = [train[class_id] for class_id in order], [test[class_id] for class_id in order]
    every = list(steps(config, train))
    found = []
    for phase in range(config.phases + 1):
        of_phase = [step for step in every if step.phase == phase]
        found.append(_model_level(config, phase, arriving))
        found += [part for step in of_phase for part in _exemplar_level(config, step)]
        found += _finetuning(config, phase)
        found += _from_scratch(config, phase)
        found.append(_passes(config, phase, arriving, tests, of_phase))
    return found


def number_of_batches(count: int, size: int) -> int:
    """Batches of a pass, asked of what makes them."""
    return len(batches(count, size, torch.Generator()))


def _model_level(config: RunConfig, phase: int, arriving: Sequence[int]) -> Work:
    samples = training_images(config, phase, arriving)
    each = number_of_batches(samples, config.training.batch_size)
    reads = _real(config, phase, arriving) / each if config.facts.on_disk else 0.0
    return Work(phase, MODEL, "steps", config.training.epochs * each, samples / each, reads)


def _real(config: RunConfig, phase: int, arriving: Sequence[int]) -> int:
    """Real images among those that Theta_i is trained on."""
    keeps_all = METHODS[config.method].exemplars == "none"
    return (training_images if keeps_all else new_images)(config, phase, arriving)


def _exemplar_level(config: RunConfig, step: Step) -> Iterator[Work]:
    """A training of exemplars, and the controls that follow it."""
    level, new = config.exemplar_level, step.part is None
    each = number_of_batches(step.images, level.val_batch)
    epochs = level.epochs if new else level.adjust_epochs
    reads = step.images / each if new and config.facts.on_disk else 0.0
    inner = inner_images(config, step)
    part = EXEMPLARS if new else ADJUSTMENT
    yield Work(step.phase, part, "outer steps", epochs * each, inner, reads, step)
    yield Work(step.phase, CONTROLS, "solutions", 2 * starts(config), inner, 0.0, step)


def inner_images(config: RunConfig, step: Step) -> int:
    """Exemplars in an inner step, at most."""
    everyone = step.moving + step.fixed
    return min(everyone, config.exemplar_level.inner_batch or everyone)


def inner_steps(config: RunConfig) -> int:
    """T; one where a formula takes the place of Eq. 8."""
    return 1 if config.exemplar_level.inner in FORMULAS else config.exemplar_level.inner_steps


def starts(config: RunConfig) -> int:
    """Temporary models that the controls measure with, before and after."""
    return STARTS if config.exemplar_level.start == "perturbed" else 1


def _finetuning(config: RunConfig, phase: int) -> Iterator[Work]:
    if config.finetune and phase:
        yield _on_exemplars(config, phase, FINETUNING, config.finetuning)


def _from_scratch(config: RunConfig, phase: int) -> Iterator[Work]:
    if config.from_scratch:
        yield _on_exemplars(config, phase, FROM_SCRATCH, config.training_from_scratch)


def _on_exemplars(config: RunConfig, phase: int, part: str, sgd: Optimisation) -> Work:
    """A training on E_{0:i} alone."""
    seen = config.protocol().seen(phase)
    samples = seen * config.quota(seen)[0]
    each = number_of_batches(samples, sgd.batch_size)
    return Work(phase, part, "steps", sgd.epochs * each, samples / each)


def _passes(
    config: RunConfig, phase: int, arriving: Sequence[int], tests: Sequence[int], trainings: Sequence[Step]
) -> Work:
    """Images that go through the network without a gradient, the teacher's aside, which belong to a step."""
    seen = config.protocol().seen(phase)
    each, held_out = config.quota(seen)
    new = new_images(config, phase, arriving)
    rule = config.exemplar_level.init if config.exemplars == "mnemonics" else config.exemplars
    real = _real(config, phase, arriving)  # the accuracy on what was trained on
    real += new * (LOOKS_AT_NEW.get(config.method, 0) * (phase > 0) + (rule == "herding"))
    ends = 2 if config.finetune and phase else 1  # before the fine-tuning too
    real += (ends + (config.from_scratch > 0)) * sum(tests[:seen])
    mirrored = 2 if config.facts.flip else 1
    learned = training_images(config, phase, arriving) - _real(config, phase, arriving)
    learned += ends * LOOKS_AT_EXEMPLARS.get(config.method, 0) * mirrored * seen * each
    learned += ends * LOOKS_AT_HELD_OUT.get(config.method, 0) * (phase > 0) * seen * held_out
    for step in trainings:
        learned += 2 * step.moving  # their own loss before and after
        # The panel, with either kind of statistics, before and after.
        panel = 4 * starts(config) * min(IMAGES, step.images)
        learned += 4 * starts(config) * step.fixed
        real, learned = (real + panel, learned) if step.part is None else (real, learned + panel)
    count = real + learned
    return Work(phase, PASSES, "images", count, 1.0, real / count if config.facts.on_disk else 0.0)
