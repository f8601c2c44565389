"""What a hypergradient will need in memory, known before it starts.

Unrolling 50 steps of a ResNet-32 over 1,000 exemplars takes hundreds of gigabytes. Rather than fail after minutes, or
bring the machine to its knees, a probe of a few images is measured, the engine scales it up, and the result is compared
with what is free.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from mnemonics_lib.bilevel.functional import Functional
from mnemonics_lib.bilevel.inner import ENGINES, FORMULAS
from mnemonics_lib.bilevel.problem import Engine, GraphSize
from mnemonics_lib.bilevel.requirements import HasFeatures
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.losses import cross_entropy

LEAST = 2
"""Images of a batch: one alone has no batch statistics, and is refused."""
PROBE = 4
"""Images of the probe: more than one, for batch normalisation; a graph's size is proportional to them."""


AT_WORK, AT_REST = 6, 3
"""Copies of images besides the graphs: of the exemplars of an outer step, the engine's own and gradients; of all that
the host holds, their gradient and what their distances are computed in. Fitted to resident sets at 224 x 224."""
MOMENTS = 2
"""Copies that Adam keeps."""

COMFORTABLE = 0.5
"""Of its share of the free memory, what an engine may take that could do with less."""


class WillNotFitError(ReportedError, MemoryError):
    """A hypergradient that does not fit into memory. The message says what would."""


def graph_size(temporary: nn.Module, images: Tensor, engine: Engine) -> GraphSize:
    """Measure the graphs of a few images, in the layers that the engine computes with.

    Args:
        temporary: Theta'; not changed.
        images: some exemplars, [n, c, h, w]; the probe has their shape.
        engine: whose layers to measure.
    """
    functional = Functional.of(engine.layers(temporary))
    parameters = functional.leaves()
    sizes: dict[int, int] = {}
    known = {tensor.untyped_storage().data_ptr() for tensor in parameters}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:  # parameters are there anyway, and counted by themselves
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    probe = images.detach()[torch.arange(PROBE) % len(images)].requires_grad_()
    labels = torch.zeros(PROBE, dtype=torch.int64, device=images.device)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = cross_entropy(functional.classifier(parameters)(probe), labels)
        forward = sum(sizes.values())
        slopes = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    step = sum(sizes.values())
    del loss, slopes
    return GraphSize(forward / PROBE, step / PROBE, sum(tensor.nbytes for tensor in parameters))


class Forecast:
    """Predicts the peak of a hypergradient for any fields of the exemplar level, by asking the engine made for them.

    Args:
        make: the engine for an exemplar level.
        temporary: Theta' before Eq. 8, frozen where it stays as it is; not changed.
        images: E, [n, c, h, w].
        exemplars: how many take part in Eq. 8.
        level: the fields of the exemplar level.
        held: whether the host holds the exemplars, and the device has those of one outer step at a time.
    """

    def __init__(
        self,
        make: Callable[[ExemplarLevel], Engine],
        temporary: nn.Module,
        images: Tensor,
        exemplars: int,
        level: ExemplarLevel,
        held: bool = False,
    ) -> None:
        self.make, self.temporary, self.images = make, temporary, images
        self.exemplars, self.level, self.held = exemplars, level, held
        self._sizes: dict[type, GraphSize] = {}  # a probe for each kind of engine, since their layers may differ

    def batch(self, level: ExemplarLevel) -> int:
        """Exemplars per inner step."""
        return min(self.exemplars, level.inner_batch or self.exemplars)

    def peak(self, validation: int, **changes: Any) -> float:
        """In bytes above what is in use now.

        Args:
            validation: images in the meta loss.
            **changes: fields of the exemplar level that are to have other values.
        """
        level = self.level.model_copy(update=changes)
        engine = self.make(level)
        if type(engine) not in self._sizes:
            self._sizes[type(engine)] = graph_size(self.temporary, self.images, engine)
        return engine.peak_bytes(self._sizes[type(engine)], self.batch(level), validation) + self._copies(level)

    def _copies(self, level: ExemplarLevel) -> float:
        """Bytes of the exemplars themselves, on the device, besides those that are there already."""
        image, on_device = self.images[0].nbytes, self.images.device.type != "cpu"
        if self.held:
            at_work = min(self.exemplars, level.inner_steps * self.batch(level))
            at_rest = 0.0 if on_device else host_bytes(image, self.exemplars, level)
            return float(image * AT_WORK * at_work) + at_rest
        return float(image * self.exemplars * (AT_WORK + _moments(level)))


def _moments(level: ExemplarLevel) -> int:
    """Copies of the exemplars that the optimiser keeps."""
    return MOMENTS if level.optimizer == "adam" else 0


def host_bytes(image: int, exemplars: int, level: ExemplarLevel) -> float:
    """What an outer step takes on the host, for all exemplars that it holds, above what they are and were at first.

    Args:
        image: bytes of one, as floats.
        exemplars: that are trained.
        level: the fields of the exemplar level.
    """
    return float(image * exemplars * (AT_REST + _moments(level)))


def refuse_if_host_is_too_small(image: int, exemplars: int, level: ExemplarLevel, free: float) -> None:
    """Refuse exemplars that the host holds for a device, where it has no room for a step of their training.

    Args: as of :func:`host_bytes`, and
        free: bytes of the host that may be taken.

    Raises:
        WillNotFitError: naming what would fit.
    """
    needed = host_bytes(image, exemplars, level)
    if needed <= free:
        return
    fits = []
    plain = level.model_copy(update={"optimizer": "sgd"})
    if host_bytes(image, exemplars, plain) <= free:
        fits.append(f"exemplar_level.optimizer=sgd ({_gigabytes(host_bytes(image, exemplars, plain))})")
    if fewer := int(free // host_bytes(image, 1, level)):
        fits.append(f"{fewer} exemplars at a time (budget), or a lower resolution")
    raise WillNotFitError(
        f"exemplar_level.optimizer = {level.optimizer!r}: a step on {exemplars} exemplars that the host holds needs "
        f"about {_gigabytes(needed)} of the host's memory; {_gigabytes(free)} are free there. "
        + (f"What fits: {'; '.join(fits)}" if fits else "No smaller setting of these fits")
    )


def refuse_if_too_large(forecast: Forecast, validation: int, free: float) -> None:
    """Refuse a local BOP that will not fit into memory, before it starts.

    Args:
        forecast: of its outer steps.
        validation: images in the meta loss.
        free: bytes that may be taken.

    Raises:
        WillNotFitError: naming the engine, the truncation and the batch that fit.
    """
    needed, level = forecast.peak(validation), forecast.level
    if needed <= free:
        return
    fits = _what_fits(forecast, validation, free)
    what = f"engine = {level.engine!r}: {level.inner_steps} inner steps on"
    if level.inner in FORMULAS:
        what = f"inner = {level.inner!r}:"
    raise WillNotFitError(
        f"exemplar_level.{what} {forecast.batch(level)} exemplars, with {validation} validation images, need about "
        f"{_gigabytes(needed)}; {_gigabytes(free)} are free on {forecast.images.device}. "
        + (f"What fits: {'; '.join(fits)}" if fits else "No smaller setting of these fits")
    )


def with_room_where_there_is(
    engine: Engine, temporary: nn.Module, images: Tensor, batch: int, validation: int, free: float
) -> Engine:
    """The engine for a local BOP that fits: one with the same gradient and more memory where that fits comfortably.

    Comfortably: into half of this process's share of what is free, its share being that of the machine's cores that it
    computes on. The others are likely to have such runs of their own.

    Args:
        engine: what would be used.
        temporary: Theta' before Eq. 8, frozen where it stays as it is; not changed.
        images: E, [n, c, h, w].
        batch: exemplars per inner step.
        validation: images in the meta loss.
        free: bytes that may be taken.
    """
    roomy = engine.with_room() if images.device.type == "cpu" else None  # elsewhere steps are recorded
    if roomy is None:
        return engine
    share = min(1.0, torch.get_num_threads() / (os.cpu_count() or 1))
    needed = roomy.peak_bytes(graph_size(temporary, images, roomy), batch, validation)
    return roomy if needed <= COMFORTABLE * share * free else engine


def _what_fits(forecast: Forecast, validation: int, free: float) -> list[str]:
    """Changes of one field that fit; where there are none, of two fields or of the validation data."""
    level, exemplars, fits = forecast.level, forecast.exemplars, []

    def peak(**changes: Any) -> float:
        return forecast.peak(validation, **changes)

    def both_fit(name: str, size: int) -> bool:
        return peak(engine=name, inner_batch=size) <= free

    others = [name for name in ENGINES if name != level.engine]
    for name in others:  # no help for a formula, which needs the same whatever the engine
        if peak(engine=name) <= free:
            fits.append(f"exemplar_level.engine={name} ({_gigabytes(peak(engine=name))})")
    keep = _largest(lambda k: peak(truncate=k) <= free, level.inner_steps)
    if keep:
        fits.append(f"exemplar_level.truncate={keep} ({_gigabytes(peak(truncate=keep))}, another gradient)")
    batch = _largest(lambda n: peak(inner_batch=n) <= free, exemplars)
    fewest, of_classes = LEAST, ""
    if level.inner in FORMULAS:  # which has no solution for a class without an exemplar
        fewest = cast(HasFeatures, forecast.temporary).classes
        of_classes = f", for a run of at most {batch} classes"
    if batch >= fewest:
        fits.append(f"exemplar_level.inner_batch={batch} ({_gigabytes(peak(inner_batch=batch))}{of_classes})")
    if fits:
        return fits
    if level.inner not in FORMULAS:
        small = {name: _largest(functools.partial(both_fit, name), exemplars) for name in others}
        fits = [
            f"exemplar_level.engine={name} with exemplar_level.inner_batch={n}"
            for name, n in small.items()
            if n >= LEAST
        ]
    fewer = _largest(lambda n: forecast.peak(n) <= free, validation)
    if fewer >= LEAST and not fits:
        fits.append(f"{fewer} validation images (exemplar_level.val_batch, and the old exemplars with eq4b)")
    return fits


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest n in 1..most for which ``fits`` holds, if it holds for all smaller ones; 0 for none."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"
