"""``bench hypergradient``: time and memory of the engines, each measurement in a process of its own.

One hypergradient (Eq. 7-9) of random exemplars in 50 classes, with 128 validation images. On a CPU ``adjoint`` is
measured in both of its forms: with each graph made again, and with all graphs kept, as it does where memory allows.
Memory on a CPU is the resident set's high-water mark above what the process held before, on a GPU the allocator's. A
first call with T = 1 on four exemplars warms up, and so does a whole one; neither is counted, nor, on a GPU, are the
first whole ones, in which ``adjoint`` records its steps. Time is taken by ``torch.utils.benchmark``.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.benchmark import Timer
from tqdm import tqdm

from mnemonics_lib.bench.clock import where
from mnemonics_lib.bilevel import (
    ENGINES,
    Engine,
    Forecast,
    WillNotFitError,
    graph_size,
    local_program,
    refuse_if_too_large,
)
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ExemplarLevel
from mnemonics_lib.device.memory import begin_peak, free_bytes, peak_memory
from mnemonics_lib.device.recording import WARM
from mnemonics_lib.models import build_network

NETWORKS = {
    "ResNet-8, 8 x 8": (8, 8, 8),  # of the size of the digits
    "ResNet-8, 16 x 16": (8, 16, 16),
    "ResNet-32, 32 x 32": (32, 16, 32),
}
"""Name -> depth, width and resolution."""
CASES = (
    [("ResNet-8, 8 x 8", 10, n) for n in (10, 100)]
    + [("ResNet-8, 16 x 16", steps, n) for n in (20, 200, 1000) for steps in (5, 20, 50)]
    + [("ResNet-32, 32 x 32", 50, 40)]
)
"""Network, T, exemplars."""
KEPT = "adjoint, kept"
"""The engine ``adjoint`` where memory allows it to keep its graphs."""
ON_GPU = [("ResNet-8, 16 x 16", 50, n) for n in (200, 1000)] + [("ResNet-32, 32 x 32", 50, n) for n in (40, 200, 1000)]
"""On a GPU, instead: few, up to the paper's scale, as its time is lent by the minute."""
CLASSES, VALIDATION = 50, 128
LONG = 15.0
"""Seconds after which no new round begins. It ends sooner once there are four or more whose middle half spans less than
a tenth of the median, which counts."""


def rows(device: str = "cpu") -> list[dict[str, Any]]:
    """Measure every engine on every case.

    Args:
        device: a torch device.

    Returns:
        One row per case and engine: ``network``, ``engine``, ``T``, ``exemplars``, ``seconds`` (median), ``low``,
        ``high``, ``rounds``, ``peak_mb``, ``predicted_mb`` (by the memory guard; both in MiB), ``rel_diff`` (of the
        gradient, against ``higher``), ``refused`` (the guard's message; then nothing was measured, and the fields of a
        measurement are null), ``threads``, ``device``, ``torch``.
    """
    found = []
    for network, steps, exemplars in tqdm(cases(torch.device(device)), desc="cases", leave=False):
        reference = None
        for engine in engines(torch.device(device)):  # higher comes first
            try:
                row, gradient = alone(measure, network, steps, exemplars, engine, device, torch.get_num_threads())
            except (BrokenProcessPool, torch.OutOfMemoryError, MemoryError) as error:  # the guard was wrong: say so
                row = _unmeasured(network, steps, exemplars, engine, torch.device(device))
                row["refused"] = f"failed: {error}"
                gradient = None
            reference = gradient if engine == "higher" else reference
            if gradient is not None and reference is not None:
                row["rel_diff"] = ((gradient - reference).norm() / reference.norm()).item()
            found.append(row)
    return found


def cases(device: torch.device) -> list[tuple[str, int, int]]:
    """Where to measure: network, T, exemplars."""
    return ON_GPU if device.type == "cuda" else CASES


def engines(device: torch.device) -> list[str]:
    """What to measure: the engines, and on a CPU, where steps are plain calls, the form that keeps its graphs."""
    return [*ENGINES, KEPT] if device.type == "cpu" else [*ENGINES]


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a call in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(
    network: str, steps: int, exemplars: int, engine: str, device: str, threads: int
) -> tuple[dict[str, Any], Tensor | None]:
    """One row and its gradient (None when the guard refused), measured in this process.

    It is repeated until times spread by less than a tenth, or for ``LONG`` seconds.
    """
    torch.set_num_threads(threads)
    place = torch.device(device)
    level = PAPER_EXEMPLAR_LEVEL.model_copy(update={"engine": engine.partition(",")[0], "inner_steps": steps})
    model, images, plain = problem(network, exemplars, place)
    make = (lambda level: plain(level).with_room() or plain(level)) if engine == KEPT else plain
    predicted = make(level).peak_bytes(graph_size(model, images, make(level)), exemplars, VALIDATION)
    row = _unmeasured(network, steps, exemplars, engine, place) | {"predicted_mb": predicted / 2**20}
    try:
        refuse_if_too_large(Forecast(make, model, images, exemplars, level), VALIDATION, free_bytes(place))
    except WillNotFitError as error:
        return row | {"refused": str(error)}, None

    gc.collect()
    gpu = place.type == "cuda"
    before = begin_peak(place)  # before the warm-up, whose freed memory the process may keep
    make(level.model_copy(update={"inner_steps": 1}))(model, images[:4], [()])
    before = begin_peak(place) if gpu else before  # there libraries set up work space, which is not the engine's
    program = make(level)
    gradients: list[Tensor] = []

    def run() -> None:
        gradients[:] = [program(model, images, [()] * steps).gradient]

    for _ in range(WARM + 1 if gpu else 0):
        run()
    # Garbage is collected meanwhile, as in a run: `higher` leaves cycles, and their memory would count as its peak.
    clock = Timer("run()", "gc.enable()", globals={"run": run, "gc": gc}, num_threads=threads)
    found = clock.adaptive_autorange(threshold=0.1, max_run_time=LONG)
    times = found.times
    row |= {"seconds": found.median, "low": min(times), "high": max(times), "rounds": len(times)}
    row["peak_mb"] = (peak_memory(place) - before) / 2**20
    return row, gradients[0].cpu()


def problem(
    network: str, exemplars: int, device: torch.device
) -> tuple[nn.Module, Tensor, Callable[[ExemplarLevel], Engine]]:
    """A network, exemplars [n, 3, h, w], and what makes an engine of a level for them; every value is random."""
    depth, width, size = NETWORKS[network]
    generator = torch.Generator().manual_seed(0)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        images = torch.randn(count, 3, size, size, generator=generator)
        return images.to(device), torch.randint(CLASSES, (count,), generator=generator).to(device)

    model = build_network(depth, width, 3, CLASSES, seed=0).to(device).train()
    (images, labels), (validation, answers) = draw(exemplars), draw(VALIDATION)

    def make(level: ExemplarLevel) -> Engine:
        return local_program(
            lambda inputs: (inputs, labels[: len(inputs)]),
            lambda classifier: F.cross_entropy(classifier(validation), answers),
            level,
        )

    return model, images, make


def _unmeasured(network: str, steps: int, exemplars: int, engine: str, device: torch.device) -> dict[str, Any]:
    """A row whose measurements are still null."""
    row = {"network": network, "engine": engine, "T": steps, "exemplars": exemplars}
    nulls = ("seconds", "low", "high", "rounds", "peak_mb", "rel_diff", "refused", "predicted_mb")
    return row | dict.fromkeys(nulls) | where(device)


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [
        f"{'network':<20} {'exemplars':>9} {'T':>3} {'engine':<13} {'seconds':>8} {'peak MiB':>8} {'predicted':>9} "
        f"{'rel. diff':>9}"
    ]
    for row in found:
        head = f"{row['network']:<20} {row['exemplars']:>9} {row['T']:>3} {row['engine']:<13}"
        if row["refused"]:
            said, predicted = row["refused"].partition(":")[0], row["predicted_mb"]
            said = said if said == "failed" else "refused"
            lines.append(f"{head} {said:>8} {'':>8} {'' if predicted is None else f'{predicted:,.0f}':>9}")
        else:
            difference = "" if row["rel_diff"] is None else f"{row['rel_diff']:.1e}"
            lines.append(
                f"{head} {row['seconds']:>8.2f} {row['peak_mb']:>8,.0f} {row['predicted_mb']:>9,.0f} {difference:>9}"
            )
    return "\n".join(lines)
