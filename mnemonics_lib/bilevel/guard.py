"""What a hypergradient will need in memory, known before it starts.

Unrolling 50 steps of a ResNet-32 over 1,000 exemplars takes hundreds of gigabytes. Rather than fail after minutes, or
bring the machine to its knees, a probe of a few images is measured, each engine says what it makes of that, and the sum
is compared with what is free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor, nn

from mnemonics_lib.bilevel.graph_size import GraphSize, measure_graph
from mnemonics_lib.bilevel.inner import ENGINES, last_layer_solver
from mnemonics_lib.bilevel.problem import Engine
from mnemonics_lib.config.sections import ExemplarLevel


class WillNotFitError(MemoryError):
    """A hypergradient that does not fit into memory. The message says what would."""


@dataclass
class Demand:
    """What one outer step takes, for any axes of the local BOP.

    Attributes:
        make: the engine of some axes, on the data in question.
        temporary: Theta' before Eq. 8; not changed.
        images: E, [n, c, h, w].
        exemplars: how many take part in Eq. 8 in all.
        validation: images in the meta loss.
    """

    make: Callable[[ExemplarLevel], Engine]
    temporary: nn.Module
    images: Tensor
    exemplars: int
    validation: int
    _measured: dict[type, GraphSize] = field(default_factory=dict)

    def batch(self, level: ExemplarLevel) -> int:
        """Exemplars in an inner step."""
        return min(self.exemplars, level.inner_batch or self.exemplars)

    def bytes(self, level: ExemplarLevel, validation: int | None = None) -> float:
        """The predicted peak, above what is in use before."""
        engine = self.make(level)
        if type(engine) not in self._measured:
            self._measured[type(engine)] = measure_graph(self.temporary, self.images, engine.layers())
        graph = self._measured[type(engine)]
        return engine.peak_bytes(graph, self.batch(level), self.validation if validation is None else validation)


def refuse_if_too_large(demand: Demand, level: ExemplarLevel, free: float) -> None:
    """Refuse a local BOP that will not fit, before it starts.

    Args:
        demand: what a step takes.
        level: the axes of the local BOP.
        free: bytes.

    Raises:
        WillNotFitError: naming the engine, the truncation and the batch that fit.
    """
    needed = demand.bytes(level)
    if needed <= free:
        return
    what = f"inner = {level.inner!r}:"
    if last_layer_solver(level) is None:
        what = f"engine = {level.engine!r}: {level.inner_steps} inner steps on"
    fits = _what_fits(demand, level, free)
    raise WillNotFitError(
        f"exemplar_level.{what} {demand.batch(level)} exemplars, with {demand.validation} validation images, need "
        f"about {_gigabytes(needed)}; {_gigabytes(free)} are free on {demand.images.device}. "
        + (f"What fits: {'; '.join(fits)}" if fits else "No smaller setting of these fits")
    )


def _what_fits(demand: Demand, level: ExemplarLevel, free: float) -> list[str]:
    """Changes of one axis that fit, in words; where there is none, of two."""

    def size(**changes: object) -> float:
        return demand.bytes(level.model_copy(update=changes))

    others = [name for name in ENGINES if name != level.engine]
    found = [
        f"exemplar_level.engine={name} ({_gigabytes(size(engine=name))})"
        for name in others
        if size(engine=name) <= free
    ]
    keep = _largest(lambda k: size(truncate=k) <= free, level.inner_steps)
    if keep:
        found.append(f"exemplar_level.truncate={keep} ({_gigabytes(size(truncate=keep))}, another gradient)")
    # A formula needs an exemplar of every class in each batch, as the configuration demands.
    least = 1 if last_layer_solver(level) is None else int(getattr(demand.temporary, "classes", 1))
    batch = _largest(lambda n: size(inner_batch=n) <= free, demand.exemplars)
    if batch >= least:
        found.append(f"exemplar_level.inner_batch={batch} ({_gigabytes(size(inner_batch=batch))})")
    if found:
        return found
    for name in others:

        def fits(count: int, name: str = name) -> bool:
            return size(engine=name, inner_batch=count) <= free

        small = _largest(fits, demand.exemplars)
        if small >= least and size(engine=name) < size():
            return [f"exemplar_level.engine={name} with exemplar_level.inner_batch={small}"]
    validation = _largest(lambda n: demand.bytes(level, n) <= free, demand.validation)
    if validation:
        return [f"{validation} validation images (exemplar_level.val_batch, and the old exemplars with eq4b)"]
    return []


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest n in 1..most for which ``fits`` holds, if it holds for all smaller ones; 0 for none."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size < 1e11 else f"{size / 1e9:.0f} GB"
