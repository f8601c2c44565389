"""What a device is, what memory it has left, and the most that was in use."""

from __future__ import annotations

import math
import re
import resource
import sys
from pathlib import Path

import psutil
import torch


def device_name(device: torch.device) -> str:
    """The device and, for an accelerator, its model."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def peak_memory_mb(device: torch.device) -> float:
    """Peak memory in MiB, as :func:`peak_memory` has it."""
    return peak_memory(device) / 2**20


def peak_memory(device: torch.device) -> float:
    """Peak memory in bytes: of an accelerator's allocator since it was last reset, on a CPU of the process so far."""
    return float(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else resident_peak()


def begin_peak(device: torch.device) -> float:
    """Memory in use now, in bytes; on an accelerator :func:`peak_memory` counts from here on.

    The whole process's on a CPU, where what it held before may have been more, and is its peak for good.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return float(torch.cuda.memory_allocated(device))
    return float(psutil.Process().memory_info().rss)


def resident_peak(status: Path = Path("/proc/self/status")) -> float:
    """The most memory that this process has held so far, in bytes.

    Args:
        status: says it on Linux, where getrusage begins with the memory of the process that started this one. Some
            containers have the file without the line.
    """
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return 1024.0 * int(found[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else 1024 * peak)


def free_bytes(device: torch.device) -> float:
    """Memory that is free on ``device``; on a CPU no more than the container or batch job may take."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    return min([psutil.virtual_memory().available, *group_bytes()])


GROUPS = {
    "": (".", "memory.max", "memory.current", "inactive_file"),
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""Control groups of version 2 and of version 1, by controller: folder, limit, use, and what of the use is file caches
that can go."""


def group_bytes(own: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> list[float]:
    """What each control group around this process has left of its limit (a container's, a batch job's).

    Args:
        own: says which groups this process is in.
        root: where groups are folders.
    """
    left = []
    try:
        lines = [line for line in own.read_text().splitlines() if line.count(":") >= 2]
    except OSError:  # not Linux
        lines = []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        for controller in set(controllers.split(",")) & set(GROUPS):
            top, *files = GROUPS[controller]
            group = root / top / name.lstrip("/")
            around = [group, *group.parents][: len(group.relative_to(root / top).parts) + 1]
            left += [bytes_left(folder, *files) for folder in around]
    return left


def bytes_left(group: Path, limit: str, use: str, cache: str) -> float:
    """Of one group; infinite without a limit, or where it cannot be read: a guard is no reason to stop a run."""
    try:
        most = (group / limit).read_text().strip()
        if most == "max":
            return math.inf
        stat = dict(row.split() for row in (group / "memory.stat").read_text().splitlines())
        return int(most) - int((group / use).read_text()) + int(stat.get(cache, 0))
    except (OSError, ValueError):
        return math.inf
