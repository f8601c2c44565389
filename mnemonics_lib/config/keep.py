"""What a run keeps beside its record for the book's figures: which phases, how many images and points of them.

It decides no number of a run, so it is no part of its configuration.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mnemonics_lib.config.errors import ConfigError, validate
from mnemonics_lib.config.reading import override
from mnemonics_lib.config.run import RunConfig
from mnemonics_lib.config.sections import Strict
from mnemonics_lib.config.yaml import read_yaml

WHOLE = re.compile("-?[0-9]{1,4000}")
"""A whole number; one of more digits is not read by Python, which raises an error of its own."""


def _listed(value: Any) -> Any:
    """``0`` and ``0,5``, as the command line has them, as lists; what is no whole number is left for the field."""
    if isinstance(value, str):
        return [int(word) if WHOLE.fullmatch(word.strip()) else word for word in value.split(",")]
    return [value] if isinstance(value, int) else value


MOST_SNAPSHOTS = 2**30
"""Bytes of all snapshots of a run: they lie in memory until it ends, and twice more while the file is written."""


class Keep(Strict):
    """What is kept; the defaults are small. ``phases`` may be written ``0``, ``0,5`` or ``[0, 5]``.

    A map looks at no more than 2,500 images at a time (5 kinds of 100 of 5 classes), 1.5 GB of 224 x 224, and margins
    at a part of one kind of exemplars. Snapshots are counted before a run begins.
    """

    phases: Annotated[list[Annotated[int, Field(ge=-1, le=1_000_000)]], BeforeValidator(_listed)] = Field(
        [0, -1], min_length=1, max_length=20, description="Phases of which something is kept; -1 is the last."
    )
    classes: int = Field(3, ge=1, le=5, description="The first so many of a phase's new classes; of fewer, all.")
    exemplars: bool = Field(True, description="Images of trained exemplars over the outer steps of Eq. 9.")
    images: int = Field(2, ge=1, le=20, description="So many of each class, those ranked first.")
    steps: int = Field(10, ge=2, le=100, description="How many outer steps of them, the first and the last included.")
    spacing: Literal["even", "geometric"] = Field(
        "geometric", description="Steps at even distances, or ever longer ones: most moves at the beginning."
    )
    embedding: bool = Field(True, description="A map in two dimensions of exemplars among their data.")
    points: int = Field(50, ge=5, le=100, description="Images of each class in it, and at most as many of each kind.")
    margins: bool = Field(True, description="Where the exemplars of all new classes lie between the classes.")

    @model_validator(mode="after")
    def _something(self) -> Keep:
        if not (self.exemplars or self.embedding or self.margins):
            raise ValueError("exemplars, embedding, margins = False: must not all be off, or nothing is kept")
        return self

    def phases_of(self, config: RunConfig) -> list[int]:
        """The phases of a run of which something is kept, in ascending order.

        Raises:
            ConfigError: for a phase that the run does not have, for a run without exemplars, and for snapshots of more
                than a gigabyte.
        """
        if config.exemplars == "none":
            raise ConfigError("keep: exemplars = 'none': must be a run with exemplars, or there is nothing to keep")
        if max(self.phases) > config.phases:
            raise ConfigError(
                f"keep.phases = {self.phases}: must be 0 to {config.phases}, the phases of this run, or -1 for its last"
            )
        phases = sorted({config.phases if phase == -1 else phase for phase in self.phases})
        if self.exemplars and config.exemplars == "mnemonics":
            self._refuse_large(config, len(phases))
        return phases

    def _refuse_large(self, config: RunConfig, phases: int) -> None:
        """Raise ConfigError for snapshots that would fill the memory after days of training."""
        image = math.prod(config.image_shape)  # bytes, one a value
        if (size := phases * self.steps * self.classes * self.images * image) > MOST_SNAPSHOTS:
            raise ConfigError(
                f"keep: {self.steps} steps of {self.images} images of {self.classes} classes in {phases} phases are "
                f"{size / 1e9:.1f} GB of snapshots: must be at most {MOST_SNAPSHOTS / 1e9:.1f} GB; keep fewer of them"
            )


def keep_from(words: Sequence[str]) -> Keep:
    """What the command line asks to keep: ``KEY=VALUE``, as for a configuration, or the path of a YAML file of them.

    Args:
        words: the last one on a field counts; none at all asks for the defaults.

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    values: dict[str, Any] = {}
    for word in words:
        values = override(values, [word] if "=" in word else read_yaml(word))
    return validate(Keep, values, "keep")
