"""Figures of what training gains: setting by setting, and against what the networks know."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnemonics_lib.edition.evidence.pairs.gains import Gain
from mnemonics_lib.edition.figures import METHOD_COLOURS, METHOD_MARKERS
from mnemonics_lib.edition.names import NAMES

MARKERS = {name: METHOD_MARKERS[method] for method, name in NAMES.items()}
"""A method, by its name for a reader, by its shape."""


def gain_figure(found: Sequence[Gain]) -> Figure:
    """Mean gains with their intervals, in points of average accuracy: a row a setting, below its heading.

    What is hollow makes no claim of training: it is not finished, or of fewer than three seeds, or its arms differ in
    more than training.

    Args:
        found: in the order of the rows; those of one heading follow one another.
    """
    rows: list[Gain | str] = []
    for heading, gains in groupby(found, lambda gain: gain.setting.heading):
        rows += [heading, *gains]
    figure, axis = plt.subplots(figsize=(6.4, 0.26 * len(rows) + 0.8), layout="constrained")
    names = [row if isinstance(row, str) else row.setting.words.removeprefix(f"{row.setting.data}; ") for row in rows]
    axis.set_yticks(range(len(rows)), names, fontsize=9)
    for at, (row, label) in enumerate(zip(rows, axis.get_yticklabels(), strict=True)):
        if isinstance(row, str):
            label.set_fontweight("bold")
        else:
            _dot(axis, row, row.interval.mean, at, vertical=False)
    axis.set(xlabel="trained minus herding (points)", ylim=(len(rows) - 0.5, -0.5))
    axis.axvline(0, color="black", lw=1)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)
    return figure


def known_figure(found: Sequence[Gain]) -> Figure:
    """The same gains against how many of its training images the network of phase 0 knows."""
    figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for gain in found:
        _dot(axis, gain, gain.knows, gain.interval.mean, vertical=True)
    for method in dict.fromkeys(gain.setting.method for gain in found):
        axis.plot([], [], MARKERS[method], color=colour(method), label=method)
    axis.axhline(0, color="black", lw=1)
    axis.set(xlabel="training images that the first network knows (%)", ylabel="trained minus herding (points)")
    axis.legend(fontsize=9)
    return figure


def colour(method: str) -> str:
    """Of a method, by its name for a reader: as in all figures."""
    return METHOD_COLOURS[{name: method for method, name in NAMES.items()}[method]]


def _dot(axis: Axes, gain: Gain, x: float, y: float, vertical: bool) -> None:
    shade, interval = colour(gain.setting.method), gain.interval
    if interval.n >= 3:
        ends = (interval.low, interval.high)
        at = ([x, x], ends) if vertical else (ends, [y, y])
        axis.plot(*at, color=shade, lw=2.2, alpha=1 if gain.claims else 0.4, solid_capstyle="butt")
    face = shade if gain.claims else "white"
    axis.plot(x, y, MARKERS[gain.setting.method], color=shade, markerfacecolor=face, markersize=7, zorder=3)
