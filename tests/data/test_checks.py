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
