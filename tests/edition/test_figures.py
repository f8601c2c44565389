"""What the figures draw: points and lines where the numbers are."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.durable.records import read_record
from mnemonics_lib.edition import figures
from mnemonics_lib.edition.paired.intervals import Interval, interval
from mnemonics_lib.paths import RECORDS

COLOURS = {"one": "#0173b2", "two": "#de8f05"}


@pytest.mark.parametrize("values", [[99.0, 99.5, 94.0], [0.5, 0.0, 6.0]])
def test_the_interval_of_accuracies_stays_within_0_and_100(values: list[float]) -> None:
    free = interval(values)
    assert free.low < 0 or free.high > 100
    assert figures.accuracy_interval(values) == (max(free.low, 0), min(free.high, 100))


def test_the_name_of_a_class_stands_among_its_points_and_away_from_exemplars() -> None:
    own = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [40.0, 0.0]])
    at = figures.label_place(own, np.array([[2.0, 0.0], [3.2, 0.0]]))
    assert at.tolist() == [1.0, 0.0]  # the inner half is 1 to 3


def test_a_class_without_exemplars_has_a_name_too(axis: Axes) -> None:
    figures.embedding(np.zeros((3, 2)), np.array([7, 7, 7]), np.zeros(3, dtype=bool), axis)
    assert [text.get_text() for text in axis.texts] == ["7"]


def test_an_embedding_names_each_class_once(axis: Axes) -> None:
    points = np.random.default_rng(0).normal(size=(40, 2))
    labels, exemplars = np.repeat([0, 3], 20), np.arange(40) % 5 == 0
    figures.embedding(points, labels, exemplars, axis)
    texts = [text for text in axis.texts if isinstance(text, Annotation)]
    names = {text.get_text(): np.asarray(text.xy) for text in texts}
    assert names.keys() == {"0", "3"}
    for label, at in names.items():
        assert np.linalg.norm(points[exemplars] - at, axis=1).min() > 0
        assert (points[(labels == int(label)) & ~exemplars] == at).all(axis=1).any()


def test_a_method_has_a_band_from_three_seeds_on_and_the_bound_is_dashed(axis: Axes) -> None:
    three, one = Interval(97.0, 90.0, 104.0, 3), Interval(50.0, math.nan, math.nan, 1)
    figures.method_curves({"lwf": [three, three], "bic": [one, one], "joint": [one, one]}, axis)
    lines = {line.get_label(): line for line in axis.lines}
    assert list(lines) == ["LwF", "BiC", "joint training"]
    assert lines["joint training"].get_linestyle() == "--"
    assert lines["LwF"].get_marker() != lines["BiC"].get_marker()  # a print in grey tells them apart
    (band,) = axis.collections
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    assert (heights.min(), heights.max()) == (90.0, 100.0)  # no accuracy is beyond 100 %


def test_joint_training_is_a_dashed_line_with_its_band(axis: Axes) -> None:
    folder = RECORDS / "quick" / "digits-n5" / "herding"
    records = [read_record(folder / f"seed-{seed}.json") for seed in range(3)]
    figures.phase_curves(records, axis, "first_classes_accuracy", bound=records)
    (line,) = [line for line in axis.lines if line.get_label() == "joint training"]
    assert line.get_linestyle() == "--"
    means = np.mean([record.first_classes_accuracy for record in records], axis=0)
    assert np.asarray(line.get_ydata()) == pytest.approx(means)
    legend = axis.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["herding", "joint training"]


def test_heat_maps_state_their_unit_beside_few_classes_and_many():
    few, many = [[5] * 3] * 3, [[5] * 20] * 20
    axis = figures.confusion(few, plt.figure().add_subplot())
    assert axis.get_ylabel() == "true class (100 % a row)"
    assert [text.get_text() for text in axis.texts] == ["33"] * 9
    figure = plt.figure()
    axis = figures.confusion(many, figure.add_subplot())
    assert not axis.texts
    assert [beside.get_ylabel() for beside in figure.axes[1:]] == ["% of the true class"]


def test_a_heat_map_writes_no_zeros_and_no_numbers_that_are_too_small():
    counts = [[9, 1, 0], [0, 10, 0], [0, 0, 999]]
    axis = figures.confusion([*counts[:2], [1, 0, 999]], plt.figure().add_subplot())
    assert [text.get_text() for text in axis.texts] == ["90", "10", "", "", "100", "", "", "", "100"]
    small = plt.figure(figsize=(0.5, 0.5))
    assert not figures.confusion(counts, small.add_subplot()).texts
    assert len(small.axes) == 2  # a scale stands beside it


def narrow(text: Text) -> float:
    """Pixels of a text's size where a page has 500 for its figure."""
    figure = text.get_figure(root=True)
    assert figure
    return round(float(text.get_fontsize()) / 72 * min(figure.dpi, 500 / figure.get_figwidth()), 6)


@pytest.mark.parametrize("classes", [2, 6, 10, 11])
@pytest.mark.parametrize(("panels", "size"), [(1, (6.4, 4.4)), (2, (8, 3.8)), (3, (7.6, 3))])  # those of the book
def test_what_a_heat_map_writes_can_be_read_on_a_narrow_page(panels: int, size: tuple[float, float], classes: int):
    _, axes = plt.subplots(1, panels, figsize=size, squeeze=False)
    axis = figures.confusion(np.full((classes, classes), 7).tolist(), axes[0, -1])
    assert all(narrow(text) >= 7.5 for text in axis.texts)


@pytest.mark.parametrize(("panels", "size", "classes"), [(1, (6.4, 4.4), 10), (2, (8, 3.8), 10), (3, (7.6, 3), 6)])
def test_the_book_s_heat_maps_of_digits_have_numbers(panels: int, size: tuple[float, float], classes: int):
    _, axes = plt.subplots(1, panels, figsize=size, squeeze=False)
    assert figures.confusion(np.full((classes, classes), 7).tolist(), axes[0, -1]).texts


@pytest.mark.parametrize("count", [3, 8, 10])
def test_names_beside_images_can_be_read_on_a_narrow_page(count: int):
    pixels = Pixels(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), 255, 0, False)
    rows = {"chosen": torch.zeros(count, 1, 2, 2)}
    figure = figures.image_grid(rows, pixels, columns=["class 0"] * count)
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]
    assert {text.get_text() for text in texts} == {"chosen", "class 0"}
    assert all(narrow(text) >= 7.5 for text in texts)


def test_a_class_that_has_not_arrived_has_no_number():
    accuracies = np.array([[90.0, np.nan], [40.0, 100.0]])  # [N + 1, K]
    axis = figures.class_accuracies(accuracies, plt.figure().add_subplot())
    assert [text.get_text() for text in axis.texts] == ["90", "40", "100"]  # a row for each class


def test_a_class_of_which_nothing_is_known_any_more_has_a_zero_and_one_that_is_not_there_has_none():
    accuracies = np.array([[90.0, np.nan], [0.0, 100.0]])
    axis = figures.class_accuracies(accuracies, plt.figure().add_subplot())
    assert [text.get_text() for text in axis.texts] == ["90", "0", "100"]


def test_a_class_of_which_no_image_is_right_has_a_zero_on_the_diagonal_alone():
    axis = figures.confusion([[0, 5, 5], [0, 10, 0], [0, 0, 10]], plt.figure().add_subplot())
    assert [text.get_text() for text in axis.texts] == ["0", "50", "50", "", "100", "", "", "", "100"]
