"""Memory and seconds of a hypergradient as a figure: two panels per network, against the number T of inner steps."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

from mnemonics_lib.edition.benchmarks.hypergradient import KEPT

COLOURS = {"higher": "#d55e00", "adjoint": "#332288", KEPT: "#117733"}
MARKERS, DASHES = "osD^v", ("-", "--", ":", "-.")
"""Of the numbers of exemplars, from the fewest on."""


def hypergradient_figure(bench: pd.DataFrame) -> Figure:
    """Both axes of each panel are logarithmic; a line for each engine and number of exemplars.

    Bars of the seconds run from the fastest to the slowest round. Open markers are peaks that the memory guard
    predicted, and refused.

    Args:
        bench: of :func:`~mnemonics_lib.edition.benchmarks.hypergradient.measurements`.
    """
    panels, sizes = list(bench.groupby(["device", "network"], sort=False)), sorted(bench["exemplars"].unique())
    size = (7.4, 3.3 * len(panels) + 1.2)
    figure, axes = plt.subplots(len(panels), 2, figsize=size, squeeze=False, layout="constrained")
    handles: dict[tuple[Any, Any], Line2D] = {}
    for (memory, seconds), ((device, network), rows) in zip(axes, panels, strict=True):
        for (exemplars, engine), line in rows.groupby(["exemplars", "engine"]):
            which, label = sizes.index(exemplars), f"{engine}, {exemplars} exemplars"
            shape = {"color": COLOURS[str(engine)], "marker": MARKERS[which % len(MARKERS)], "markersize": 6}
            dashes = DASHES[which % len(DASHES)]
            line = line.sort_values("T")
            _memory(memory, line, shape, dashes)
            handles[exemplars, engine] = _seconds(seconds, line, shape, dashes, label)
        memory.set(ylabel="peak memory (MiB)", title=network)
        seconds.set(ylabel="seconds", title=device)
        for axis in (memory, seconds):
            _logarithmic(axis, sorted(rows["T"].unique()))
    lines = [handles[key] for key in sorted(handles)]
    figure.legend(handles=lines, loc="outside upper center", ncols=2, fontsize=10)
    return figure


def _memory(axis: Axes, rows: pd.DataFrame, shape: dict[str, Any], dashes: str) -> None:
    done, refused = rows[rows["refused"].isna()], rows[rows["refused"].notna()]
    axis.plot(done["T"], done["peak_mb"], linestyle=dashes, **shape)
    if len(refused):
        axis.plot(refused["T"], refused["predicted_mb"], linestyle="none", markerfacecolor="none", **shape)


def _seconds(axis: Axes, rows: pd.DataFrame, shape: dict[str, Any], dashes: str, label: str) -> Line2D:
    done = rows[rows["refused"].isna()]
    (line,) = axis.plot(done["T"], done["seconds"], linestyle=dashes, label=label, **shape)
    axis.vlines(done["T"], done["low"], done["high"], color=line.get_color(), lw=1)
    return line


def _logarithmic(axis: Axes, steps: list[int]) -> None:
    """Ticks at the T that were measured; ends at powers of ten, so that two labels at least stand beside the axis."""
    axis.set(xscale="log", yscale="log", xlabel="T")
    axis.xaxis.set_major_locator(FixedLocator(steps))
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_minor_formatter(NullFormatter())
    low, high = map(math.log10, axis.get_ylim())
    axis.set_ylim(10 ** math.floor(low), 10 ** math.ceil(high))
