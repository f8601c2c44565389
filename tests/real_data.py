"""Real pictures, for the tests that want some; where there are none, those skip and say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mnemonics_lib.paths import data_root

TINY, SAMPLE = "tiny-imagenet-100", "imagenet-sample"
"""A part of Tiny-ImageNet; and full-size pictures of twenty classes of ImageNet."""


def directory_with(name: str, target: Path) -> Path:
    """A directory that has the folder ``name``: the user's own, or ``target``, to which the archive is unpacked."""
    if (data_root() / name).is_dir():
        return data_root()
    unpack = Path(__file__).parents[2] / "shared" / "data" / "unpack.py"
    if not unpack.exists():
        pytest.skip(f"no {name}: neither {data_root() / name} nor {unpack} is there")
    subprocess.run([sys.executable, unpack, target, name], check=True, capture_output=True)
    return target
