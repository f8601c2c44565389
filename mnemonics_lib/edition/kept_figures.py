"""Figures of what a run has kept beside its record (:mod:`mnemonics_lib.kept`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from mnemonics_lib.edition.figures import embedding, smallest
from mnemonics_lib.kept import Snapshots


def largest_change(found: Snapshots) -> float:
    """The largest change of a pixel from the first to the last snapshot, as a share of black to white."""
    shown = found.images.float() / 255
    return float((shown[-1] - shown[0]).abs().max())


def snapshots(found: Snapshots, names: Sequence[str] = ()) -> Figure:
    """Exemplars while they are trained: a column each, a row per snapshot, and in the last row their change.

    White and black in the row of the change are :func:`largest_change`, up and down; grey is none.

    Args:
        found: the exemplars of a phase.
        names: what the data set calls the classes, in order of arrival; a column is headed by it, too.
    """
    images = found.images.float() / 255  # [steps, n, c, h, w]
    change = images[-1] - images[0]
    rows = {
        f"{step} step{'' if step == 1 else 's'}": image
        for step, image in zip(found.steps.tolist(), images, strict=True)
    }
    rows["change"] = 0.5 + 0.5 * change / max(largest_change(found), 1 / 255)  # where nothing moved, all is grey
    size = (1.1 * len(found.labels) + 1, 1.1 * len(rows))
    figure, axes = plt.subplots(len(rows), len(found.labels), figsize=size, layout="constrained", squeeze=False)
    letters = max(9.0, smallest(figure))
    for line, (name, of_row) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(line, of_row, strict=True):
            axis.imshow(image.permute(1, 2, 0), vmin=0, vmax=1, cmap="gray")  # the map is for one channel alone
            axis.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=letters)
    for axis, label in zip(axes[0], found.labels.tolist(), strict=True):
        axis.set_title(f"class {label}" + (f"\n({names[label]})" if names else ""), fontsize=letters)
    return figure


def embeddings(by_phase: Mapping[int, pd.DataFrame], kinds: Sequence[str], classes: Iterable[int]) -> Figure:
    """Kinds of exemplars among their data, as in the paper's Figures 1 and 5: a row a phase, a column a kind.

    The panels of a row are one map, with one scale.

    Args:
        by_phase: phase -> the table of :func:`mnemonics_lib.kept.embedding.embedding`.
        kinds: of exemplars, those of :data:`mnemonics_lib.kept.sets.KINDS`.
        classes: positions of the classes to show.
    """
    figure, axes = plt.subplots(
        len(by_phase),
        len(kinds),
        figsize=(2.5 * len(kinds), 2.5 * len(by_phase)),
        layout="constrained",
        squeeze=False,
        sharex="row",
        sharey="row",
    )
    for line, (phase, table) in zip(axes, by_phase.items(), strict=True):
        shown = table[(table["map"] == "t-SNE") & table["class"].isin(list(classes))]
        for axis, kind in zip(line, kinds, strict=True):
            points = shown[shown["kind"].isin(("data", kind))]
            at, stars = points[["x", "y"]].to_numpy(), (points["kind"] == kind).to_numpy()
            embedding(at, points["class"].to_numpy(), stars, axis, f"after phase {phase}: {kind}")
    return figure
