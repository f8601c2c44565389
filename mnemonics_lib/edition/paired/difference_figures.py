"""Paired differences as dots, means and intervals: one below another, or against what was varied."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from matplotlib.axes import Axes

from mnemonics_lib.edition.paired.intervals import interval

FAINT = 0.4
"""How opaque the interval of a study is that is not finished: it makes no claim."""


def draw_differences(
    values: Mapping[str, Mapping[int, float]],
    axis: Axes,
    colours: Mapping[str, str],
    levels: Mapping[str, float] | None = None,
    unfinished: Collection[str] = (),
) -> Axes:
    """One row each: a dot per seed, and the mean with its interval.

    Args:
        values: name of the comparison -> seed -> difference.
        axis: where to draw.
        colours: name of the comparison -> colour.
        levels: name of the comparison -> level of confidence; 95 % where there is none.
        unfinished: comparisons that lack seeds; their mean is hollow and their interval faint.
    """
    for row, (name, by_seed) in enumerate(values.items()):
        level = (levels or {}).get(name, 0.95)
        _mark(axis, row, by_seed, colours[name], level, name not in unfinished, upright=False)
    axis.axvline(0, color="black", lw=1)
    axis.set_yticks(range(len(values)), list(values))
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    return axis


def draw_differences_along(
    values: Mapping[str, Mapping[Any, Mapping[int, float]]],
    axis: Axes,
    colours: Mapping[str, str],
    level: float = 0.95,
    unfinished: Collection[tuple[str, Any]] = (),
) -> Axes:
    """Against something that was varied: a dot per seed, and means with their intervals, joined.

    The values that were varied stand at equal distances, in their order.

    Args:
        values: name of the series -> what was varied -> seed -> difference.
        axis: where to draw.
        colours: name of the series -> colour.
        level: of confidence.
        unfinished: name and what was varied of comparisons that lack seeds, as for :func:`draw_differences`.
    """
    places = sorted({x for series in values.values() for x in series})
    apart = 0.5 / max(len(values), 1)
    for nth, (name, series) in enumerate(values.items()):
        at = {x: places.index(x) + apart * (nth - (len(values) - 1) / 2) for x in sorted(series)}
        means = [
            _mark(axis, at[x], series[x], colours[name], level, (name, x) not in unfinished, upright=True) for x in at
        ]
        axis.plot(list(at.values()), means, "-", color=colours[name], lw=1, label=name)
    axis.axhline(0, color="black", lw=1)
    axis.set_xticks(range(len(places)), [str(x) for x in places])
    axis.grid(axis="x", visible=False)
    return axis


def _mark(
    axis: Axes, place: float, by_seed: Mapping[int, float], colour: str, level: float, finished: bool, *, upright: bool
) -> float:
    """A dot per seed beside the mean and its interval, up from a place of the axis or to its right; the mean."""
    points = list(by_seed.values())
    result = interval(points, level)

    def turned(places: list[float], values: list[float]) -> tuple[list[float], list[float]]:
        return (places, values) if upright else (values, places)

    beside = place if upright else place + 0.18
    middle = place if upright else place - 0.1
    axis.scatter(*turned([beside] * len(points), points), s=14, alpha=0.5, color=colour, linewidths=0)
    if result.n >= 3:
        ends = turned([middle] * 2, [result.low, result.high])
        axis.plot(*ends, color=colour, lw=2.5, solid_capstyle="butt", alpha=1 if finished else FAINT)
    face, edge = (colour, "white") if finished else ("white", colour)
    axis.plot(*turned([middle], [result.mean]), "o", markerfacecolor=face, markeredgecolor=edge, markersize=7, zorder=3)
    return result.mean
