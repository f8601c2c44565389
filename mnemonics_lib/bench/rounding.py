"""``bench rounding``: the same runs with kernels for other processors, which round otherwise and change nothing else.

oneDNN, which computes convolutions on a CPU, chooses its kernels by the instructions that the processor has. Told to do
without the newer ones, it computes as an older processor would. Sums are taken in another order then, and the last
digit of a float32 differs. What training makes of that is measured: a run of herding on the digits of the quick
profile, seed by seed, with each kind of kernels.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from mnemonics_lib.bench.clock import where
from mnemonics_lib.config import ConfigError
from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.paths import PARAMS

PARAMETERS = PARAMS / "quick" / "digits-n5.yaml"
SEEDS = 10
KERNELS = {"all": None, "AVX2": "AVX2", "SSE4.1": "SSE41"}
"""Name -> the newest instructions that oneDNN may use; None for all there are."""
VARIABLE, OLD_VARIABLE = "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"
"""What tells oneDNN so, by its name of now and of before, to which it listens too."""


def rows(device: str = "cpu", seeds: int = SEEDS) -> list[dict[str, Any]]:
    """Make each run with each kind of kernels, on one thread.

    Args:
        device: the CPU; an accelerator has other kernels.
        seeds: how many, from 0.

    Returns:
        One row per seed and kind: ``seed``, ``kernels``, ``average_accuracy``, ``accuracy`` (a list, of each phase; per
        cent), ``threads``, ``device``, ``torch``.

    Raises:
        ConfigError: for another device than the CPU.
    """
    if torch.device(device).type != "cpu":
        raise ConfigError(f"device = {device}: must be cpu for bench rounding, whose kernels are those of oneDNN")
    cases = [(seed, name) for seed in range(seeds) for name in KERNELS]
    found = []
    for seed, name in tqdm(cases, desc="runs", leave=False):
        record = _run(seed, KERNELS[name])
        row = {"seed": seed, "kernels": name, "average_accuracy": record.average_accuracy, "accuracy": record.accuracy}
        found.append(row | where(torch.device("cpu")) | {"threads": 1})
    return found


def _run(seed: int, newest: str | None) -> Record:
    """A run in a process of its own, since oneDNN reads the variable once, and with none that the user has set."""
    ours = {name: value for name, value in os.environ.items() if name not in (VARIABLE, OLD_VARIABLE)}
    environment = ours | {"OMP_NUM_THREADS": "1"} | ({VARIABLE: newest} if newest else {})
    with tempfile.TemporaryDirectory() as folder:
        settings = ["--set", "exemplars=herding", f"seed={seed}"]
        command = [sys.executable, "-m", "mnemonics_lib", "run", str(PARAMETERS), *settings, "--out", folder]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        (path,) = Path(folder).rglob("record.json")
        return read_record(path)


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text: average accuracies, a line for each seed."""
    names = list(dict.fromkeys(row["kernels"] for row in found))
    by_place = {(row["seed"], row["kernels"]): f"{row['average_accuracy']:.2f}" for row in found}
    lines = ["seed  " + "  ".join(f"{name:>7}" for name in names)]
    for seed in sorted({row["seed"] for row in found}):
        lines.append(f"{seed:>4}  " + "  ".join(f"{by_place[seed, name]:>7}" for name in names))
    return "\n".join(lines)
