"""Paired differences: dots, means and intervals where the numbers are, and what is not finished told apart."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mnemonics_lib.edition.paired.difference_figures import FAINT, draw_differences, draw_differences_along
from mnemonics_lib.edition.paired.intervals import interval
from tests.drawn_lines import xs, ys

COLOURS = {"one": "#0173b2", "two": "#de8f05"}
VALUES = {0: 1.0, 1: 2.0, 2: 6.0}


def marks(axis: Axes) -> list[Line2D]:
    return [line for line in axis.lines if line.get_marker() == "o"]


def test_a_row_has_a_dot_per_seed_a_mean_and_an_interval(axis: Axes) -> None:
    draw_differences({"two": {0: -1.0}, "one": VALUES}, axis, COLOURS, {"one": 0.9})
    dots = np.concatenate([np.asarray(each.get_offsets()) for each in axis.collections])
    assert sorted(dots[:, 0]) == [-1.0, 1.0, 2.0, 6.0]
    assert [xs(mark) for mark in marks(axis)] == [[-1.0], [3.0]]
    expected = interval(list(VALUES.values()), 0.9)
    assert [expected.low, expected.high] in [xs(line) for line in axis.lines]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["two", "one"]
    top, bottom = axis.get_ylim()
    assert top > bottom  # the first row is on top


def test_each_row_has_the_level_of_its_own_comparison(axis: Axes) -> None:
    draw_differences({"one": VALUES, "two": VALUES}, axis, COLOURS, {"one": 0.9})
    drawn = [xs(line) for line in axis.lines if line.get_marker() != "o"]
    of_90, of_95 = (interval([*VALUES.values()], level) for level in (0.9, 0.95))
    assert drawn.index([of_90.low, of_90.high]) < drawn.index([of_95.low, of_95.high])


@pytest.mark.parametrize("along", [False, True])
def test_what_is_not_finished_is_hollow_and_faint(axis: Axes, along: bool) -> None:
    if along:
        draw_differences_along({"one": {5: VALUES, 20: VALUES}}, axis, COLOURS, unfinished={("one", 20)})
    else:
        draw_differences({"one": VALUES, "two": VALUES}, axis, COLOURS, unfinished={"two"})
    full, hollow = marks(axis)
    assert full.get_markerfacecolor() == COLOURS["one"]
    assert hollow.get_markerfacecolor() == "white"
    ends = interval(list(VALUES.values()))
    read = ys if along else xs
    opaque = [line.get_alpha() for line in axis.lines if read(line) == [ends.low, ends.high]]
    assert opaque == [1, FAINT]


def test_differences_along_joins_the_means_in_the_order_of_what_was_varied(axis: Axes) -> None:
    draw_differences_along({"one": {20: {0: 1.0, 1: 3.0}, 5: {0: -1.0}}}, axis, COLOURS)
    (joined,) = [line for line in axis.lines if line.get_label() == "one"]
    assert xs(joined) == [0, 1]
    assert ys(joined) == [-1.0, 2.0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["5", "20"]


def test_differences_along_draws_every_seed_and_the_interval_of_three(axis: Axes) -> None:
    values = {0: 1.0, 1: 2.0, 2: 6.0}
    draw_differences_along({"one": {5: values}}, axis, COLOURS, level=0.9)
    dots = np.concatenate([np.asarray(each.get_offsets()) for each in axis.collections])
    assert sorted(dots[:, 1]) == [1.0, 2.0, 6.0]
    expected = interval(list(values.values()), 0.9)
    assert [expected.low, expected.high] in [ys(line) for line in axis.lines]


def test_two_seeds_have_no_interval(axis: Axes) -> None:
    draw_differences_along({"one": {5: {0: 1.0, 1: 2.0}}}, axis, COLOURS)
    lengths = [len(xs(line)) for line in axis.lines if line.get_label() != "one"]
    assert lengths == [1, 2]  # the mean and the line at 0


def test_series_stand_beside_one_another(axis: Axes) -> None:
    one = {5: {0: 1.0}}
    draw_differences_along({"one": one, "two": {5: {0: 2.0}, 10: {0: 2.0}}}, axis, COLOURS)
    at = {str(line.get_label()): xs(line) for line in axis.lines}
    assert at["one"][0] < 0 < at["two"][0]
    assert at["two"][1] - at["two"][0] == pytest.approx(1)


def test_nothing_to_draw_is_an_empty_axis(axis: Axes) -> None:
    draw_differences_along({}, axis, COLOURS)
    assert len(axis.lines) == 1
