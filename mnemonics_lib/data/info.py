"""What is known of each data set before it is loaded.

A new one is a line here, a loader in :mod:`mnemonics_lib.data.dataset` and its name in ``RunConfig.dataset``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Channels = tuple[float, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """Facts the configuration and, when they are loaded, the data are checked against.

    Attributes:
        classes: C.
        images_per_class: training images of the smallest class.
        shape: channels, height, width.
        white: the largest raw pixel value.
        pad: pixels of padding for the random crop, at the native resolution.
        flip: whether a mirrored image is still of its class.
        normalisation: mean and standard deviation per channel, of pixels scaled to [0, 1]; None: those of the training
            images.
        on_disk: whether the images stay on disk, and the host holds the exemplars.
    """

    classes: int
    images_per_class: int
    shape: tuple[int, int, int]
    white: int
    pad: int
    flip: bool
    normalisation: tuple[Channels, Channels] | None = None
    on_disk: bool = False

    def resolutions(self) -> list[int]:
        """Heights that the images can be averaged down to: divisors of the native one, from 4 up.

        Images that are not square keep their form: the width is divided by the same factor, so it must be divisible.
        """
        _, native, width = self.shape
        return [size for size in range(4, native + 1) if native % size == 0 and width % (native // size) == 0]


IMAGENET: tuple[Channels, Channels] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and standard deviation of ImageNet's pixels, as torchvision has them."""

TINY = DatasetInfo(
    classes=200, images_per_class=500, shape=(3, 64, 64), white=255, pad=8, flip=True, normalisation=IMAGENET
)

# Of ImageNet the smallest class has 732 training images; those of the subset have as many at least.
WHOLE = DatasetInfo(
    classes=1000,
    images_per_class=732,
    shape=(3, 224, 224),
    white=255,
    pad=28,
    flip=True,
    normalisation=IMAGENET,
    on_disk=True,
)

DATASETS = {
    "digits": DatasetInfo(classes=10, images_per_class=116, shape=(1, 8, 8), white=16, pad=1, flip=False),
    "cifar100": DatasetInfo(
        classes=100,
        images_per_class=500,
        shape=(3, 32, 32),
        white=255,
        pad=4,
        flip=True,
        # As in the public code of LUCIR and of the paper. The "std" is the mean over images of each image's own: the
        # standard deviation over all pixels is (.2673, .2564, .2762).
        normalisation=((0.5071, 0.4866, 0.4409), (0.2009, 0.1984, 0.2023)),
    ),
    "tiny_imagenet": TINY,
    "tiny_imagenet_100": replace(TINY, classes=100, images_per_class=400),
    "imagenet_subset": replace(WHOLE, classes=100),
    "imagenet": WHOLE,
}
