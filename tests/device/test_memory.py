"""What is free: the system's word, and the limits of containers and batch jobs."""

from __future__ import annotations

import math
import resource
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from mnemonics_lib.device import memory

FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


@pytest.mark.parametrize("version", FILES)
def test_the_limits_of_containers_and_jobs_are_seen(version, tmp_path, monkeypatch):
    own, root = tmp_path / "cgroup", tmp_path / "groups"
    top = root if version == 2 else root / "memory"
    limit, use, cache = FILES[version]

    def group(folder: Path, most: str) -> None:
        """A group that uses 300, of which 50 are caches."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(f"{most}\n")
        (folder / use).write_text("300\n")
        (folder / "memory.stat").write_text(f"anon 250\n{cache} 50\n")

    memory_line = "0::" if version == 2 else "4:cpu,memory:"
    own.write_text(f"1:name=systemd:/else\n{memory_line}/job/step\n")
    assert set(memory.group_bytes(own, root)) == {math.inf}  # no groups of this kind
    group(top / "job" / "step", "max" if version == 2 else str(2**63 - 4096))
    assert min(memory.group_bytes(own, root)) > 1e18
    group(top / "job" / "step", "400")
    group(top / "job", "1000")
    group(top, "800")
    group(top.parent, "1")  # outside
    assert memory.group_bytes(own, root) == [150, 750, 550]
    (top / "job" / "memory.stat").write_text("anon 250\n")  # no word of caches
    assert memory.group_bytes(own, root)[1] == 700
    (top / "job" / "memory.stat").unlink()
    (top / use).write_text("odd\n")
    assert memory.group_bytes(own, root) == [150, math.inf, math.inf]
    group(top, "800")
    own.write_text(f"odd\n{memory_line}/\n")
    assert memory.group_bytes(own, root) == [550]
    assert memory.group_bytes(tmp_path / "none", root) == []
    monkeypatch.setattr(memory, "group_bytes", lambda: [123.0, 456.0])
    assert memory.free_bytes(torch.device("cpu")) == 123
    monkeypatch.setattr(memory, "group_bytes", list)
    assert memory.free_bytes(torch.device("cpu")) > 1e6


def test_what_is_taken_from_here_on_lies_above_what_is_in_use():
    before = memory.begin_peak(torch.device("cpu"))
    assert 0 < before <= memory.peak_memory(torch.device("cpu"))
    block = torch.ones(2**25)  # 128 MiB
    assert memory.peak_memory(torch.device("cpu")) - before > 0.9 * block.nbytes


def test_free_memory_is_what_the_system_says():
    free = memory.free_bytes(torch.device("cpu"))
    assert 0 < free <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    "said", ["VmPeak:\t 20000 kB\nVmHWM:\t  3000 kB\nVmRSS:\t 2000 kB\n", "VmRSS:\t 2000 kB\n", None]
)
def test_the_peak_is_the_systems_word_and_getrusage_s_where_that_is_missing(said, tmp_path, monkeypatch):
    status = tmp_path / "status"
    if said is not None:
        status.write_text(said)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(resource, "getrusage", lambda of: SimpleNamespace(ru_maxrss=5000))
    assert memory.resident_peak(status) == 1024 * (3000 if said and "VmHWM" in said else 5000)
