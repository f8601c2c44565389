"""The book's figures, one function each, in one palette. Each takes an axis or makes one, and returns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.edition.report import JOINT, VARIANTS, Evidence, curves

PALETTE = {"random": "#777777", "herding": "#0173b2", "mnemonics": "#de8f05"}
"""One colour per kind of exemplars, everywhere; safe for the common colour-vision deficiencies."""

METHOD_COLOURS = {"lwf": "#029e73", "icarl": "#cc78bc", "bic": "#ca9161", "lucir": "#56b4e9"}
"""One colour per baseline method of Table 1, none of them an exemplar kind's."""

METHOD_MARKERS = {"lwf": "o", "icarl": "s", "bic": "D", "lucir": "^"}
"""And one shape, which a print in grey keeps."""


NARROW, LEGIBLE = 500, 7.5
"""Pixels that a narrow page has for a figure's width, and those that the smallest text needs."""


def style() -> None:
    """The look of every figure: call once per notebook."""
    sns.set_theme(context="notebook", style="whitegrid", rc={"figure.dpi": 110, "axes.spines.top": False})
    plt.rcParams["svg.hashsalt"] = "mnemonics"  # the same figure gives the same bytes


def smallest(figure: Figure) -> float:
    """Points of the smallest text of a figure that can still be read on a page of ``NARROW`` pixels.

    The page scales a wider figure down, and leaves another as it is.
    """
    return LEGIBLE * 72 / min(figure.dpi, NARROW / figure.get_figwidth())


def image_grid(rows: Mapping[str, Tensor], pixels: Pixels, columns: Sequence[str] = (), size: float = 0.9) -> Figure:
    """Rows of images under one another, each row with its name.

    Args:
        rows: name -> normalised images [n, c, h, w]; all rows of the same n.
        pixels: to undo the normalisation.
        columns: a title for each column, or nothing.
        size: of one image, in inches.
    """
    count = max(len(images) for images in rows.values())
    figure, axes = plt.subplots(
        len(rows), count, figsize=(size * count + 1, size * len(rows) + 0.4), squeeze=False, layout="constrained"
    )
    least = smallest(figure)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for axis in line:
            axis.axis("off")
        for axis, image in zip(line, pixels.display(images.cpu()), strict=False):
            axis.imshow(image.permute(1, 2, 0), cmap="gray", vmin=0, vmax=1)
        of_row = {"fontsize": max(plt.rcParams["font.size"], least), "ha": "right", "va": "center"}
        line[0].text(-0.15, 0.5, name, transform=line[0].transAxes, **of_row)
    for axis, title in zip(axes[0], columns, strict=False):
        axis.set_title(title, fontsize=max(9, least))
    return figure


def confusion(counts: Sequence[Sequence[int]], axis: Axes, title: str = "") -> Axes:
    """A confusion matrix, in per cent of the true class: rows true, columns predicted, in the order of arrival.

    What rounds to 0 is not written, but on the diagonal: hardly an image of that class, or none, is right.
    """
    shares = np.asarray(counts, dtype=float)
    shares = 100 * shares / shares.sum(axis=1, keepdims=True)
    _heat_map(shares, axis, "% of the true class", zeros=np.eye(len(shares), dtype=bool)).set_aspect("equal")
    axis.set(xlabel="predicted class", ylabel="true class (100 % a row)", title=title)
    return axis


def class_accuracies(accuracies: np.ndarray, axis: Axes) -> Axes:
    """The accuracy on each class after each phase, on all classes seen: who forgets what.

    Args:
        accuracies: per cent [N + 1, K], of :func:`mnemonics_lib.edition.by_class.class_accuracies`.
        axis: where to draw; a row for each class, in the order of arrival.
    """
    _heat_map(accuracies.T, axis, "accuracy (%)", zeros=~np.isnan(accuracies.T))
    axis.set(xlabel="after phase i", ylabel="class (numbers: accuracy, %)")
    return axis


def _heat_map(shares: np.ndarray, axis: Axes, unit: str, zeros: np.ndarray) -> Axes:
    """Numbers from 0 to 100, of which some may be missing; one that rounds to 0 is written where ``zeros`` is true.

    Where no number could be read, none is written, and a scale stands beside the map.
    """
    figure, box = axis.figure, axis.get_window_extent()
    assert isinstance(figure, Figure)
    cell = min(box.width / shares.shape[1], box.height / shares.shape[0])  # pixels
    size = 0.45 * 72 * cell / figure.dpi  # three digits fill the cell
    written = np.where(zeros | (shares >= 0.5), np.vectorize("{:.0f}".format)(shares), "")
    numbers: dict[str, Any] = {"annot": written, "fmt": "", "annot_kws": {"fontsize": min(size, 10)}, "cbar": False}
    scale: dict[str, Any] = {"cbar_kws": {"label": unit}}
    sns.heatmap(shares, ax=axis, cmap="Blues", vmin=0, vmax=100, **(numbers if size >= smallest(figure) else scale))
    axis.tick_params(axis="y", rotation=0)
    axis.grid(visible=False)  # it would show where numbers are missing
    return axis


def phase_curves(records: Sequence[Record], axis: Axes, key: str = "accuracy", bound: Sequence[Record] = ()) -> Axes:
    """Accuracy after each phase, mean over seeds with a 95 % t interval (the paper's Figure 4), within 0 to 100 %.

    Args:
        records: run records that differ in exemplars and seed alone.
        axis: where to draw.
        key: ``accuracy`` (A_i) or ``first_classes_accuracy`` (A_i^Z).
        bound: records of joint training, whose mean is a dashed line.
    """
    rows = [
        {"phase": phase, "accuracy": value, "exemplars": record.exemplars}
        for record in records
        for phase, value in enumerate(getattr(record, key))
    ]
    kinds = [kind for kind in PALETTE if kind in {row["exemplars"] for row in rows}]
    sns.lineplot(
        pd.DataFrame(rows), x="phase", y="accuracy", hue="exemplars", style="exemplars", hue_order=kinds,
        style_order=kinds, palette=PALETTE, markers=True, dashes=False, errorbar=accuracy_interval, ax=axis,
    )  # fmt: skip
    if bound:
        phases = [interval(values) for values in zip(*(getattr(record, key) for record in bound), strict=True)]
        _curve(phases, axis, "--", "black", "joint training")
    of = "first classes" if key == "first_classes_accuracy" else "classes seen"
    axis.set(xlabel="phase i", ylabel=f"accuracy on the {of} (%)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(title="")
    return axis


PANELS = dict(zip(VARIANTS, ("without mnemonics", "transfer, fine-tuning", "with mnemonics"), strict=True))
"""What follows a method in the name of an arm of Table 1, and the short title of its panel."""


def variants(found: Evidence, fields: Mapping[str, str], panels: Mapping[str, str] = PANELS) -> Figure:
    """Table 1 phase by phase: a column per variant ("without mnemonics" to "with mnemonics"), a line per method.

    Args:
        found: arms, each named by a method and one of ``panels``.
        fields: per-phase list of a record -> label of its row of axes.
        panels: what follows a method in the name of an arm -> title of its column.
    """
    figure, axes = plt.subplots(
        len(fields),
        len(panels),
        figsize=(7.6, 0.4 + 2.8 * len(fields)),
        squeeze=False,
        layout="constrained",
        sharex=True,
        sharey=True,
    )
    for row, (field, label) in zip(axes, fields.items(), strict=True):
        for axis, (suffix, title) in zip(row, panels.items(), strict=True):
            method_curves(curves(found, suffix, field), axis, title).label_outer()
        row[0].set(ylabel=label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))  # inside it would hide a curve
    return figure


def method_curves(by_method: Mapping[str, Sequence[Interval]], axis: Axes, title: str = "") -> Axes:
    """Accuracy after each phase (the paper's Figure 4): a line per method, dashed for joint training.

    Args:
        by_method: method or ``joint`` -> mean and interval (%) of each phase; from three seeds on, there is a band.
        axis: where to draw.
        title: of the axis.
    """
    for method, phases in by_method.items():
        bound = method == JOINT
        colour, label = ("black", "joint training") if bound else (METHOD_COLOURS[method], NAMES[method])
        _curve(phases, axis, "--" if bound else f"{METHOD_MARKERS[method]}-", colour, label)
    axis.set(xlabel="phase i", title=title)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return axis


def _curve(phases: Sequence[Interval], axis: Axes, line: str, colour: str, label: str) -> None:
    """The means of phases, and a band of their intervals where these are of three seeds or more."""
    axis.plot([phase.mean for phase in phases], line, color=colour, label=label, markersize=4)
    if all(phase.n >= 3 for phase in phases):
        low, high = zip(*map(within_range, phases), strict=True)
        axis.fill_between(range(len(phases)), low, high, color=colour, alpha=0.2, linewidth=0)


def accuracy_interval(values: Any) -> tuple[float, float]:
    """Ends of the 95 % t interval of accuracies (%), as seaborn asks for them."""
    return within_range(interval(values))


def within_range(result: Interval) -> tuple[float, float]:
    """Ends of an interval of accuracies (%): no accuracy is beyond 0 or 100."""
    return max(result.low, 0.0), min(result.high, 100.0)


def embedding(points: np.ndarray, labels: np.ndarray, exemplars: np.ndarray, axis: Axes, title: str = "") -> Axes:
    """A two-dimensional embedding as in the paper's Figure 5: light data, dark exemplars, one colour per class.

    Args:
        points: [n, 2].
        labels: class of each point, [n].
        exemplars: whether each point is an exemplar, [n] of bool.
        axis: where to draw.
        title: of the axis.
    """
    colours = sns.color_palette("colorblind", 10)
    for label in np.unique(labels):
        data, ours = (labels == label) & ~exemplars, (labels == label) & exemplars
        colour = colours[int(label) % 10]
        axis.scatter(points[data, 0], points[data, 1], s=8, alpha=0.5, color=colour, linewidths=0)
        axis.scatter(
            points[ours, 0],
            points[ours, 1],
            s=90 if ours.sum() <= 5 else 45,  # many large ones would hide one another
            color=colour,
            edgecolors="black",
            marker="*",
            linewidths=0.8,
            zorder=3,
        )
        own = points[data] if data.any() else points[ours]
        at = tuple(label_place(own, points[exemplars]))
        text = axis.annotate(str(label), at, fontsize=12, weight="bold", ha="center", va="center", zorder=4)
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axis.set(xticks=[], yticks=[], title=title)
    return axis


def label_place(own: np.ndarray, stars: np.ndarray) -> np.ndarray:
    """Where the name of a class hides no exemplar: the point of its inner half that is farthest from all of them.

    Args:
        own: the class's points, [n, 2].
        stars: exemplars of all classes, [m, 2].

    Returns:
        One of the points, [2].
    """
    from_centre = np.linalg.norm(own - np.median(own, axis=0), axis=1)
    inner = own[from_centre <= np.median(from_centre)]
    to_stars = np.linalg.norm(inner[:, None] - stars[None], axis=2)
    return inner[to_stars.min(axis=1, initial=np.inf).argmax()]
