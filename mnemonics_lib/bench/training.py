"""``bench training``: images per second of the model level, beside the usual loop and the ceiling.

- *ours*: raw bytes resident on the device, normalised, cropped and mirrored there batch by batch; in float32 and in
  bfloat16, alone (phase 0) and with a teacher (Eq. 5). Of two epochs the second counts, which on a GPU is recorded.
- *usual*: a ``DataLoader`` with two workers over PIL images and torchvision's transforms, which is what the public
  class-incremental repositories do. Crops and flips as ours.
- *bare*: the ceiling of plain PyTorch. Every image normalised in memory beforehand, no augmentation. On a GPU also
  compiled, in bfloat16: what ``torch.compile`` would add to graphs.

All train the same network with channels-last weights and the same SGD. They take turns, after a warm-up, so that a
slow moment of the machine falls on all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from tqdm import tqdm

from mnemonics_lib.bench.clock import seconds, where
from mnemonics_lib.config import Training
from mnemonics_lib.data.batches import batches
from mnemonics_lib.data.pixels import Pixels, upload
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.losses import cross_entropy
from mnemonics_lib.methods.base import Method
from mnemonics_lib.models import IncrementalNet, build_network
from mnemonics_lib.training import Descent

CASES = {"ResNet-8, 16 x 16": (8, 16, 16), "ResNet-32, 32 x 32": (32, 32, 3)}
"""Name -> depth, resolution and batches of a measurement; all of width 16, on random images in 50 classes."""
ON_GPU, USUAL_ON_GPU = 50, 5
"""Times as many batches on a GPU: for loops whose data are there, and for the one that fetches them from the host."""
BATCH, CLASSES, WORKERS = 128, 50, 2

COMPILED = "bare, compiled, bfloat16"

Measurement = Callable[[], tuple[int, float]]
"""Trains, and says on how many images and for how many seconds."""


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
    """Measure the loops.

    Args:
        device: a torch device.
        rounds: measurements of each, of which the median counts; one more warms up.

    Returns:
        One row per network and loop: ``network``, ``loop``, ``images_per_second``, ``low``, ``high``, ``rounds``,
        ``threads``, ``device``, ``torch``.
    """
    place, found = torch.device(device), []
    for name, (depth, size, steps) in CASES.items():
        todo = loops(place, depth, size, steps)
        rates: dict[str, list[float]] = {loop: [] for loop in todo}
        for turn in tqdm(range(rounds + 1), desc=name, leave=False):
            for loop, body in list(todo.items()):
                try:
                    images, took = body()
                except RuntimeError as error:
                    if loop != COMPILED:  # which needs a compiler, that not every machine has
                        raise
                    tqdm.write(f"{name}, {loop}: not measured: {error}")
                    del todo[loop], rates[loop]
                    continue
                if turn:
                    rates[loop].append(images / took)
        for loop, measured in rates.items():
            found.append(
                {
                    "network": name,
                    "loop": loop,
                    "images_per_second": statistics.median(measured),
                    "low": min(measured),
                    "high": max(measured),
                    "rounds": rounds,
                    **where(place),
                }
            )
    return found


def loops(device: torch.device, depth: int, size: int, steps: int) -> dict[str, Measurement]:
    """What to measure, by name, at ``steps`` batches."""
    given = Given(device, depth, size, steps)
    found = {
        "ours": given.ours("float32", taught=False),
        "ours, bfloat16": given.ours("bfloat16", taught=False),
        "ours, with teacher": given.ours("float32", taught=True),
        "ours, with teacher, bfloat16": given.ours("bfloat16", taught=True),
        "usual": given.plain(lambda: given.loader, given.few),
        "bare": given.plain(given.in_memory, given.count),
    }
    if device.type == "cuda":
        found[COMPILED] = given.plain(given.in_memory, given.count, compiled=True)
    return found


class Given:
    """The same network and random images for all loops.

    Args:
        device: where they are.
        depth: of the ResNet.
        size: height and width of the images.
        steps: batches of a measurement on a CPU.
    """

    def __init__(self, device: torch.device, depth: int, size: int, steps: int) -> None:
        gpu = device.type == "cuda"
        self.device, self.depth, self.generator = device, depth, torch.Generator().manual_seed(0)
        self.count, self.few = steps * BATCH * (ON_GPU if gpu else 1), steps * BATCH * (USUAL_ON_GPU if gpu else 1)
        raw = torch.randint(256, (self.count, 3, size, size), generator=self.generator, dtype=torch.uint8)
        labels = torch.randint(CLASSES, (self.count,), generator=self.generator)
        pictures = Pictures(raw[: self.few], labels[: self.few])
        self.loader = DataLoader(pictures, BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=WORKERS > 0)
        middle = torch.full((3, 1, 1), 0.5, device=device)
        pixels = Pixels(middle, middle / 2, white=255, pad=size // 8, flip=True)
        self.samples = Samples.real(raw.to(device), labels.to(device), pixels)
        self.images = pixels.normalise(raw.to(device)).contiguous(memory_format=torch.channels_last)

    def network(self) -> IncrementalNet:
        """The same at each call."""
        return build_network(self.depth, 16, 3, CLASSES, seed=0).to(self.device)

    def ours(self, precision: Literal["float32", "bfloat16"], taught: bool) -> Measurement:
        """The library's model level, alone or with a teacher."""
        sgd = Training(epochs=2, batch_size=BATCH, milestones=[], precision=precision)
        net, teacher = self.network(), self.network().eval().requires_grad_(False)
        method = Method(sgd.lam, sgd.temperature)

        def loss(x: Tensor, y: Tensor) -> Tensor:
            return method.loss(net, teacher, x, y) if taught else cross_entropy(net(x), y)

        def measure() -> tuple[int, float]:
            descent = Descent(net, loss, self.samples, sgd, seed=0)
            descent.step()
            return self.count, seconds(descent.step)  # the second epoch, which on a GPU is recorded

        return measure

    def plain(
        self, data: Callable[[], Iterable[tuple[Tensor, Tensor]]], count: int, compiled: bool = False
    ) -> Measurement:
        """A training loop as in any tutorial over some data."""
        net = self.network()
        if compiled:
            net.backbone.compile(mode="reduce-overhead")
        return lambda: (count, seconds(lambda: epoch(net, data(), self.device, compiled)))

    def in_memory(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Batches of images that lie normalised on the device."""
        for (chosen,) in upload([batches(len(self.images), BATCH, self.generator)], self.device):
            yield self.images[chosen], self.samples.labels[chosen]


def epoch(
    model: IncrementalNet, data: Iterable[tuple[Tensor, Tensor]], device: torch.device, bfloat16: bool = False
) -> None:
    """A training loop as in any tutorial."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    model.train()
    for images, labels in data:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def table(found: list[dict[str, Any]]) -> str:
    """The rows as text."""
    lines = [f"{'network':<20} {'loop':<28} {'images/s':>9}   range of {found[0]['rounds']}"]
    for row in found:
        rate, low, high = (f"{row[key]:,.0f}" for key in ("images_per_second", "low", "high"))
        lines.append(f"{row['network']:<20} {row['loop']:<28} {rate:>9}   {low} to {high}")
    return "\n".join(lines)
