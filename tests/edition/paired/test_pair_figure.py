"""The figure of two arms: titled, with units, in every format, and the same bytes twice."""

import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnemonics_lib.edition.figures import style
from mnemonics_lib.edition.paired.compare import compare
from mnemonics_lib.edition.paired.pair_figure import FORMATS, pair_figure, title, write_figure
from mnemonics_lib.edition.records.arms import arm_of, read_files, record_paths
from tests.made_records import write_arm


@pytest.fixture
def comparison(tmp_path):
    places = [write_arm(tmp_path / "a", [81.0, 84.0, 87.0], exemplars="random")]
    places.append(write_arm(tmp_path / "b", [80.0, 82.0, 84.0]))
    arm, baseline = (arm_of(read_files(record_paths(place))) for place in places)
    return compare(arm, baseline, level=0.9)


def test_it_shows_both_arms_seed_by_seed_and_the_interval(comparison):
    figure = pair_figure(comparison, "fast", "slow")
    left, right = figure.axes
    assert figure.get_suptitle() == "average accuracy: fast minus slow"
    assert [label.get_text() for label in left.get_xticklabels()] == ["slow", "fast"]
    assert left.get_ylabel() == "average accuracy (%)"
    assert [np.asarray(line.get_ydata()).tolist() for line in left.lines[:3]] == [
        [80.0, 81.0],
        [82.0, 84.0],
        [84.0, 87.0],
    ]
    assert right.get_xlabel() == "difference (percentage points)"
    low, high = comparison.difference.low, comparison.difference.high
    assert right.get_title() == f"mean +2.00, 90 % interval [{low:+.2f}, {high:+.2f}]"
    assert np.asarray(right.lines[0].get_xdata()).tolist() == [low, high]


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_figure_gives_the_same_bytes_in_every_format(comparison, tmp_path, ending):
    style()
    content = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}{ending}"
        write_figure(path, pair_figure(comparison, "fast", "slow"), title(comparison, "fast", "slow"))
        content.append(path.read_bytes())
    assert content[0] == content[1]
    assert len(content[0]) > 5000
    assert not plt.get_fignums()


def test_an_svg_says_what_it_shows(comparison, tmp_path):
    write_figure(tmp_path / "f.svg", pair_figure(comparison, "a", "b"), title(comparison, "a", "b"))
    tree = ET.parse(tmp_path / "f.svg").getroot()
    assert "average accuracy: a minus b" in [element.text for element in tree.iter() if element.tag.endswith("title")]
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}path"))) > 10


def test_two_pairs_have_no_interval_and_a_long_name_is_cut(comparison, tmp_path):
    arm = arm_of(read_files(record_paths(tmp_path / "a")[:2]))
    found = compare(arm, arm, "seconds[1]")
    figure = pair_figure(found, "a" * 100, "b")
    left, right = figure.axes
    assert right.get_title() == "mean +0.0"
    assert (left.get_ylabel(), right.get_xlabel()) == ("seconds[1] (s)", "difference (s)")
    assert len(figure.get_suptitle()) < 80
