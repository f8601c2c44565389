"""``bench training``: images per second of the model level, beside the usual loop and the ceiling.

- *ours*: raw bytes resident on the device, normalised, cropped and mirrored there batch by batch.
- *usual*: a ``DataLoader`` with two workers over PIL images and torchvision's transforms, which is what the public
  class-incremental repositories do. Crops and flips as ours.
- *bare*: the ceiling. Every image normalised in memory beforehand, no augmentation.

All train the same network with channels-last weights and the same SGD. They take turns, after a warm-up, so that a
slow moment of the machine falls on all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from tqdm import tqdm

from mnemonics_lib.bench.clock import seconds, where
from mnemonics_lib.config import Training
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.training import batches, train

CASES = {"ResNet-8, 16 x 16": (8, 16, 16), "ResNet-32, 32 x 32": (32, 32, 3)}
"""Name -> depth, resolution and steps of a measurement; all of width 16, on random images in 50 classes."""
BATCH, CLASSES, WORKERS = 128, 50, 2


class Pictures(Dataset[tuple[Tensor, int]]):
    """What torchvision's data sets are: arrays that become PIL images, and those tensors, one at a time."""

    def __init__(self, raw: Tensor, labels: Tensor) -> None:
        self.arrays = list(raw.permute(0, 2, 3, 1).cpu().numpy())
        self.labels = labels.tolist()
        size = raw.shape[-1]
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(size, padding=size // 8),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.5,) * 3, (0.25,) * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.arrays[index])), self.labels[index]


def rows(device: str = "cpu", rounds: int = 7) -> list[dict[str, Any]]:
    """Measure the three loops.

    Args:
        device: a torch device.
        rounds: measurements of each, of which the median counts; one more warms up.

    Returns:
        One row per network and loop: ``network``, ``loop``, ``images_per_second``, ``low``, ``high``, ``rounds``,
        ``threads``, ``device``, ``torch``.
    """
    found = []
    for name, (depth, size, steps) in CASES.items():
        todo = loops(torch.device(device), depth, size, steps)
        rates: dict[str, list[float]] = {loop: [] for loop in todo}
        for turn in tqdm(range(rounds + 1), desc=name, leave=False):
            for loop, body in todo.items():
                rate = steps * BATCH / seconds(body, torch.device(device))
                if turn:
                    rates[loop].append(rate)
        for loop, measured in rates.items():
            found.append(
                {
                    "network": name,
                    "loop": loop,
                    "images_per_second": statistics.median(measured),
                    "low": min(measured),
                    "high": max(measured),
                    "rounds": rounds,
                    **where(torch.device(device)),
                }
            )
    return found


def loops(device: torch.device, depth: int, size: int, steps: int) -> dict[str, Callable[[], object]]:
    """One epoch of ``steps`` batches, by name of the loop."""
    generator = torch.Generator().manual_seed(0)
    raw = torch.randint(256, (steps * BATCH, 3, size, size), generator=generator, dtype=torch.uint8).to(device)
    labels = torch.randint(CLASSES, (len(raw),), generator=generator).to(device)
    middle = torch.full((3, 1, 1), 0.5, device=device)
    pixels = Pixels(middle, middle / 2, white=255, pad=size // 8, flip=True)
    settings = Training(epochs=1, batch_size=BATCH, milestones=[])
    samples = Samples.real(raw, labels, pixels)
    images = pixels.normalise(raw).contiguous(memory_format=torch.channels_last)
    loader = DataLoader(Pictures(raw, labels), BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=WORKERS > 0)
    ours, usual, bare = (build_network(depth, 16, 3, CLASSES, seed=0).to(device) for _ in range(3))

    def in_memory() -> Iterable[tuple[Tensor, Tensor]]:
        for index in batches(len(images), BATCH, generator):
            chosen = index.to(device)
            yield images[chosen], labels[chosen]

    return {
        "ours, with augmentation": lambda: train(
            ours, lambda x, y: cross_entropy(ours(x), y), samples, settings, seed=0
        ),
        "usual, with augmentation": lambda: epoch(usual, loader, device),
        "bare": lambda: epoch(bare, in_memory(), device),
    }


def epoch(model: IncrementalNet, data: Iterable[tuple[Tensor, Tensor]], device: torch.device) -> None:
    """A training loop as in any tutorial."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    model.train()
    for images, labels in data:
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [f"{'network':<20} {'loop':<26} {'images/s':>9}   range of {found[0]['rounds']}"]
    for row in found:
        rate, low, high = (f"{row[key]:,.0f}" for key in ("images_per_second", "low", "high"))
        lines.append(f"{row['network']:<20} {row['loop']:<26} {rate:>9}   {low} to {high}")
    return "\n".join(lines)
