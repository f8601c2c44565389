"""``bench tf32``: what a GPU's TF32 does to the hypergradient, emulated on a CPU.

NVIDIA's GPUs since Ampere compute float32 convolutions with inputs that are rounded to TF32's 11 bits, and add in
float32. Here every convolution of both engines has its inputs rounded so, those of all derivatives too, and the
gradients are compared with those in float32: at fresh networks, as :mod:`mnemonics_lib.bench.hypergradient` has them,
and at a network that was trained, with real exemplars.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from tqdm import tqdm

from mnemonics_lib.bench.clock import where
from mnemonics_lib.bench.hypergradient import problem
from mnemonics_lib.bilevel import ENGINES, Engine, local_program
from mnemonics_lib.config import PAPER_EXEMPLAR_LEVEL, ConfigError, ExemplarLevel, load_config
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, model_level, select_exemplars
from mnemonics_lib.loops import walk
from mnemonics_lib.paths import PARAMS

TRAINED = "digits, trained"
"""The network of phase 0 of the quick profile, and exemplars that herding chose."""

CASES = [
    *[("ResNet-8, 16 x 16", steps, 200) for steps in (5, 20, 50)],
    *[("ResNet-32, 32 x 32", steps, 40) for steps in (5, 50)],
    *[(TRAINED, steps, 10) for steps in (5, 20, 50)],
]
"""Network, T, exemplars."""

LOST = 13
"""Bits of a float32's 23 that TF32 does not have."""


def rounded(x: Tensor) -> Tensor:
    """A float32 tensor, each number rounded to the nearest one of TF32, halves away from zero; others as they are."""
    if x.dtype != torch.float32:
        return x
    bits = x.contiguous().view(torch.int32)
    return ((bits + (1 << (LOST - 1))) & ~((1 << LOST) - 1)).view(torch.float32)


INPUTS = {torch.ops.aten.convolution.default: 2, torch.ops.aten.convolution_backward.default: 3}
"""Operation -> how many of its first arguments are multiplied with one another."""


class TF32(TorchDispatchMode):
    """Within it, convolutions and their derivatives see inputs that are rounded to TF32."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        count = INPUTS.get(func, 0)
        return func(*map(rounded, args[:count]), *args[count:], **(kwargs or {}))


def rows(device: str = "cpu", cases: list[tuple[str, int, int]] = CASES) -> list[dict[str, Any]]:
    """Compare the gradients of the two engines with each other and with those in float32.

    Args:
        device: the CPU; on a GPU it is measured and not emulated (``bench hypergradient``).
        cases: network, T, exemplars.

    Returns:
        One row per case: ``network``, ``T``, ``exemplars``, relative differences ``engines_float32`` (of ``adjoint``
        to ``higher``), ``engines_tf32`` (the same, both in TF32), ``adjoint_tf32`` (to ``higher`` in float32), and
        ``cosine_tf32`` (of the same two gradients); ``threads``, ``device``, ``torch``.

    Raises:
        ConfigError: for another device than the CPU.
    """
    if torch.device(device).type != "cpu":
        raise ConfigError(f"device = {device}: must be cpu for bench tf32, which emulates what a GPU does")
    found = []
    for network, steps, exemplars in tqdm(cases, desc="cases", leave=False):
        made = _trained(exemplars) if network == TRAINED else problem(network, exemplars, torch.device("cpu"))
        gradients = {
            (engine, tf32): _gradient(*made, steps, engine, tf32) for engine in ENGINES for tf32 in (False, True)
        }
        right, ours = gradients["higher", False], gradients["adjoint", True]
        found.append(
            {
                "network": network,
                "T": steps,
                "exemplars": exemplars,
                "engines_float32": _difference(gradients["adjoint", False], right),
                "engines_tf32": _difference(ours, gradients["higher", True]),
                "adjoint_tf32": _difference(ours, right),
                "cosine_tf32": F.cosine_similarity(ours.flatten(), right.flatten(), dim=0).item(),
                **where(torch.device("cpu")),
            }
        )
    return found


def _gradient(
    model: nn.Module, images: Tensor, make: Callable[[ExemplarLevel], Engine], steps: int, engine: str, tf32: bool
) -> Tensor:
    level = PAPER_EXEMPLAR_LEVEL.model_copy(update={"engine": engine, "inner_steps": steps})
    with TF32() if tf32 else nullcontext():
        return make(level)(model, images, [()] * steps).gradient


def _trained(exemplars: int) -> tuple[nn.Module, Tensor, Callable[[ExemplarLevel], Engine]]:
    """As :func:`mnemonics_lib.bench.hypergradient.problem`, at Theta_0, of its real exemplars."""
    experiment = Experiment.of(load_config(PARAMS / "quick" / "digits-n5.yaml", {"exemplars": "herding"}))
    state = initial_state(experiment)
    model_level(experiment, state, walk)
    select_exemplars(experiment, state)
    images, labels = state.memory.images[:exemplars], state.memory.labels[:exemplars]
    data = experiment.new_data(0)
    validation, answers = data.batch(torch.arange(128))

    def make(level: ExemplarLevel) -> Engine:
        return local_program(
            lambda inputs: (inputs, labels[: len(inputs)]),
            lambda classifier: F.cross_entropy(classifier(validation), answers),
            level,
        )

    return state.model.train(), images, make


def _difference(one: Tensor, other: Tensor) -> float:
    return ((one - other).norm() / other.norm()).item()


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [
        f"{'network':<20} {'exemplars':>9} {'T':>3} {'engines, float32':>17} {'engines, TF32':>14} {'to float32':>11} "
        f"{'cosine':>7}"
    ]
    for row in found:
        lines.append(
            f"{row['network']:<20} {row['exemplars']:>9} {row['T']:>3} {row['engines_float32']:>17.1e} "
            f"{row['engines_tf32']:>14.1e} {row['adjoint_tf32']:>11.1e} {row['cosine_tf32']:>7.3f}"
        )
    return "\n".join(lines)
