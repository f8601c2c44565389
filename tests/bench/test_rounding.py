"""The same runs with other kernels: each is told apart by what oneDNN may use, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnemonics_lib import __main__
from mnemonics_lib.bench import rounding
from mnemonics_lib.config import ConfigError
from tests.made_records import COMMITTED


@pytest.fixture
def calls(monkeypatch) -> list[tuple[list[str], str | None]]:
    """The commands and what oneDNN may use; each leaves a record where it was told to."""
    made: list[tuple[list[str], str | None]] = []

    def run(command, env, **how):
        made.append((command, env.get("ONEDNN_MAX_CPU_ISA")))
        assert "DNNL_MAX_CPU_ISA" not in env
        assert env["PATH"] == os.environ["PATH"]
        assert env["OMP_NUM_THREADS"] == "1"
        folder = Path(command[command.index("--out") + 1]) / "a-run"
        folder.mkdir()
        (folder / "record.json").write_bytes(COMMITTED.read_bytes())

    for variable in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):  # of a user who has set them
        monkeypatch.setenv(variable, "SSE41")
    monkeypatch.setattr(subprocess, "run", run)
    return made


def test_each_seed_is_run_with_each_kind_of_kernels(calls):
    found = rounding.rows(seeds=2)
    assert [(row["seed"], row["kernels"]) for row in found] == [
        (seed, name) for seed in (0, 1) for name in ("all", "AVX2", "SSE4.1")
    ]
    assert [newest for _, newest in calls] == [None, "AVX2", "SSE41"] * 2
    asked = [[word for word in command if word != command[-1]] for command, _ in calls]
    assert asked[0] == asked[1] == asked[2] != asked[3]
    assert "seed=1" in asked[3]
    assert len(found[0]["accuracy"]) == 6


def test_its_table_has_a_line_for_each_seed(calls):
    lines = rounding.table(rounding.rows(seeds=2)).splitlines()
    assert lines[0].split() == ["seed", "all", "AVX2", "SSE4.1"]
    assert [line.split()[0] for line in lines[1:]] == ["0", "1"]
    assert all(len(line.split()) == 4 for line in lines)


def test_another_device_is_refused(calls):
    with pytest.raises(ConfigError, match="device = cuda: must be cpu"):
        rounding.rows("cuda")
    assert not calls


def test_the_command_that_it_gives_is_one_of_the_library(calls, tmp_path):
    rounding.rows(seeds=1)
    command, _ = calls[0]
    assert command[:3] == [sys.executable, "-m", "mnemonics_lib"]
    place = command.index("--out") + 1
    command[place] = os.fspath(tmp_path)
    options = __main__.parser().parse_args(command[3:])
    assert options.set == ["exemplars=herding", "seed=0"]
