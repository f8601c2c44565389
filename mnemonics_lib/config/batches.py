"""How many images the smallest batch of every loop has, before anything is drawn; of one image it is refused.

Batch normalisation divides by the spread of a batch. One image has none at the last feature map where that is a single
pixel, which stops PyTorch, and elsewhere one that says nothing of other images.

What the exemplars are is known to the configuration. How many images a class of the data set has is known when it is
loaded; until then only such a loop over D_i is refused as would have a batch of one whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.config.sections import ExemplarLevel, Finetuning, Training
from mnemonics_lib.exemplars.budget import BudgetRule, quota
from mnemonics_lib.methods import METHODS
from mnemonics_lib.phases import PhaseProtocol


class Axes(Protocol):
    """The fields of a run that its batches depend on; :class:`~mnemonics_lib.config.run.RunConfig` has them."""

    @property
    def dataset(self) -> str: ...  # noqa: D102

    @property
    def phases(self) -> int: ...  # noqa: D102

    @property
    def method(self) -> str: ...  # noqa: D102

    @property
    def exemplars(self) -> Literal["none", "random", "herding", "mnemonics"]: ...  # noqa: D102

    @property
    def budget(self) -> int: ...  # noqa: D102

    @property
    def budget_rule(self) -> BudgetRule: ...  # noqa: D102

    @property
    def adjust(self) -> int: ...  # noqa: D102

    @property
    def finetune(self) -> bool: ...  # noqa: D102

    @property
    def from_scratch(self) -> int: ...  # noqa: D102

    @property
    def training(self) -> Training: ...  # noqa: D102

    @property
    def exemplar_level(self) -> ExemplarLevel: ...  # noqa: D102

    @property
    def finetuning(self) -> Finetuning: ...  # noqa: D102

    def protocol(self) -> PhaseProtocol: ...  # noqa: D102

    def quota(self, classes: int, /) -> tuple[int, int]: ...  # noqa: D102


@dataclass(frozen=True)
class Drawn:
    """What one loop draws its batches from, where batch normalisation uses their statistics.

    Attributes:
        phase: of the loop.
        what: the samples, in words.
        count: how many there are; None where only the data set knows.
        field: which field says how large a batch is, at most.
        size: its value; 0 for all samples in one batch.
        why: what asks for batch statistics, in words.
        beside: images that join every batch.
        needs: the fewest exemplars of a class with which there would be two samples; 0 where a larger budget does not
            help.
    """

    phase: int
    what: str
    count: int | None
    field: str
    size: int
    why: str
    beside: int = 0
    needs: int = 0

    def smallest(self, size: int | None = None) -> int | None:
        """Images in the smallest batch, at this size or at another one; None where that is not known."""
        size = self.size if size is None else size
        if size == 1:
            return 1 + self.beside
        if self.count is None:
            return None
        # The batches of a pass have one size to within one, as mnemonics_lib.data.batches has it.
        return self.count // max(1, -(-self.count // size) if size else 1) + self.beside

    def of_one(self, size: int | None = None) -> bool:
        """Whether a batch is known to have a single image, or none."""
        smallest = self.smallest(size)
        return smallest is not None and smallest < 2

    @property
    def too_few(self) -> bool:
        """Whether there is no second sample, so that no size of the batches would help."""
        return self.count is not None and self.count < 2


def refuse_batches_of_one(config: Axes, images: Sequence[int] | None = None) -> None:
    """Refuse a configuration in which batch statistics would be those of one image.

    Args:
        config: the run.
        images: training images of each class in use, in the order of arrival; None before they are known.

    Raises:
        ConfigError: naming the field that leads there, its value and what is allowed.
    """
    every = list(loops(config, images))
    wrong = [loop for loop in every if loop.of_one()]
    if not wrong:
        return
    by_size = next((loop for loop in wrong if loop.size == 1 or not loop.too_few), None)
    by_budget = max((loop for loop in wrong if loop.needs), key=lambda loop: _budget(config, loop), default=None)
    loop = by_size or by_budget or wrong[0]
    if by_size:
        others = [other for other in every if other.field == loop.field and not other.too_few]
        least = next(size for size in (2, 3) if not any(other.of_one(size) for other in others))
        either = "0 (all) or " if loop.field.endswith("inner_batch") else ""
        field, value, allowed = loop.field, str(loop.size), f"{either}at least {least}"
    elif by_budget:
        field, value, allowed = "budget", str(config.budget), f"at least {_budget(config, loop)}"
    else:
        field, value, allowed = "dataset", repr(config.dataset), "one with two training images or more in each phase"
    raise ConfigError(
        f"{field} = {value}: must be {allowed}: in phase {loop.phase}, a batch of {loop.what} would be one image, "
        f"which has no statistics for batch normalisation ({loop.why})"
    )


def refuse_shares_of_one(config: Axes, images: Sequence[int], processes: int) -> None:
    """Refuse more processes than leave each two images of every batch whose statistics batch normalisation uses.

    Args:
        config: the run.
        images: training images of each class in use, in the order of arrival.
        processes: that take the mini-batches of the training and the fine-tuning together, each its share.

    Raises:
        ConfigError: naming the field that asks for statistics, and what is allowed.
    """
    trained = [loop for loop in loops(config, images) if loop.field in ("training.batch_size", "finetuning.batch_size")]
    for loop in trained:
        smallest = loop.smallest()
        if smallest is not None and smallest < 2 * processes:
            raise ConfigError(
                f"processes = {processes}: must be at most {smallest // 2}: in phase {loop.phase}, a batch of "
                f"{loop.what} would be {smallest} images ({loop.field} = {loop.size}), of which each process needs two "
                f"for batch normalisation ({loop.why})"
            )


def _budget(config: Axes, loop: Drawn) -> int:
    """The smallest budget that gives a class as many exemplars to train on as a loop needs."""
    classes, holds_out = config.protocol().seen(loop.phase), METHODS[config.method].holds_out
    budget = config.budget
    while quota(budget, config.budget_rule, classes, holds_out)[0] < loop.needs:
        budget += 1
    return budget


def loops(config: Axes, images: Sequence[int] | None = None) -> Iterator[Drawn]:
    """The loops of a run in which batch normalisation uses the statistics of batches.

    Args:
        config: the run.
        images: training images of each class in use, in the order of arrival; None before they are known.
    """
    protocol = config.protocol()
    for phase in range(config.phases + 1):
        yield from _of_phase(config, phase, protocol.bounds(phase), images)


def new_images(config: Axes, phase: int, images: Sequence[int]) -> int:
    """How many images D_i has, without those that the method holds out.

    Args:
        config: the run.
        phase: i.
        images: training images of each class in use, in the order of arrival.
    """
    old, seen = config.protocol().bounds(phase)
    return sum(images[old:seen]) - config.quota(seen)[1] * (seen - old)


def training_images(config: Axes, phase: int, images: Sequence[int]) -> int:
    """How many samples Theta_i is trained on: D_i and E_{0:i-1}, or all data where the method keeps them.

    The arguments are those of :func:`new_images`.
    """
    old, seen = config.protocol().bounds(phase)
    if METHODS[config.method].exemplars == "none":
        return sum(images[:seen])
    return new_images(config, phase, images) + (old * config.quota(old)[0] if old else 0)


def _of_phase(config: Axes, phase: int, bounds: tuple[int, int], images: Sequence[int] | None) -> Iterator[Drawn]:
    """Those of one phase, whose own classes lie within ``bounds``."""
    old, seen = bounds
    each, _ = config.quota(seen)
    new = None if images is None else new_images(config, phase, images)
    if config.training.batch_norm == "batch":
        count = None if images is None else training_images(config, phase, images)
        yield _trained(config, "training", phase, "the training data", count)
    if config.exemplars == "mnemonics":
        context = old * each if config.exemplar_level.objective == "eq4b" else 0
        moving = Source("the exemplars of Eq. 8", (seen - old) * each + context, needs=2)
        yield from _exemplar_level(config, phase, moving, Source("D_i in the meta loss", new), context)
    if config.adjust and phase:
        for part in range(config.adjust):
            own = len(range(part, each, config.adjust))  # of each class, as ExemplarMemory.splits deals them out
            moving = Source("a part of the old exemplars", old * own, needs=2 * config.adjust)
            others = Source("the other old exemplars in the meta loss", old * (each - own), needs=2 * config.adjust)
            yield from _exemplar_level(config, phase, moving, others)
    if config.finetune and phase and config.finetuning.batch_norm == "batch":
        yield _trained(config, "finetuning", phase, "the exemplars", seen * each)
    if config.from_scratch and config.training.batch_norm == "batch":
        # Of a single class, as phase 0 may have, two exemplars are needed.
        yield _trained(config, "training", phase, "the exemplars alone", seen * each, needs=2)


def _trained(config: Axes, section: str, phase: int, what: str, count: int | None, needs: int = 0) -> Drawn:
    """The loop of a training by mini-batches, which a section describes."""
    size = getattr(config, section).batch_size
    return Drawn(phase, what, count, f"{section}.batch_size", size, f"{section}.batch_norm = 'batch'", needs=needs)


class Source(NamedTuple):
    """``what``, ``number`` (its ``count``) and ``needs`` of :class:`Drawn`."""

    what: str
    number: int | None
    needs: int = 0


def _exemplar_level(config: Axes, phase: int, moving: Source, validation: Source, beside: int = 0) -> Iterator[Drawn]:
    """The inner and the outer loop of one training of exemplars.

    Its controls measure with a batch's statistics in any case: the fitted model on up to 512 validation images at once
    and, where a formula gives the last layer, on the exemplars that it is fitted to.
    """
    level = config.exemplar_level
    batch = level.batch_norm == "batch"
    why = "exemplar_level.batch_norm = 'batch'" if batch else "the controls measure with batch statistics too"
    if batch or level.inner in ("ncm", "ridge"):
        what, count, needs = moving
        yield Drawn(phase, what, count, "exemplar_level.inner_batch", level.inner_batch, why, needs=needs)
    what, count, needs = validation
    yield Drawn(phase, what, count, "exemplar_level.val_batch", level.val_batch if batch else 0, why, beside, needs)
