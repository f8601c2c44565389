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


def chosen(python: Path, **settings: str) -> str:
    """What the Makefile chooses by itself, for an interpreter."""
    python.parent.mkdir(exist_ok=True)
    python.write_text('#!/bin/sh\n[ "$2" = snakemake ] && echo "$ALLOCATOR"\nexit 0\n')
    python.chmod(0o755)
    left_out = ("ALLOCATOR", "MAKEFLAGS", "CONDA_PREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | settings
    command = ["make", "-s", "study", "STUDY=quick/variants", f"PYTHON={python}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_there_is_found(tmp_path: Path):
    """The Makefile's own choice is a library that can be preloaded, or none."""
    library = chosen(tmp_path / "python")
    if not library:
        pytest.skip("no tcmalloc here")
    done = subprocess.run(
        ["true"], env=os.environ | {"LD_PRELOAD": library}, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize("activated", [True, False])
def test_conda_is_given_its_own_or_none(tmp_path: Path, activated: bool):
    """The system's would load the system's C++ library, which conda's packages may find too old."""
    home = tmp_path / "conda"
    (home / "conda-meta").mkdir(parents=True)
    python = (tmp_path if activated else home / "bin") / "python"
    settings = {"CONDA_PREFIX": str(home)} if activated else {}
    assert chosen(python, **settings) == ""
    (home / "lib").mkdir()
    library = home / "lib" / "libtcmalloc_minimal.so.4"
    library.touch()
    assert Path(chosen(python, **settings)).resolve() == library
