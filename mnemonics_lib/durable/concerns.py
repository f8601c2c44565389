"""What looks as if a training had gone wrong, although every number is finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

GROWTH = 100.0
"""A loss that is so many times its first value."""

DISTANCE = 3.0
"""A pixel that is so many standard deviations from where it started; real images are hardly wider than that."""


def concerns(result: Mapping[str, Any]) -> list[str]:
    """What to say of a phase, a line each; nothing of most.

    Args:
        result: the fields of :class:`~mnemonics_lib.durable.records.PhaseResult`.
    """
    return [*_losses(result), *_pixels(result)]


def _losses(result: Mapping[str, Any]) -> Iterator[str]:
    series = {name: result[name] for name in ("training_loss", "finetuning_loss")}
    for name, log in _logs(result):
        for column in ("meta_loss", "base_loss_first", "base_loss_last"):
            series[f"{name}.{column}"] = log[column]
    for name, values in series.items():
        worst = max(values, default=0.0)
        if worst > GROWTH * next(iter(values), 0.0):
            yield f"{name} reached {worst:.3g}, from {values[0]:.3g}"


def _pixels(result: Mapping[str, Any]) -> Iterator[str]:
    for name, log in _logs(result):
        far = max(log["farthest"], default=0.0)
        if far > DISTANCE:
            yield f"{name}: a pixel moved {far:.1f} standard deviations from its start"


def _logs(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Sequence[float]]]]:
    """The logs of the trainings of exemplars that a phase had."""
    for name in ("exemplars", "adjustment"):
        if result[name] is not None:
            yield name, result[name]["steps"]
