"""One typed model of a run: every axis, strict, with YAML in and out and a stable digest.

It is read at the edge. The phase loop hands its sections and values down; of what lies below, only the exemplar level
takes a large section whole, :class:`~mnemonics_lib.config.sections.ExemplarLevel`, all of whose axes are its own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from mnemonics_lib.config.batches import refuse_batches_of_one
from mnemonics_lib.config.effect import in_effect
from mnemonics_lib.config.errors import validate
from mnemonics_lib.config.presets import preset
from mnemonics_lib.config.sections import (
    PAPER_EXEMPLAR_LEVEL,
    ExemplarLevel,
    Finetuning,
    Network,
    Strict,
    Training,
)
from mnemonics_lib.config.shown import shown
from mnemonics_lib.config.yaml import write_yaml
from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.exemplars.budget import quota
from mnemonics_lib.methods import METHODS
from mnemonics_lib.phases import PhaseProtocol, class_order

ExemplarKind = Literal["none", "random", "herding", "mnemonics"]


class RunConfig(Strict):
    """Every axis of one run. A field that is not given has its default, in a section that is given in part too."""

    dataset: Literal[
        "digits", "cifar100", "tiny_imagenet", "tiny_imagenet_100", "imagenet_subset", "imagenet", "folder"
    ] = Field("digits", description="Data set (paper: cifar100, ImageNet); folder: pictures of your own.")
    folder: Folder | None = Field(None, description="The pictures; where dataset is folder, and nowhere else.")
    resolution: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Height and width that images are averaged down to; 0 keeps the data set's own (paper).",
    )
    profile: str = Field(
        "quick", max_length=64, pattern=r"^[a-z0-9_]+$", description="Name of the size class: quick, small, paper, ..."
    )
    phases: int = Field(5, ge=1, le=1_000_000, description="N, the number of incremental phases (paper: 5, 10, 25).")
    order_seed: int = Field(1993, ge=0, le=2**32 - 1, description="Seed of the class order (paper: 1993).")
    classes: list[int] = Field(
        [], description="The part [first, last) of the class order that is used; empty: all of it (paper)."
    )
    first_share: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Share of the used classes that arrive in phase 0, rounded down, at least one (paper: 0.5).",
    )
    uneven: bool = Field(
        False,
        description="Off: N must divide the classes that follow phase 0 (paper). On: any N up to their number; where "
        "it does not divide them, the first of the incremental phases get one class more than the last.",
    )
    method: str = Field("lwf", description=f"Baseline method: {', '.join(METHODS)}.")
    exemplars: ExemplarKind = Field("mnemonics", description="How exemplars are made.")
    budget: int = Field(
        2, ge=1, le=1_000_000_000, description="Exemplars per class (paper: 20), or of all classes together."
    )
    budget_rule: Literal["per_class", "total"] = Field(
        "per_class",
        description="What `budget` counts: exemplars per class (paper), or a total (2,000 in iCaRL) shared evenly by "
        "the classes seen, each keeping its best-ranked.",
    )
    storage: Literal["float32", "uint8"] = Field(
        "float32", description="How exemplars are kept: as trained (paper), or rounded to grey levels, a byte each."
    )
    adjust: int = Field(
        0, ge=0, le=1_000_000, description="k splits for adjusting old exemplars by Eq. 10; 0 is off (paper: 2)."
    )
    weight_transfer: bool = Field(False, description="Freeze phase-0 convolutions and learn their scales (paper: on).")
    finetune: bool = Field(True, description="Balanced fine-tuning on the exemplars (paper: on).")
    from_scratch: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Passes for which a fresh network is trained on the exemplars alone after each phase, to see what "
        "they teach by themselves; 0: not measured (paper).",
    )
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Every random stream but the class order comes from it.")
    network: Network = Network()
    training: Training = Training()
    exemplar_level: ExemplarLevel = ExemplarLevel()
    finetuning: Finetuning = Finetuning()

    @model_validator(mode="after")
    def _across_fields(self) -> RunConfig:
        if (self.dataset == "folder") != (self.folder is not None):
            given = "missing: must describe the pictures" if self.folder is None else "given: must be left out"
            raise ValueError(f"folder is {given} where dataset = {self.dataset!r}")
        self._check_classes()
        protocol = self.protocol()  # refuses an N that does not fit
        info = self.facts
        if self.resolution and self.resolution not in info.resolutions():
            raise ValueError(
                f"resolution = {self.resolution}: must be 0 or one of {info.resolutions()}, the divisors of "
                f"{self.dataset}'s {info.shape[1]}"
            )
        self._check_method()
        if self.exemplars != "none":
            self._check_budget(protocol)
        self._check_exemplar_level(len(protocol.order))
        self._check_displacement(protocol)
        refuse_batches_of_one(self)
        return self

    def _check_classes(self) -> None:
        count = self.facts.classes
        fits = len(self.classes) == 2 and 0 <= self.classes[0] <= self.classes[1] - 2 <= count - 2
        if self.classes and not fits:
            raise ValueError(
                f"classes = {shown(self.classes)}: must be empty (all) or first and last, with 0 <= first, "
                f"first + 2 <= last, and last <= {count}, the classes of {self.dataset}"
            )

    def _check_method(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method = {shown(self.method)}: must be one of {', '.join(METHODS)}")
        method = METHODS[self.method]
        if self.head not in method.heads:
            raise ValueError(f"network.head = {self.head!r}: must be {' or '.join(method.heads)} for {self.method}")
        if self.exemplars == "none":
            if method.exemplars == "needed":
                raise ValueError(f"exemplars = 'none': {self.method} needs exemplars: random, herding or mnemonics")
            for field in ("adjust", "finetune", "from_scratch"):
                if getattr(self, field):
                    raise ValueError(f"{field} = {getattr(self, field)!r}: must be off where exemplars = 'none'")
        elif method.exemplars == "none":
            raise ValueError(f"exemplars = {self.exemplars!r}: must be 'none' for {self.method}, which keeps all data")

    def _check_budget(self, protocol: PhaseProtocol) -> None:
        first, last = protocol.seen(0), len(protocol.order)
        total, most = self.budget_rule == "total", self.facts.images_per_class
        if sum(self.quota(first)) > most:
            limit = (most + 1) * first - 1 if total else most  # shares are rounded down
            raise ValueError(
                f"budget = {self.budget}: must be at most {limit}, "
                f"the training images of the smallest class of {self.dataset}"
                + (" for each class of phase 0" if total else "")
            )
        each = self.quota(last)[0]  # the fewest: a share of the total shrinks with the classes
        if each < 1:
            least = (2 if METHODS[self.method].holds_out else 1) * (last if total else 1)
            raise ValueError(f"budget = {self.budget}: must be at least {least} for {self.method} on {self.dataset}")
        if self.adjust == 1 or self.adjust > each:
            allowed = f" or 2 to {each}, the exemplars of a class" if each >= 2 else " (a split needs 2 of each class)"
            raise ValueError(f"adjust = {self.adjust}: must be 0 (off){allowed}")

    def _check_exemplar_level(self, classes: int) -> None:
        level = self.exemplar_level
        if level.inner in ("ncm", "ridge") and 0 < level.inner_batch < classes:
            raise ValueError(
                f"exemplar_level.inner_batch = {level.inner_batch}: must be 0 or at least {classes} where "
                f"exemplar_level.inner = {level.inner!r}, so that every class in use is in every batch"
            )
        # Running statistics are Theta_i's. On digits a share of a quarter takes the loss to three times that of a fresh
        # network, where with a batch's own it stays near zero. They fit where they were never measured, and where the
        # convolutions are transferred and stay: not in phase 0, which trains them.
        moves = level.start == "perturbed" and level.perturbation > 0 and level.batch_norm == "running"
        measured, transferred = (
            self.training.batch_norm == "batch",
            self.weight_transfer and self.exemplars != "mnemonics",
        )
        if moves and measured and not transferred and (self.exemplars == "mnemonics" or self.adjust):
            raise ValueError(
                "exemplar_level.start = 'perturbed': must be 'theta' (or exemplar_level.perturbation = 0) where "
                "exemplar_level.batch_norm = 'running': the running statistics are those of Theta_i, and do not fit "
                "its mixture with a fresh network"
            )

    def _check_displacement(self, protocol: PhaseProtocol) -> None:
        if self.exemplars != "mnemonics" or self.exemplar_level.displacement == "own":
            return
        for phase in range(self.phases + 1):
            old, seen = protocol.bounds(phase)
            if (seen - old) * self.quota(seen)[0] == 1:
                raise ValueError(
                    f"exemplar_level.displacement = {self.exemplar_level.displacement!r}: must be 'own' where a phase "
                    f"trains one exemplar alone, as phase {phase} does with budget = {self.budget}: there is no other "
                    "one whose displacement it could get"
                )

    @model_serializer(mode="wrap")
    def _without_a_folder(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the section that only pictures of one's own have, so that no other run has it to look at."""
        found = values(self)
        return found if found["folder"] is not None else {key: found[key] for key in found if key != "folder"}

    @property
    def facts(self) -> DatasetInfo:
        """What is declared of the data set."""
        return DATASETS[self.dataset] if self.folder is None else self.folder.facts()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image, at the resolution in use."""
        channels, native, width = self.facts.shape
        factor = native // (self.resolution or native)
        return channels, native // factor, width // factor

    def protocol(self) -> PhaseProtocol:
        """Which classes of the data set arrive when, and which do not: the fields from ``phases`` to ``uneven``.

        Raises:
            ValueError: when N does not fit the number of classes. A validated configuration has been asked already.
        """
        order = class_order(self.facts.classes, self.order_seed)
        used = order[slice(*self.classes)] if self.classes else order
        # As a decimal fraction: 0.29 * 100 is 28.999999999999996 in floating point, which would round down to 28.
        first = max(1, math.floor(Fraction(repr(self.first_share)) * len(used)))
        return PhaseProtocol(used, self.phases, first, self.uneven)

    def quota(self, classes: int) -> tuple[int, int]:
        """Exemplars of each class when ``classes`` are seen: to train on, and held out for the method (BiC)."""
        if self.exemplars == "none":
            return 0, 0
        return quota(self.budget, self.budget_rule, classes, METHODS[self.method].holds_out)

    @property
    def training_from_scratch(self) -> Training:
        """How a fresh network is trained on exemplars alone: as ``training`` has it, for ``from_scratch`` passes."""
        return self.training.model_copy(update={"epochs": self.from_scratch})

    @property
    def head(self) -> str:
        """The head in use: ``network.head``, with "method" resolved."""
        return METHODS[self.method].heads[0] if self.network.head == "method" else self.network.head

    @property
    def recipe(self) -> Literal["paper", "tuned"]:
        """``tuned`` when Eq. 7-10 run with other numbers than the paper's, ``paper`` otherwise.

        Only the exemplar level counts, and only fields in effect; without trained or adjusted exemplars none is.
        """
        if self.exemplars != "mnemonics" and not self.adjust:
            return "paper"
        ignored = {"engine", "ridge"}  # engines give the same gradient; ridge is read by one that is not the paper's
        if self.exemplar_level.start == "theta":
            ignored |= {"perturbation"}
        if not self.adjust:
            ignored |= {"adjust_epochs"}
        if self.exemplars != "mnemonics":
            ignored |= {"init", "objective", "epochs", "displacement"}
        ours, papers = (level.model_dump(exclude=ignored) for level in (self.exemplar_level, PAPER_EXEMPLAR_LEVEL))
        return "paper" if ours == papers else "tuned"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON form: equal digests, equal fields."""
        canonical = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def in_effect(self) -> dict[str, Any]:
        """All fields that decide anything (:func:`mnemonics_lib.config.effect.in_effect`).

        Two runs that are equal here are the same experiment.
        """
        return in_effect(self.model_dump())

    def to_yaml(self) -> str:
        """The configuration as YAML; :func:`.load_config` gives it back."""
        return write_yaml(self.model_dump())

    def replace(self, **changes: Any) -> RunConfig:
        """A copy with some fields changed, validated again.

        Args:
            changes: the new values. A section takes a mapping of the fields to change in it, and keeps the others.

        Raises:
            ConfigError: naming every refused field, its value and what is allowed.
        """
        values = self.model_dump()
        for key, value in changes.items():
            if isinstance(values.get(key), dict) and isinstance(value, Mapping):
                values[key] = {**values[key], **value}
            else:
                values[key] = value.model_dump() if isinstance(value, BaseModel) else value
        return validate(RunConfig, values)

    def preset(self, name: str) -> RunConfig:
        """A copy with a named row of the paper's tables; see :mod:`mnemonics_lib.config.presets`."""
        return self.replace(**preset(name))
