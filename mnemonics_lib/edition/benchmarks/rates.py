"""Images per second, as tables: training, evaluation and features, and pictures read from disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mnemonics_lib.edition.benchmarks.rows import Row, threads


def training_table(rates: Iterable[Row]) -> list[dict[str, str]]:
    """Training: what ``bench training`` wrote, a row for each network and loop."""
    return [_of_network(row, {"loop": row["loop"]}) for row in rates]


def inference_table(rates: Iterable[Row]) -> list[dict[str, str]]:
    """Evaluation and features: what ``bench inference`` wrote, a row for each network, work and size of a part."""
    return [
        _of_network(
            row,
            {
                "work": row["work"],
                "images in a part": f"{row['size']:,}" + (" (ours)" if row["parts"] == "ours" else ""),
            },
        )
        for row in rates
    ]


def input_table(rates: Iterable[Row]) -> list[dict[str, Any]]:
    """Pictures from disk: what ``bench input`` wrote, a row for each way to read them."""
    return [
        {
            "pictures": row["pictures"],
            "loop": row["loop"],
            "in a batch": row["batch"],
            **_rate(row, "pictures", {"per core": f"{row['per_core']:,.0f}"}),
            "on": f"{row['device']}, {row['workers']} cores",
        }
        for row in rates
    ]


def input_sentences(rates: Sequence[Row]) -> str:
    """How our ways to read compare with the usual one, and which pictures they read, a device at a time."""
    return " ".join(
        _of_device(device, [row for row in rates if row["device"] == device])
        for device in dict.fromkeys(row["device"] for row in rates)
    )


def _of_network(row: Row, what: dict[str, str]) -> dict[str, str]:
    return {"network": row["network"], **what, **_rate(row, "images"), "on": f"{row['device']}, {threads(row)}"}


def _rate(row: Row, what: str, more: dict[str, str] | None = None) -> dict[str, str]:
    """The median of the rounds, what there is to say more of it, and the slowest and the fastest round."""
    return {
        f"{what} per second": f"{row['images_per_second']:,.0f}",
        **(more or {}),
        f"range of {row['rounds']} rounds": f"{row['low']:,.0f} to {row['high']:,.0f}",
    }


def _of_device(device: str, rates: Sequence[Row]) -> str:
    speed = {(row["pictures"], row["loop"]): row["images_per_second"] for row in rates}
    ahead = [
        f"{rate / speed[pictures, 'usual']:.2f} times the usual rate for {pictures}"
        + ("" if loop == "ours" else f" ({loop.removeprefix('ours, ')})")
        for (pictures, loop), rate in speed.items()
        if loop != "usual"
    ]
    first = rates[0]
    return (
        f"On {device}, ours has {', '.join(ahead)}. The {first['files']} {'made ' if first['made'] else ''}pictures "
        f"have a median of {first['width']} × {first['height']} pixels and {first['kilobytes']:.0f} kB."
    )
