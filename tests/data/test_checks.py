"""What tensors of data must be: each check lets through what is right and names what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mnemonics_lib.data.checks import (
    require_labels,
    require_like_data,
    require_one_device,
    require_pixel_space,
    require_raw,
    require_samples,
)

RAW = torch.full((5, 3, 4, 6), 16, dtype=torch.uint8)
META = torch.device("meta")  # a device that every machine has


@pytest.mark.parametrize("shape", [None, (3, 4, 6), [3, 4, 6], torch.Size([3, 4, 6])])
def test_raw_images_of_the_shape_pass_however_many(shape):
    require_raw("x", RAW, shape)
    require_raw("x", RAW[:0], shape)
    require_raw("x", RAW.permute(0, 1, 2, 3), shape)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (RAW.float(), r"torch\.float32 of shape \[5, 3, 4, 6\]"),
        (RAW.long(), r"torch\.int64 of shape \[5, 3, 4, 6\]"),
        (RAW.view(torch.int8), r"torch\.int8 of shape \[5, 3, 4, 6\]"),
        (RAW.bool(), r"torch\.bool of shape \[5, 3, 4, 6\]"),
        (RAW[0], r"torch\.uint8 of shape \[3, 4, 6\]"),
        (RAW[None], r"torch\.uint8 of shape \[1, 5, 3, 4, 6\]"),
        (RAW.numpy(), r"uint8 of shape \[5, 3, 4, 6\]"),
        (None, "a NoneType"),
    ],
)
def test_what_is_no_batch_of_raw_images_is_named(raw, found):
    with pytest.raises(ValueError, match=rf"^x = {found}: must be torch\.uint8 of shape \[n, c, h, w\]$"):
        require_raw("x", raw)


@pytest.mark.parametrize("other", [(1, 4, 6), (3, 6, 4), (3, 4, 5), (3, 4)])
def test_raw_images_of_another_shape_are_named_with_the_one_allowed(other):
    sizes = ", ".join(map(str, other))
    with pytest.raises(ValueError, match=rf"x = .*\[5, 3, 4, 6\]: must be torch\.uint8 of shape \[n, {sizes}\]"):
        require_raw("x", RAW, other)


@pytest.mark.parametrize(
    "labels",
    [
        torch.zeros(4, dtype=torch.int64),
        torch.zeros(5, 1, dtype=torch.int64),
        torch.zeros((), dtype=torch.int64),
        torch.zeros(5, dtype=torch.int32),
        torch.zeros(5, dtype=torch.uint8),
        torch.zeros(5),
        torch.zeros(5, dtype=torch.bool),
        [0] * 5,
    ],
)
def test_labels_are_one_integer_for_each_image(labels):
    require_labels("y", torch.arange(5), 5)
    with pytest.raises(ValueError, match=r"y = .*: must be torch\.int64 of shape \[5\], one for each image"):
        require_labels("y", labels, 5)


def parts() -> dict[str, Tensor]:
    """Five real images and two exemplars."""
    return {"raw": RAW, "images": torch.zeros(2, 3, 4, 6), "labels": torch.arange(7), "mean": torch.zeros(3, 1, 1)}


SAMPLES: dict[str, tuple[dict[str, Callable[[Tensor], Any]], str]] = {
    "float raw": ({"raw": Tensor.float}, r"raw = torch\.float32"),
    "one raw": ({"raw": lambda raw: raw[0]}, r"raw = .*\[3, 4, 6\]: must be .*\[n, c, h, w\]"),
    "integer exemplars": ({"images": Tensor.long}, r"images = torch\.int64 .*: must be floats of shape \[m, 3, 4, 6\]"),
    "one exemplar": ({"images": lambda images: images[0]}, r"images = .*\[3, 4, 6\]: must be floats"),
    "another size": ({"images": lambda images: images.mT}, r"images = .*\[2, 3, 6, 4\]: must be .*\[m, 3, 4, 6\]"),
    "another channel": ({"images": lambda images: images[:, :1]}, r"images = .*\[2, 1, 4, 6\]: must be"),
    "no exemplars": ({"images": lambda _: None}, "images = a NoneType: must be"),
    "fewer labels": ({"labels": lambda labels: labels[1:]}, r"labels = .*\[6\]: must be .*\[7\], one for each"),
    "float labels": ({"labels": Tensor.float}, r"labels = torch\.float32"),
    "two channels": ({"mean": lambda mean: mean[1:]}, r"pixels\.mean = .*\[2, 1, 1\]: must have 1 channel or .* 3"),
    "mean elsewhere": ({"mean": lambda mean: mean.to(META)}, r"pixels\.mean: on meta: must be on cpu, where raw is"),
    "labels elsewhere": ({"labels": lambda labels: labels.to(META)}, "labels: on meta: must be on cpu"),
    "images elsewhere": ({"images": lambda images: images.to(META)}, "images: on meta: must be on cpu"),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_samples_whose_parts_do_not_go_together_are_named(case):
    change, message = SAMPLES[case]
    given = parts()
    require_samples(**given)
    with pytest.raises(ValueError, match=message):
        require_samples(**{name: change[name](value) if name in change else value for name, value in given.items()})


def test_samples_may_have_no_images_one_channel_for_all_and_doubles():
    given = parts()
    require_samples(RAW[:0], given["images"][:0], given["labels"][:0], given["mean"])
    require_samples(**given | {"mean": given["mean"][:1], "images": given["images"].double()})


def test_tensors_are_on_one_device():
    here, there = torch.zeros(1), torch.zeros(1, device=META)
    require_one_device({"a": here, "b": here})
    require_one_device({"a": there, "b": there})
    with pytest.raises(ValueError, match="b: on meta: must be on cpu, where a is"):
        require_one_device({"a": here, "b": there})


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


CPU = torch.device("cpu")
UNLIKE: list[tuple[Any, str]] = [
    (
        RAW[0],
        r"x = .*\[3, 4, 6\]: must be a batch of shape \[n, 3, 4, 6\]; for a single image add a dimension, x\[None\]",
    ),
    (RAW.float() / 16, r"x = torch\.float32 of shape \[5, 3, 4, 6\]: must be torch\.uint8 of shape \[n, 3, 4, 6\]"),
    (RAW[:, :1], r"x = .*\[5, 1, 4, 6\]: must be .*\[n, 3, 4, 6\]"),
    (RAW.repeat(1, 1, 2, 2), r"x = .*\[5, 3, 8, 12\]: must be .*\[n, 3, 4, 6\]"),
    (RAW + 1, "x: its largest value is 17: must be at most 16, the white of the data set"),
    (RAW.to(META), "x: on meta: must be on cpu"),
    (np.asarray(RAW), r"x = uint8 of shape \[5, 3, 4, 6\]: must be torch\.uint8"),
]


@pytest.mark.parametrize(("raw", "message"), UNLIKE)
def test_images_unlike_those_of_the_data_set_are_named(raw, message):
    with pytest.raises(ValueError, match=message):
        require_like_data("x", raw, (3, 4, 6), 16, CPU)


def test_images_like_those_of_the_data_set_pass_and_so_do_none():
    require_like_data("x", RAW, (3, 4, 6), 16, CPU)
    require_like_data("x", RAW[:0], (3, 4, 6), 16, CPU)
