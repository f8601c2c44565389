"""What a configuration declares of a folder of pictures, before it is read: a section of its own."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mnemonics_lib.data.info import DatasetInfo

SIZES = (4, 1024)
"""Pixels of a side: the smallest and the largest."""


class Folder(BaseModel):
    """A folder with a folder of pictures for each class; :func:`mnemonics_lib.data.folder.look_at` fills it in."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    path: str = Field(
        min_length=1,
        max_length=4096,
        description="The folder: one folder of pictures for each class, or train/ and val/ (or test/) of such. A "
        "relative path counts from $MNEMONICS_DATA, else from the project's data/.",
    )
    classes: int = Field(ge=2, le=100_000, description="Class folders there are; compared when it is read.")
    images_per_class: int = Field(
        ge=1, le=100_000_000, description="Training pictures of the smallest class; compared when it is read."
    )
    size: int = Field(
        32,
        ge=SIZES[0],
        le=SIZES[1],
        description="Pixels of the shorter side after scaling; the middle square of them is kept.",
    )
    grey: bool = Field(False, description="One channel of grey, instead of red, green and blue.")
    flip: bool = Field(True, description="Whether a mirrored picture is still of its class, as it is not for letters.")
    held_out: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Share of each class that is tested on, where the folder is not split into train/ and val/. The "
        "split is made once, and kept in a file in the folder.",
    )
    damaged: Literal["stop", "skip"] = Field(
        "stop", description="What a picture does that cannot be read: stop the run, or be left out."
    )

    def facts(self) -> DatasetInfo:
        """What the configuration and the pictures are checked against; crops move by an eighth, as on CIFAR."""
        return DatasetInfo(
            classes=self.classes,
            images_per_class=self.images_per_class,
            shape=(1 if self.grey else 3, self.size, self.size),
            white=255,
            pad=self.size // 8,
            flip=self.flip,
        )
