"""What a pixel space must be: what is right passes, and what is not is named."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mnemonics_lib.data.pixel_space import require_pixel_space

META = torch.device("meta")  # a device that every machine has


def space(**change: Any) -> dict[str, Any]:
    """A pixel space of three channels."""
    one = torch.full((3, 1, 1), 0.5)
    return {"mean": one, "std": one / 2, "white": 255, "pad": 0, "flip": False} | change


ONES = torch.ones(3, 1, 1)
NO_SPACES: list[tuple[dict[str, Any], str]] = [
    ({"std": ONES * 0}, r"std = \[0\.0, 0\.0, 0\.0\]: must be larger than 0"),
    ({"std": -ONES}, r"std = \[-1\.0, .*must be larger than 0"),
    ({"std": ONES / 0}, r"std: .*inf.*: must be .*finite"),
    ({"mean": ONES * float("nan")}, r"mean: .*nan.*: must be .*finite"),
    ({"mean": ONES.int()}, r"mean: torch\.int32 .*: must be torch\.float32 of shape \[3, 1, 1\]"),
    ({"mean": torch.ones(3)}, r"mean: .*\[3\].*: must be .*\[3, 1, 1\]"),
    ({"mean": torch.ones(0, 1, 1)}, r"mean: .*\[0, 1, 1\].*: must be"),
    ({"mean": torch.ones(1, 3, 1)}, r"mean: .*\[1, 3, 1\].*: must be .*\[3, 1, 1\]"),
    ({"mean": 0.5}, "mean = a float: must be a tensor"),
    ({"std": None}, "std = a NoneType: must be a tensor"),
    ({"std": ONES.to(META)}, "std: on meta: must be on cpu, where mean is"),
    ({"mean": ONES.int(), "std": ONES.int()}, r"mean: torch\.int32 .*: must be torch\.float32"),
    ({"mean": torch.ones(3), "std": torch.ones(3)}, r"mean: .*\[3\].*: must be .*\[3, 1, 1\]"),
    ({"std": ONES[:1]}, r"mean: .*\[3, 1, 1\]: must be .*\[1, 1, 1\], as std is"),
    ({"std": ONES.double()}, r"mean: torch\.float32.*: must be torch\.float64"),
    ({"white": 0}, "white = 0: must be .*1 .*255"),
    ({"white": 256}, "white = 256: must be"),
    ({"white": 255.0}, r"white = 255\.0: must be an integer"),
    ({"white": True}, "white = True: must be an integer"),
    ({"pad": -1}, "pad = -1: must be an integer greater than or equal to 0"),
    ({"pad": 1.5}, r"pad = 1\.5: must be"),
    ({"flip": 1}, "flip = 1: must be a boolean"),
    ({"flip": None}, "flip = None: must be"),
]


@pytest.mark.parametrize(("change", "message"), NO_SPACES)
def test_a_pixel_space_that_cannot_be_undone_is_named(change, message):
    require_pixel_space(**space())
    with pytest.raises(ValueError, match=message):
        require_pixel_space(**space(**change))


@pytest.mark.parametrize("change", [{"white": 1}, {"pad": 40, "flip": True}, {"mean": -ONES}, {"std": ONES * 1e-30}])
def test_a_pixel_space_at_the_ends_of_what_is_allowed_passes(change):
    require_pixel_space(**space(**change))
