"""The words that change a run are the same for every command, and come to what the file, preset and recipe come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.__main__ import parser
from mnemonics_lib.config import load_config
from mnemonics_lib.config.options import changed
from mnemonics_lib.paths import ROOT

SMALL = ROOT / "params" / "small" / "cifar100-n5.yaml"


@pytest.mark.parametrize("command", ["run", "config", "dry-run", "check-data"])
def test_every_command_that_takes_a_parameter_file_takes_them(command):
    words = ["--preset", "lwf-with-mnemonics", "--recipe", "tuned", "--set", "budget=5", "seed=3", "--set", "adjust=0"]
    options = parser().parse_args([command, str(SMALL), *words])
    expected = load_config(SMALL, ["budget=5", "seed=3", "adjust=0"], "lwf-with-mnemonics", "tuned")
    assert changed(SMALL, options) == expected
    assert expected.exemplar_level.inner_steps == 8


def test_a_file_may_be_named_as_the_project_names_it():
    options = parser().parse_args(["config", "small/cifar100-n5"])
    assert changed(Path("small/cifar100-n5"), options) == load_config(SMALL)
