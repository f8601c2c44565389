"""The queue of GPU runs: every command can be given as it stands, and none is done already."""

from __future__ import annotations

import re
import shlex

import pytest

from mnemonics_lib.__main__ import parser
from mnemonics_lib.config import load_config
from mnemonics_lib.paths import ROOT

WANTED = (ROOT / "book" / "records" / "WANTED.md").read_text()
COMMANDS = re.findall(r"`python -m mnemonics_lib ([^`]+)`", WANTED)


def expanded(command: str) -> list[str]:
    """The command's arguments, its abbreviations written out."""
    for short, long in re.findall(r"`(\w+)` (?:stands )?for `([^`]+)`", WANTED):
        command = re.sub(rf"\b{short}(?=[ /])", long, command)
    return shlex.split(command)


def test_the_queue_has_runs_and_benchmarks():
    kinds = {expanded(command)[0] for command in COMMANDS}
    assert kinds == {"run", "bench"}
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_given_as_it_stands_and_its_file_is_not_there_yet(command):
    arguments = expanded(command)
    assert arguments[arguments.index("--device") + 1] == "cuda"
    arguments[arguments.index("--device") + 1] = "cpu"  # a GPU need not be there to read the rest
    options = parser().parse_args(arguments)
    if options.command == "run":
        config = load_config(ROOT / options.params, options.set, options.preset)
        assert config.profile == "paper"
        assert options.minutes <= 10
        assert options.copy.parent.parent.name == f"cifar100-n{config.phases}"
        target = options.copy
    else:
        target = options.json
    assert target.is_relative_to("book/records")
    assert not (ROOT / target).exists(), f"{target} is there: take its item off the list"
