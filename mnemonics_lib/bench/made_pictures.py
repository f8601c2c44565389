"""Pictures whose decoding costs what that of ImageNet's usually costs, for a machine that has none of those."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

WIDTH, HEIGHT = 500, 375
"""ImageNet's median."""
QUALITY, ROUGHNESS = 95, 0.8
"""Of the JPEG, and how much of an octave's strength the next finer one has; together they make files of about 110 kB,
ImageNet's mean."""
CLASSES = 4


def make_pictures(folder: Path, count: int) -> None:
    """Write pictures into class folders, as JPEGs of about 110 kB; the same ones each time.

    Args:
        folder: where the class folders go.
        count: pictures in all, at least as many as there are classes.
    """
    for number in range(count):
        place = folder / f"class-{number % CLASSES}"
        place.mkdir(exist_ok=True)
        pixels = random_field(torch.Generator().manual_seed(number)).permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(place / f"{number}.jpg", quality=QUALITY)


def random_field(generator: torch.Generator) -> Tensor:
    """Smooth colours with ever finer and weaker noise on them, as photographs have it: uint8 [3, height, width]."""
    field, strength, cells = torch.zeros(3, HEIGHT, WIDTH), 1.0, 2
    while cells < HEIGHT:
        noise = torch.randn(1, 3, cells, cells * WIDTH // HEIGHT, generator=generator)
        field += strength * F.interpolate(noise, (HEIGHT, WIDTH), mode="bicubic", align_corners=False)[0]
        strength, cells = strength * ROUGHNESS, 2 * cells
    return (128 + 50 * field).clamp(0, 255).to(torch.uint8)
