"""The figure draws each engine's line where it was measured, and an open marker where it was refused."""

import matplotlib.pyplot as plt
import pytest

from mnemonics_lib.edition.benchmarks.hypergradient import measurements
from mnemonics_lib.edition.benchmarks.hypergradient_figure import COLOURS, hypergradient_figure
from tests.edition.benchmarks.made import refused, row


@pytest.fixture
def figure():
    rows = [
        row("higher", 50, seconds=3.0, peak=500.0),
        row("higher", 5, seconds=1.0, peak=200.0),
        refused("higher", 100),
        row("adjoint", 5, seconds=2.0, peak=90.0),
        row("adjoint", 5, network="ResNet-32, 32 x 32"),
    ]
    yield hypergradient_figure(measurements(rows))
    plt.close("all")


def points(line):
    return list(line.get_xdata()), list(line.get_ydata())


def test_each_network_has_a_panel_of_memory_and_one_of_seconds(figure):
    assert [axis.get_ylabel() for axis in figure.axes] == ["peak memory (MiB)", "seconds"] * 2
    assert [axis.get_title() for axis in figure.axes] == ["ResNet-8, 8 x 8", "cpu", "ResNet-32, 32 x 32", "cpu"]


def test_lines_go_through_what_was_measured_in_the_order_of_t(figure):
    memory, seconds, *_ = figure.axes
    by_colour = {line.get_color(): line for line in seconds.lines}
    assert points(by_colour[COLOURS["higher"]]) == ([5, 50], [1.0, 3.0])
    assert points(by_colour[COLOURS["adjoint"]]) == ([5], [2.0])
    assert points(memory.lines[1]) == ([5, 50], [200.0, 500.0])


def test_a_refused_run_is_an_open_marker_at_its_predicted_peak_and_has_no_time(figure):
    memory, seconds, *_ = figure.axes
    (hollow,) = [line for line in memory.lines if line.get_markerfacecolor() == "none"]
    assert points(hollow) == ([100], [9000.0])
    assert all(100 not in line.get_xdata() for line in seconds.lines)


def test_bars_run_from_the_fastest_round_to_the_slowest(figure):
    _, seconds, *_ = figure.axes
    bars = sorted(segment[:, 1].tolist() for collection in seconds.collections for segment in collection.get_segments())
    assert bars == [pytest.approx(ends) for ends in ([0.9, 1.1], [1.8, 2.2], [2.7, 3.3])]


def test_axes_end_at_powers_of_ten_and_each_line_is_named_once(figure):
    memory, seconds, *_ = figure.axes
    assert memory.get_ylim() == (10.0, 100_000.0)  # a margin beyond 9,000
    assert seconds.get_ylim() == (0.1, 10.0)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["adjoint, 10 exemplars", "higher, 10 exemplars"]
