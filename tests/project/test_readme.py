"""The README's times are those of the records, and its commands can be pasted as they stand."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from mnemonics_lib.__main__ import parser
from mnemonics_lib.config import load_config
from mnemonics_lib.config.shipped import parameter_file
from mnemonics_lib.edition.costs import COSTS
from mnemonics_lib.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CALLED = re.findall(r"^(?:\| .*`)?\.venv/bin/python -m mnemonics_lib ((?:[^`\n\\]|\\\n)+)", README, re.MULTILINE)
COMMANDS = [command for command in CALLED if not re.search(r"\.\.\.|\b[A-Z]{3,}\b", command)]
"""Without those that leave something to be filled in."""


def seconds(of: str) -> float:
    """What the notebooks of a profile or a study took, one after the other."""
    measured = json.loads(COSTS.read_text(encoding="utf-8"))["seconds"]
    return sum(value for name, value in measured.items() if name.startswith(f"{of}/"))


def test_its_times_are_those_of_the_records():
    (shown,) = re.findall(r"pages on CIFAR-100 \((\d+) s of one core", README)
    assert int(shown) == round(seconds("shown/cifar100"), -1)
    (quick,) = re.findall(r"`params/quick/\*\.yaml`, about (\d+) min of one core", README)
    assert int(quick) == round(seconds("quick") / 60)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_that_the_library_takes(command: str):
    options = parser().parse_args(shlex.split(command.replace("\\\n", " ")))
    if options.command in ("run", "dry-run"):
        load_config(parameter_file(options.params), options.set, options.preset)


def test_there_are_commands_of_every_kind():
    kinds = {command.split()[0] for command in COMMANDS}
    assert kinds >= {"run", "report", "compare", "bench", "check-data", "dry-run"}


def test_an_interpreter_without_a_path_is_named_only_where_the_library_is_installed():
    for line in README.splitlines():
        if re.search(r"(?<!/)python -m mnemonics_lib", line):
            assert "pip install" in line or "my-run.yaml` makes a file of your own" in line, line
