"""``python -m mnemonics_lib bench training``: images per second of the model level, beside the ceiling.

The ceiling is a bare PyTorch loop: every image normalised in memory beforehand, channels-last weights, no augmentation.
The two take turns, after a warm-up, so that a slow moment of the machine falls on both.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F
from tqdm import tqdm

from mnemonics_lib.config import Training
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.records import device_name
from mnemonics_lib.training import batches, train

CASES = {"ResNet-8, 16 x 16": (8, 16, 16), "ResNet-32, 32 x 32": (32, 32, 3)}
"""Name -> depth, resolution and steps of a measurement; all of width 16, on random images in 50 classes."""
BATCH, CLASSES = 128, 50


def training(device: str = "cpu", rounds: int = 7) -> list[dict[str, Any]]:
    """Measure the model-level loop and the bare loop.

    Args:
        device: a torch device.
        rounds: measurements of each, of which the median counts; one more warms up.

    Returns:
        One row per network and loop: ``network``, ``loop``, ``images_per_second``, ``low``, ``high``, ``rounds``,
        ``threads``, ``device``, ``torch``.
    """
    rows = []
    for name, (depth, size, steps) in CASES.items():
        loops = _loops(torch.device(device), depth, size, steps)
        rates: dict[str, list[float]] = {loop: [] for loop in loops}
        for turn in tqdm(range(rounds + 1), desc=name, leave=False):
            for loop, body in loops.items():
                rate = steps * BATCH / _seconds(body, torch.device(device))
                if turn:
                    rates[loop].append(rate)
        for loop, measured in rates.items():
            rows.append(
                {
                    "network": name,
                    "loop": loop,
                    "images_per_second": statistics.median(measured),
                    "low": min(measured),
                    "high": max(measured),
                    "rounds": rounds,
                    "threads": torch.get_num_threads(),
                    "device": device_name(torch.device(device)),
                    "torch": torch.__version__,
                }
            )
    return rows


def _loops(device: torch.device, depth: int, size: int, steps: int) -> dict[str, Callable[[], object]]:
    generator = torch.Generator().manual_seed(0)
    raw = torch.randint(256, (steps * BATCH, 3, size, size), generator=generator, dtype=torch.uint8).to(device)
    labels = torch.randint(CLASSES, (len(raw),), generator=generator).to(device)
    middle = torch.full((3, 1, 1), 0.5, device=device)
    pixels = Pixels(middle, middle / 2, white=255, pad=size // 8, flip=True)
    settings = Training(epochs=1, batch_size=BATCH, milestones=[])

    def network() -> IncrementalNet:
        return build_network(depth, 16, 3, CLASSES, seed=0).to(device)

    ours, bare = network(), network()
    images = pixels.normalise(raw).contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(bare.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)

    def bare_loop() -> None:
        bare.train()
        for index in batches(len(images), BATCH, generator):
            chosen = index.to(device)
            loss = F.cross_entropy(bare(images[chosen]), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    samples = Samples.real(raw, labels, pixels)
    return {
        "ours, with augmentation": lambda: train(
            ours, lambda x, y: cross_entropy(ours(x), y), samples, settings, seed=0
        ),
        "bare": bare_loop,
    }


def _seconds(body: Callable[[], object], device: torch.device) -> float:
    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    wait()
    started = time.perf_counter()
    body()
    wait()
    return time.perf_counter() - started


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [f"{'network':<20} {'loop':<26} {'images/s':>9}   range of {rows[0]['rounds']}"]
    for row in rows:
        rate, low, high = (f"{row[key]:,.0f}" for key in ("images_per_second", "low", "high"))
        lines.append(f"{row['network']:<20} {row['loop']:<26} {rate:>9}   {low} to {high}")
    return "\n".join(lines)


def dumps(rows: list[dict[str, Any]]) -> str:
    """The rows as JSON."""
    return json.dumps(rows, indent=1) + "\n"
