"""Twenty classes of full-size pictures of ImageNet, for the tests that want some; where there are none, they skip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mnemonics_lib.paths import data_root

SAMPLE = "imagenet-sample"


def imagenet_sample(target: Path) -> Path:
    """The folder with ``train/`` and ``val/``, unpacked to ``target`` where it is not among the data yet."""
    if (data_root() / SAMPLE).is_dir():
        return data_root() / SAMPLE
    unpack = Path(__file__).parents[2] / "shared" / "data" / "unpack.py"
    if not unpack.exists():
        pytest.skip(f"no pictures: neither {data_root() / SAMPLE} nor {unpack} is there")
    subprocess.run([sys.executable, unpack, target, SAMPLE], check=True, capture_output=True)
    return target / SAMPLE
