"""What is known of each data set before it is loaded. One line here, one loader in :mod:`mnemonics_lib.data`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetInfo:
    """Facts the configuration is checked against.

    Attributes:
        classes: C.
        images_per_class: training images of the smallest class.
        shape: channels, height, width.
        white: the largest raw pixel value.
        pad: pixels of padding for the random crop.
        flip: whether a mirrored image is still of its class.
    """

    classes: int
    images_per_class: int
    shape: tuple[int, int, int]
    white: int
    pad: int
    flip: bool


DATASETS = {
    "digits": DatasetInfo(classes=10, images_per_class=116, shape=(1, 8, 8), white=16, pad=1, flip=False),
}
