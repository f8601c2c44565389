"""Exemplars of 224 x 224 from pictures of full size: what a step takes of memory is what the guard forecasts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.real_data import SAMPLE, directory_with


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of a step is read where Linux keeps it"
)
@pytest.mark.parametrize(
    ("optimizer", "where", "exemplars"), [("sgd", "held", 20), ("adam", "held", 500), ("adam", "resident", 200)]
)
def test_a_step_takes_what_the_guard_says_and_not_half_of_it(tmp_path_factory, optimizer, where, exemplars):
    """500 exemplars take more room than the graphs do; a forecast of the graphs alone would be a third of the peak."""
    root = directory_with(SAMPLE, tmp_path_factory.mktemp("sample")) / SAMPLE
    arguments = ["tests.exemplars.peak_of_a_step", root, optimizer, where, str(exemplars)]
    ended = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    forecast, measured = map(int, ended.stdout.split())
    assert measured <= forecast <= 2 * measured
