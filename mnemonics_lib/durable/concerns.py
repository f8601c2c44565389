"""What looks as if a training had gone wrong, although every number is finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

GROWTH = 100.0
"""A loss that is so many times its first value."""

DISTANCE = 3.0
"""A pixel that is so many standard deviations from where it started; real images are hardly wider than that."""

EXEMPLAR_LEVEL = ("exemplars", "adjustment")
"""The trainings of exemplars that a phase may have had."""


def concerns(result: Mapping[str, Any]) -> list[str]:
    """What to say of a phase, a line each; nothing of most.

    Args:
        result: the fields of :class:`~mnemonics_lib.durable.records.PhaseResult`.
    """
    return [*_losses(result), *_pixels(result)]


def _losses(result: Mapping[str, Any]) -> Iterator[str]:
    """Of the exemplar level the panel's loss: those in its log are of another random start at each step."""
    series = {name: result[name] for name in ("training_loss", "finetuning_loss")}
    for name in EXEMPLAR_LEVEL:
        panel = result[name]["panel"] if result[name] else None
        if panel is None:
            continue
        for kind in ("", "_running"):
            series[f"{name}.panel.after{kind}"] = [panel[f"before{kind}"], panel[f"after{kind}"]]
    for name, values in series.items():
        worst = max(values, default=0.0)
        if worst > GROWTH * next(iter(values), 0.0):
            yield f"{name} reached {worst:.3g}, from {values[0]:.3g}"


def _pixels(result: Mapping[str, Any]) -> Iterator[str]:
    for name in EXEMPLAR_LEVEL:
        far = max(result[name]["steps"]["farthest"], default=0.0) if result[name] else 0.0
        if far > DISTANCE:
            yield f"{name}: a pixel moved {far:.1f} standard deviations from its start"
