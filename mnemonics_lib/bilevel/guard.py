"""What a hypergradient will need in memory, known before it starts.

Unrolling 50 steps of a ResNet-32 over 1,000 exemplars takes hundreds of gigabytes. Rather than fail after minutes, or
bring the machine to its knees, a probe of a few images is measured, scaled up, and compared with what is free.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mnemonics_lib.bilevel.functional import Functional
from mnemonics_lib.bilevel.inner import inner_loop
from mnemonics_lib.bilevel.second_order import SecondOrder
from mnemonics_lib.config import ExemplarLevel
from mnemonics_lib.device.memory import free_bytes
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet

PROBE = 4
"""Images of the probe: more than one, for batch normalisation; a graph's size is proportional to them."""

OVERHEAD, TRANSIENT = 1.15, 2.0
"""Of a step's graph: what allocators add to each kept one; what walking back through one takes besides. Fitted to
resident sets of ResNet-8 and ResNet-32 on a CPU, which they meet within a third."""


class WillNotFitError(MemoryError):
    """A hypergradient that does not fit into memory. The message says what would."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that autograd keeps, per image, and of the parameters that move.

    Attributes:
        forward: the graph of a loss.
        step: the graph of a loss and of its gradient, which a second derivative needs.
        parameters: one copy of those that move.
    """

    forward: float
    step: float
    parameters: float

    def peak(self, exemplars: int, validation: int, settings: ExemplarLevel) -> float:
        """Predicted peak in bytes, above what is in use before.

        Args:
            exemplars: n, that Eq. 8 could train on; ``settings.inner_batch`` may take fewer per step.
            validation: images in the meta loss.
            settings: the axes of the local BOP.
        """
        batch = min(exemplars, settings.inner_batch or exemplars)
        meta = 2 * validation * self.forward
        if settings.inner in ("ncm", "ridge"):
            return meta + 2 * batch * self.forward
        kept, graph = inner_loop(settings).differentiated, batch * self.step
        if settings.engine == "adjoint":  # first judges, then walks back with a single graph
            return max((OVERHEAD + TRANSIENT) * graph, meta) + (kept + 4) * self.parameters
        return (OVERHEAD * kept + TRANSIENT) * graph + meta + 2 * kept * self.parameters


def footprint(temporary: IncrementalNet, images: Tensor, engine: str) -> Footprint:
    """Measure the graphs of a few images.

    Args:
        temporary: Theta'; not changed.
        images: some exemplars, [n, c, h, w]; the probe has their shape.
        engine: whose layers to measure.
    """
    functional = Functional.of(temporary)
    parameters = functional.leaves()
    sizes: dict[int, int] = {}
    known = {tensor.untyped_storage().data_ptr() for tensor in parameters}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    probe = images.detach()[torch.arange(PROBE) % len(images)].requires_grad_()
    labels = torch.zeros(PROBE, dtype=torch.int64, device=images.device)
    layers = SecondOrder() if engine == "adjoint" else contextlib.nullcontext()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), layers:
        loss = cross_entropy(functional.classifier(parameters)(probe), labels)
        forward = sum(sizes.values())
        slopes = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    step = sum(sizes.values())
    del loss, slopes
    return Footprint(forward / PROBE, step / PROBE, sum(tensor.nbytes for tensor in parameters))


def check(temporary: IncrementalNet, images: Tensor, exemplars: int, validation: int, settings: ExemplarLevel) -> None:
    """Refuse a local BOP that will not fit, before it starts.

    Args:
        temporary: Theta' before Eq. 8; not changed.
        images: E, [n, c, h, w].
        exemplars: all that take part in Eq. 8.
        validation: images in the meta loss.
        settings: the axes of the local BOP.

    Raises:
        WillNotFitError: naming the engine, the truncation and the batch that fit.
    """
    if settings.inner == "head":
        temporary = copy.deepcopy(temporary)
        temporary.backbone.requires_grad_(False)
    measured = {settings.engine: footprint(temporary, images, settings.engine)}

    def peak(**changes: object) -> float:
        changed = settings.model_copy(update=changes)
        return measured[changed.engine].peak(exemplars, validation, changed)

    free = free_bytes(images.device)
    needed = peak()
    if needed <= free:
        return
    measured.setdefault("adjoint", footprint(temporary, images, "adjoint"))
    fits = []
    unrolled = settings.inner in ("full", "head")
    if unrolled and settings.engine == "higher":
        if peak(engine="adjoint") <= free:
            fits.append(f"exemplar_level.engine=adjoint ({_gigabytes(peak(engine='adjoint'))})")
        keep = _largest(lambda k: peak(truncate=k) <= free, settings.inner_steps)
        if keep:
            fits.append(f"exemplar_level.truncate={keep} ({_gigabytes(peak(truncate=keep))}, another gradient)")
    batch = _largest(lambda n: peak(inner_batch=n) <= free, exemplars)
    if batch >= (1 if unrolled else temporary.classes):
        fits.append(f"exemplar_level.inner_batch={batch} ({_gigabytes(peak(inner_batch=batch))})")
    small = _largest(lambda n: peak(engine="adjoint", inner_batch=n) <= free, exemplars)
    if not fits and unrolled and small:
        fits.append(f"exemplar_level.engine=adjoint with exemplar_level.inner_batch={small}")
    judges = _largest(lambda n: measured[settings.engine].peak(exemplars, n, settings) <= free, validation)
    if not fits and judges:
        fits.append(f"{judges} images to judge by (exemplar_level.val_batch, and the old exemplars with eq4b)")
    batch = min(exemplars, settings.inner_batch or exemplars)
    what = f"inner = {settings.inner!r}:"
    if unrolled:
        what = f"engine = {settings.engine!r}: {settings.inner_steps} inner steps on"
    raise WillNotFitError(
        f"exemplar_level.{what} {batch} exemplars, judged on {validation} images, need about {_gigabytes(needed)}; "
        f"{_gigabytes(free)} are free on {images.device}. "
        + (f"What fits: {'; '.join(fits)}" if fits else "No smaller setting of these fits")
    )


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest n in 1..most for which ``fits`` holds, if it holds for all smaller ones; 0 for none."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"
