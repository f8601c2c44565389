"""``bench inference``: images per second of what is computed without a gradient, in our parts and in large ones.

*Evaluation* is what tests a classifier (:func:`mnemonics_lib.metrics.predict`), *features* what herding and class means
are made of. Each goes through all images part by part, normalised as they are drawn: in parts as the device wants them
(:func:`mnemonics_lib.data.samples.part_size`), and in parts of 1,024. They take turns, after a warm-up, so that a slow
moment of the machine falls on both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from tqdm import tqdm

from mnemonics_lib.bench.clock import seconds, where
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import MOST, Samples, part_size
from mnemonics_lib.models import build_network

CASES = {
    "ResNet-8, 8 x 8": (8, 8, 8, 16384),
    "ResNet-8, 16 x 16": (8, 16, 16, 8192),
    "ResNet-32, 32 x 32": (32, 16, 32, 2048),
}
"""Name -> depth, width, resolution and images; all in 50 classes."""
CLASSES = 50


def rows(device: str = "cpu", rounds: int = 7) -> list[dict[str, Any]]:
    """Measure both on every network.

    Args:
        device: a torch device.
        rounds: measurements of each, of which the median counts; one more warms up.

    Returns:
        One row per network, work and size of the parts: ``network``, ``work``, ``parts`` ("ours" or "1,024"), ``size``
        (images in a part), ``images_per_second``, ``low``, ``high``, ``rounds``, ``threads``, ``device``, ``torch``.
    """
    place, found = torch.device(device), []
    for name, (depth, width, side, count) in CASES.items():
        todo = works(place, depth, width, side, count)
        rates: dict[tuple[str, str, int], list[float]] = {key: [] for key in todo}
        for turn in tqdm(range(rounds + 1), desc=name, leave=False):
            for key, body in todo.items():
                took = seconds(body)
                if turn:
                    rates[key].append(count / took)
        for (work, parts, size), measured in rates.items():
            speed = {"images_per_second": statistics.median(measured), "low": min(measured), "high": max(measured)}
            row = {"network": name, "work": work, "parts": parts, "size": size}
            found.append(row | speed | {"rounds": rounds} | where(place))
    return found


def works(
    device: torch.device, depth: int, width: int, side: int, count: int
) -> dict[tuple[str, str, int], Callable[[], object]]:
    """What to measure, by the work, the name of the parts and how many images are in one."""
    generator = torch.Generator().manual_seed(0)
    raw = torch.randint(256, (count, 3, side, side), generator=generator, dtype=torch.uint8).to(device)
    middle = torch.full((3, 1, 1), 0.5, device=device)
    pixels = Pixels(middle, middle / 2, white=255, pad=0, flip=False)
    samples = Samples.real(raw, torch.zeros(count, dtype=torch.int64, device=device), pixels)
    model = build_network(depth, width, 3, CLASSES, seed=0).to(device).eval()

    @torch.no_grad()
    def evaluate(size: int) -> object:
        return torch.cat([model(images).argmax(dim=1) for images, _ in samples.parts(size)])

    @torch.no_grad()
    def describe(size: int) -> object:
        return torch.cat([model.features(images) for images, _ in samples.parts(size)])

    def at(work: Callable[[int], object], size: int) -> Callable[[], object]:
        return lambda: work(size)

    sizes = {"ours": part_size(device, side, side), f"{MOST:,}": MOST}
    named = {"evaluation": evaluate, "features": describe}
    return {(name, parts, size): at(work, size) for name, work in named.items() for parts, size in sizes.items()}


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [f"{'network':<20} {'work':<11} {'parts':<6} {'size':>5} {'images/s':>9}   range of {found[0]['rounds']}"]
    for row in found:
        rate, low, high = (f"{row[key]:,.0f}" for key in ("images_per_second", "low", "high"))
        head = f"{row['network']:<20} {row['work']:<11} {row['parts']:<6} {row['size']:>5}"
        lines.append(f"{head} {rate:>9}   {low} to {high}")
    return "\n".join(lines)
