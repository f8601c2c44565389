"""The queue of GPU runs: every line can be pasted as it stands, and none is done already."""

from __future__ import annotations

import re
import shlex

import pytest

from mnemonics_lib.__main__ import parser
from mnemonics_lib.config import load_config
from mnemonics_lib.paths import ROOT

WANTED = (ROOT / "book" / "records" / "WANTED.md").read_text()
LINES = [line.strip() for block in re.findall(r"```sh\n(.*?)```", WANTED, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("python -m mnemonics_lib ")]
VARIABLES = dict(line.split("=", 1) for line in LINES if re.match(r"\w+=", line))


def arguments(command: str) -> list[str]:
    """What the shell makes of a line, after ``python -m mnemonics_lib``."""
    for name, value in VARIABLES.items():
        command = re.sub(rf"\${name}\b", " ".join(shlex.split(value)), command)
    assert "$" not in command
    return shlex.split(command)[3:]


def test_the_queue_has_a_trial_and_runs():
    kinds = [arguments(command)[0] for command in COMMANDS]
    assert {"run"} <= set(kinds) <= {"run", "bench", "dry-run"}
    assert len([command for command in COMMANDS if "--device cuda" not in command and "$N5" not in command]) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_line_can_be_pasted_and_its_file_is_not_there_yet(command):
    given = arguments(command)
    trial = "--device" not in given
    if not trial:
        assert given[given.index("--device") + 1] == "cuda"
        given[given.index("--device") + 1] = "cpu"  # a GPU need not be there to read the rest
    options = parser().parse_args(given)
    if options.command in ("run", "dry-run"):
        config = load_config(ROOT / options.params, options.set, options.preset, options.recipe)
        assert config.profile == "paper"
    if trial:
        assert options.copy is None  # a trial never lands among the records
        return
    if options.command == "run":
        assert options.minutes <= 10
        assert options.copy.parent.parent.name == f"cifar100-n{config.phases}"
    target = options.copy if options.command == "run" else options.json
    assert target.is_relative_to("book/records")
    assert not (ROOT / target).exists(), f"{target} is there: take its item off the list"
