"""Figures of kept artefacts: what stands where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.axes import Axes

from mnemonics_lib.edition import kept_figures
from mnemonics_lib.edition.figures import smallest
from mnemonics_lib.kept import Snapshots


def taken(last: int, channels: int = 1) -> Snapshots:
    """Two exemplars at steps 0, 1 and 8; one pixel of the first goes from 100 to ``last``."""
    images = torch.full((3, 2, channels, 4, 4), 100, dtype=torch.uint8)
    images[-1, 0, 0, 1, 2] = last
    return Snapshots(images, torch.tensor([0, 1, 8]), torch.tensor([3, 5]))


def drawn(axis: Axes) -> np.ndarray:
    """What an axis shows, [h, w, c]."""
    return np.asarray(axis.images[0].get_array()).reshape(4, 4, -1)


@pytest.mark.parametrize(("last", "share"), [(151, 51 / 255), (49, 51 / 255), (100, 0.0)])
def test_the_largest_change_is_a_share_of_black_to_white(last: int, share: float) -> None:
    assert kept_figures.largest_change(taken(last)) == pytest.approx(share)


@pytest.mark.parametrize("channels", [1, 3])
def test_snapshots_have_a_row_a_step_and_their_change_magnified(channels: int) -> None:
    every = kept_figures.snapshots(taken(49, channels)).axes
    axes = [every[2 * row : 2 * row + 2] for row in range(4)]
    assert [row[0].get_ylabel() for row in axes] == ["0 steps", "1 step", "8 steps", "change"]
    assert [axis.get_title() for axis in axes[0]] == ["class 3", "class 5"]
    change = [drawn(axis) for axis in axes[3]]
    assert change[0][1, 2, 0] == pytest.approx(0)  # the largest change, downwards
    assert change[0][0, 0, 0] == pytest.approx(0.5)
    assert change[1] == pytest.approx(np.full((4, 4, channels), 0.5))


@pytest.mark.parametrize("count", [1, 2, 11])
def test_the_words_of_snapshots_can_be_read_on_a_narrow_page(count: int) -> None:
    images = torch.zeros(2, count, 3, 4, 4, dtype=torch.uint8)
    figure = kept_figures.snapshots(Snapshots(images, torch.tensor([0, 40]), torch.arange(count)))
    words = [text for axis in figure.axes for text in (axis.title, axis.yaxis.label) if text.get_text()]
    assert len(words) == count + 3
    assert min(float(text.get_fontsize()) for text in words) >= max(9, smallest(figure))


def test_where_nothing_moved_the_change_is_grey() -> None:
    *_, last = kept_figures.snapshots(taken(100)).axes
    assert drawn(last) == pytest.approx(np.full((4, 4, 1), 0.5))


def test_embeddings_show_a_kind_among_the_data_of_the_classes_asked_for() -> None:
    rows = [
        {"class": label, "kind": kind, "map": name, "x": float(x), "y": 0.0}
        for name in ("PCA", "t-SNE")
        for label in (0, 1, 4)
        for kind, count in (("data", 3), ("herding", 2), ("trained", 1))
        for x in range(count)
    ]
    table = pd.DataFrame(rows)
    figure = kept_figures.embeddings({0: table, 5: table}, ("herding", "trained"), range(2))
    assert [axis.get_title() for axis in figure.axes] == [
        "after phase 0: herding",
        "after phase 0: trained",
        "after phase 5: herding",
        "after phase 5: trained",
    ]
    for axis, stars in zip(figure.axes, (2, 1, 2, 1), strict=True):
        counts = [len(np.asarray(points.get_offsets())) for points in axis.collections]
        assert counts == [3, stars, 3, stars]  # data and exemplars of class 0, and of class 1
    first, second = figure.axes[:2]
    assert first.get_xlim() == second.get_xlim()
