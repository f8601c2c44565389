"""Which allocator of memory the runs of a batch are given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAST, OTHER = "/nowhere/libfast.so", "/nowhere/libother.so"


def study(python: Path, prints: str, *settings: str, **variables: str) -> str:
    """What a variable is for Snakemake, where ``make study`` is called with a stand-in for Python."""
    python.parent.mkdir(exist_ok=True)
    python.write_text(f'#!/bin/sh\n[ "$2" = snakemake ] && echo "${prints}"\nexit 0\n')
    python.chmod(0o755)
    left_out = ("ALLOCATOR", "MAKEFLAGS", "CONDA_PREFIX")
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | variables
    command = ["make", "-s", "study", "STUDY=quick/variants", f"PYTHON={python}", *settings]
    (line,) = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return line


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
    assert study(tmp_path / "python", "LD_PRELOAD", *settings, LD_PRELOAD=before) == expected


def test_what_is_there_is_found(tmp_path: Path):
    """The Makefile's own choice is a library that can be preloaded, or none."""
    library = study(tmp_path / "python", "ALLOCATOR")
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
    assert study(python, "ALLOCATOR", **settings) == ""
    (home / "lib").mkdir()
    library = home / "lib" / "libtcmalloc_minimal.so.4"
    library.touch()
    assert Path(study(python, "ALLOCATOR", **settings)).resolve() == library
