"""What TF32 does to a hypergradient: emulated on a CPU beside what was measured on a GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mnemonics_lib.edition.benchmarks.rows import Row


def tf32_table(emulated: Sequence[Row], on_gpu: Sequence[Row]) -> list[dict[str, str]]:
    """A row for each network, number of exemplars and T.

    Args:
        emulated: what ``bench tf32`` wrote.
        on_gpu: what ``bench hypergradient`` wrote on a GPU.
    """
    there = _relative_differences(on_gpu)
    return [
        {
            "network": row["network"],
            "exemplars": row["exemplars"],
            "$T$": row["T"],
            "engines, float32": f"{row['engines_float32']:.1e}",
            "engines, TF32": f"{row['engines_tf32']:.1e}",
            "engines, GPU": f"{there[_setting(row)]:.1e}" if _setting(row) in there else "–",
            "TF32 to float32": f"{row['adjoint_tf32']:.1e}",
            "cosine": f"{row['cosine_tf32']:.3f}",
        }
        for row in emulated
    ]


def explains_the_gpu(emulated: Sequence[Row], on_gpu: Sequence[Row]) -> str:
    """Whether TF32 is enough to explain how far the engines are apart on a GPU: a factor below 2 says so.

    Args:
        emulated: as in :func:`tf32_table`.
        on_gpu: as in :func:`tf32_table`.
    """
    there = _relative_differences(on_gpu)
    pairs = [(row["engines_tf32"], there[_setting(row)]) for row in emulated if _setting(row) in there]
    if not pairs:
        return "None of these cases was measured on a GPU yet."
    factor = max(max(here / gpu, gpu / here) for here, gpu in pairs)
    verdict = (
        ": TF32 is enough to explain what was found there."
        if factor < 2
        else ", so that TF32 alone does not explain what was found there."
    )
    cases = "the one case that was" if len(pairs) == 1 else f"the {len(pairs)} cases that were"
    return (
        f"In {cases} measured on a GPU, the emulation and the GPU differ by a factor of {factor:.1f} at most{verdict}"
    )


def at_a_trained_network(emulated: Sequence[Row]) -> str:
    """How far TF32 moves the gradient at the network that was trained on digits."""
    rows = [row for row in emulated if row["network"] == "digits, trained"]
    away, cosine = [100 * row["adjoint_tf32"] for row in rows], min(row["cosine_tf32"] for row in rows)
    return (
        f"At the trained network the gradient in TF32 is {min(away):.1f} to {max(away):.1f} % of its length away from "
        f"float32's, and their cosine is at least {math.floor(1e4 * cosine) / 1e4:.4f}. So much is "
        "rounded in a step on this network on such a GPU; of other networks, larger images and more exemplars this "
        "says nothing. (`NVIDIA_TF32_OVERRIDE=0` in the environment keeps "
        "convolutions there in float32, which takes longer.)"
    )


def at_a_fresh_deep_network(emulated: Sequence[Row]) -> str:
    """What many layers and many steps make of the rounding."""
    deep, trained = (
        [row["cosine_tf32"] for row in emulated if row["network"] == network]
        for network in ("ResNet-32, 32 x 32", "digits, trained")
    )
    rows = sorted((row for row in emulated if row["network"] == "ResNet-32, 32 x 32"), key=lambda row: row["T"])
    more = "decides more" if max(deep) < min(trained) else "does not always decide more"
    return f"At a fresh network of many layers rounding {more}: there the cosine is " + (
        " and ".join(f"{row['cosine_tf32']:.2f} after {row['T']} steps" for row in rows) + "."
    )


def _setting(row: Row) -> tuple[str, int, int]:
    return row["network"], row["T"], row["exemplars"]


def _relative_differences(on_gpu: Sequence[Row]) -> dict[tuple[str, int, int], float]:
    """By setting, where the engine's gradient was compared with ``higher``'s."""
    return {_setting(row): row["rel_diff"] for row in on_gpu if row["engine"] == "adjoint" and row["rel_diff"]}
