"""Which allocator of memory the runs of a batch are given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAST, OTHER = "/nowhere/libfast.so", "/nowhere/libother.so"


@pytest.mark.parametrize(
    ("settings", "before", "expected"),
    [
        ([f"ALLOCATOR={FAST}"], "", FAST),
        ([f"ALLOCATOR={FAST}"], OTHER, f"{FAST}:{OTHER}"),
        (["ALLOCATOR="], "", ""),
        (["ALLOCATOR="], OTHER, OTHER),
        ([f"ALLOCATOR={FAST}", "CLUSTER=slurm"], "", ""),
    ],
)
def test_a_batch_is_given_it_and_keeps_what_else_is_preloaded(tmp_path: Path, settings, before, expected):
    """A machine of a cluster may not have what this one has, so nothing is asked of it."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$2" = snakemake ] && echo "preloaded: $LD_PRELOAD"\nexit 0\n')
    python.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("ALLOCATOR", "MAKEFLAGS")}
    command = ["make", "-s", "study", "STUDY=quick/variants", f"PYTHON={python}", *settings]
    made = subprocess.run(
        command, cwd=ROOT, env=environment | {"LD_PRELOAD": before}, capture_output=True, text=True, check=True
    )
    assert made.stdout.splitlines() == [f"preloaded: {expected}"]


def test_what_is_there_is_found(tmp_path: Path):
    """The Makefile's own choice is a library that can be preloaded, or none."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$2" = snakemake ] && echo "$ALLOCATOR"\nexit 0\n')
    python.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("ALLOCATOR", "MAKEFLAGS")}
    command = ["make", "-s", "study", "STUDY=quick/variants", f"PYTHON={python}"]
    chosen = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    if not chosen.strip():
        pytest.skip("no tcmalloc here")
    preloaded = environment | {"LD_PRELOAD": chosen.strip()}
    done = subprocess.run(["true"], env=preloaded, capture_output=True, text=True, check=True)
    assert done.stderr == ""
