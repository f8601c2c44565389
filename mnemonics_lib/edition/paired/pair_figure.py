"""The figure of two arms compared seed by seed, and figures as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnemonics_lib.config.shown import cut
from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.edition.figures import PALETTE
from mnemonics_lib.edition.paired.compare import Comparison
from mnemonics_lib.edition.paired.difference_figures import draw_differences
from mnemonics_lib.edition.records.measures import FORMS, unit

FORMATS: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".png": {}, ".pdf": {"CreationDate": None}}
"""Ending of a file -> metadata that keep the time out of it: the same figure gives the same bytes."""

LONGEST = 40
"""Letters of an arm's name that the figure shows."""


def pair_figure(comparison: Comparison, arm: str, baseline: str) -> Figure:
    """The values of both arms, joined seed by seed, and beside them the differences with their mean and interval.

    Args:
        comparison: of :func:`mnemonics_lib.edition.paired.compare.compare`.
        arm: its name.
        baseline: its name.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.6), layout="constrained")
    figure.suptitle(title(comparison, arm, baseline))
    of, result = unit(comparison.field), comparison.difference
    words = comparison.field.replace("_", " ")
    _joined(comparison, left, [cut(baseline, LONGEST), cut(arm, LONGEST)])
    left.set(ylabel=f"{words} ({of})" if of else words, title=f"a line per seed, n = {result.n}")
    draw_differences({"": comparison.differences}, right, {"": PALETTE["mnemonics"]}, {"": comparison.level})
    form = f"+{FORMS.get(of, '.3g')}"
    told = f"mean {result.mean:{form}}"
    if result.n >= 3:
        told += f", {100 * comparison.level:g} % interval [{result.low:{form}}, {result.high:{form}}]"
    of = "percentage points" if of == "%" else of
    right.set(xlabel=f"difference ({of})" if of else "difference", title=told)
    return figure


def title(comparison: Comparison, arm: str, baseline: str) -> str:
    """What the figure shows, in words."""
    return f"{comparison.field.replace('_', ' ')}: {cut(arm, LONGEST)} minus {cut(baseline, LONGEST)}"


def _joined(comparison: Comparison, axis: Axes, names: list[str]) -> None:
    """The baseline's values on the left, the arm's on the right, a line for each seed."""
    for seed, value in comparison.arm.items():
        axis.plot([0, 1], [comparison.baseline[seed], value], "-", color=PALETTE["random"], lw=1, alpha=0.7)
    for place, values, colour in (
        (0, comparison.baseline, PALETTE["herding"]),
        (1, comparison.arm, PALETTE["mnemonics"]),
    ):
        axis.plot([place] * len(values), list(values.values()), "o", color=colour, markersize=6)
    axis.set_xticks([0, 1], names)
    axis.set_xlim(-0.3, 1.3)
    axis.grid(axis="x", visible=False)


def write_figure(path: Path, figure: Figure, title: str) -> None:
    """Write a figure whole or not at all, and close it.

    Args:
        path: of the file, with an ending of ``FORMATS``.
        figure: to be drawn.
        title: for the metadata, which are read aloud and searched.

    Raises:
        OSError: when the file system refuses.
    """
    metadata = FORMATS[path.suffix] | {"Title": title}
    write_atomically(path, lambda file: figure.savefig(file, format=path.suffix[1:], metadata=metadata))
    plt.close(figure)
