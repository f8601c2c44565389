"""How many jobs the Makefile runs at a time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="how many cores are this process's is not told here")
def test_a_job_for_each_core_however_many_threads_a_job_has():
    environment = {name: value for name, value in os.environ.items() if name not in ("JOBS", "MAKEFLAGS")}
    command = ["make", "help", f"PYTHON={sys.executable}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True
    )
    assert re.findall(r"JOBS=(\d+)", done.stdout) == [str(len(os.sched_getaffinity(0)))]
