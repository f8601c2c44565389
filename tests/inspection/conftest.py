"""Pictures to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Write noise as a picture; another seed, other noise."""

    def write(path: Path, seed: int, size: tuple[int, int] = (20, 30)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(values).save(path)
        return path

    return write
