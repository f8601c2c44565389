"""One typed model of a run: every axis, strict, with YAML in and out and a stable digest.

The defaults are the embedded quick setting (scikit-learn's digits, N = 5, minutes on a laptop); the paper's numbers
stand beside each field, in its description. Nothing else in the library reads configuration: it is read here, at the
edge, and handed down as values.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mnemonics_lib.config.presets import preset
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.methods import METHODS
from mnemonics_lib.phases import PhaseProtocol

ExemplarKind = Literal["none", "random", "herding", "mnemonics"]


class ConfigError(ValueError):
    """A configuration that cannot be run. The message names each field, its value and what is allowed."""


class Strict(BaseModel):
    """No unknown keys, no silent conversion (``"5"`` is not 5), no NaN, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Network(Strict):
    """The ResNet of the paper's CIFAR experiments, at any depth 6n + 2, and its head."""

    depth: int = Field(8, description="Layers, 6n + 2 (paper: 32).")
    width: int = Field(8, ge=1, description="Channels of the first stage; doubled at each of the next two (paper: 16).")
    head: Literal["method", "linear", "cosine"] = Field(
        "method", description="Classifier: the method's own (cosine for lucir, else linear), or one named here."
    )

    @model_validator(mode="after")
    def _depth(self) -> Network:
        if self.depth < 8 or (self.depth - 2) % 6:
            raise ValueError(f"depth = {self.depth}: must be 6n + 2 with n >= 1 (8, 14, 20, 26, 32, ...)")
        return self


class Optimisation(Strict):
    """Mini-batch SGD with a step schedule."""

    epochs: int = Field(ge=1, description="Passes over the training data (paper: 160 model level, 50 fine-tuning).")
    batch_size: int = Field(128, ge=2, description="Images per step (not stated in the paper; 128 in LUCIR's code).")
    rate: float = Field(gt=0, description="Learning rate: alpha_1 of Eq. 6 (paper: 0.1), fine-tuning (paper: 0.01).")
    milestones: list[int] = Field(description="Epochs after which the rate is multiplied by `gamma` (paper: 80, 120).")
    gamma: float = Field(0.1, gt=0, le=1, description="Factor applied to the rate at each milestone (paper: 0.1).")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD momentum (paper: 0.9).")
    weight_decay: float = Field(5e-4, ge=0, description="SGD weight decay (paper: 5e-4).")
    batch_norm: Literal["batch", "running"] = Field(
        "batch",
        description="Statistics used and updated in training: each batch's, or the running ones, left as they are.",
    )
    augment: bool = Field(True, description="Random crop, and a flip where the data set allows one (paper: on).")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Arithmetic of the backbone in training (paper: float32). bfloat16 is faster where the hardware "
        "has it; weights, heads and losses stay float32. PyTorch's float32 convolutions on NVIDIA GPUs since Ampere "
        "are TF32's, of 11 bits, here and in the exemplar level.",
    )

    @model_validator(mode="after")
    def _milestones(self) -> Optimisation:
        if self.milestones != sorted(set(self.milestones)) or any(m < 1 for m in self.milestones):
            raise ValueError(f"milestones = {self.milestones}: must be increasing epoch numbers >= 1")
        return self


class Training(Optimisation):
    """Model level, Eq. 5 and 6."""

    epochs: int = Field(30, ge=1, description="Passes over D_i and the exemplars, per phase (paper: 160).")
    rate: float = Field(0.1, gt=0, description="alpha_1 of Eq. 6 (paper: 0.1).")
    milestones: list[int] = Field([15, 23], description="Epochs after which the rate drops (paper: 80, 120).")
    lam: float = Field(0.5, ge=0, le=1, description="lambda of Eq. 5: weight of CE against KD (paper: 0.5).")
    temperature: float = Field(2.0, gt=0, description="tau of Eq. 1b (paper: 2).")


class Finetuning(Optimisation):
    """Balanced fine-tuning on the exemplars alone (end of section 4.3)."""

    epochs: int = Field(
        200, ge=1, description="Passes over the exemplars (paper: 50; here a pass is a single step, there many)."
    )
    rate: float = Field(0.01, gt=0, description="Learning rate (paper: 0.01).")
    milestones: list[int] = Field(
        [40, 80, 120, 160], description="Epochs after which the rate drops (paper: every 10 of 50)."
    )
    gamma: float = Field(0.5, gt=0, le=1, description="Factor applied at each milestone (paper: 0.5).")


class ExemplarLevel(Strict):
    """The local bilevel programme, Eq. 7-10. What the paper leaves open is an axis here."""

    objective: Literal["eq7", "eq4b"] = Field(
        "eq7",
        description="eq7 (the paper's local BOP): train on E_i alone, validate on D_i. "
        "eq4b (after its global BOP): train on E_0:i, validate on D_i and E_0:i-1. Both move E_i alone.",
    )
    inner: Literal["full", "head", "ncm", "ridge"] = Field(
        "full",
        description="What is fitted to the exemplars in Eq. 8: full, every trainable parameter (paper); head, the last "
        "layer; ncm, nearest class means (the authors' released code); ridge, a ridge regression on the features.",
    )
    engine: Literal["higher", "adjoint"] = Field(
        "higher",
        description="How the gradient through the inner steps is computed. Both give the same one: higher keeps all T "
        "graphs, adjoint makes each again on the way back.",
    )
    init: Literal["random", "herding"] = Field(
        "random", description="Where E_i starts (paper: a random subset of D_i)."
    )
    start: Literal["theta", "perturbed"] = Field(
        "perturbed",
        description="Temporary model's start: Theta_i (paper), or Theta_i mixed with a fresh network, anew per step.",
    )
    perturbation: float = Field(
        0.5, ge=0, le=1, description="start=perturbed: the fresh network's share is U(0, this)."
    )
    inner_steps: int = Field(10, ge=1, description="T, gradient steps of the temporary model in Eq. 8 (paper: 50).")
    inner_batch: int = Field(
        0,
        ge=0,
        description="Exemplars per inner step, class-balanced, no repeats until all had their turn; 0: all.",
    )
    alpha: float = Field(0.2, gt=0, description="alpha_2 of Eq. 8 (paper: 0.01).")
    inner_momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of the SGD of Eq. 8 (paper: 0).")
    inner_weight_decay: float = Field(0.0, ge=0, description="Its weight decay (paper: 0).")
    truncate: int = Field(
        0, ge=0, description="Differentiate through the last K inner steps alone; 0: through all (paper)."
    )
    ridge: float = Field(
        1e-3, gt=0, description="inner=ridge: its penalty, in units of the mean eigenvalue of the features' F'F."
    )
    inner_augment: bool = Field(True, description="Augment the exemplars at each inner step (not stated; off).")
    batch_norm: Literal["batch", "running"] = Field(
        "batch", description="Statistics used by the temporary model: each batch's own, or Theta_i's running ones."
    )
    epochs: int = Field(40, ge=1, description="Passes over the validation data (paper: 50).")
    adjust_epochs: int = Field(40, ge=1, description="The same for Eq. 10, whose validation data are few (paper: 50).")
    val_batch: int = Field(600, ge=1, description="Validation images per outer step of Eq. 9 and 10 (not stated).")
    val_augment: bool = Field(False, description="Augment the validation batches (not stated; off).")
    optimizer: Literal["sgd", "adam"] = Field("adam", description="Optimiser of the pixels (paper: sgd).")
    beta: float = Field(0.01, gt=0, description="beta_1 = beta_2 of Eq. 9 and 10 (paper: 0.01).")
    halve_every: int = Field(0, ge=0, description="Epochs after which beta halves; 0 keeps it (paper: 10).")
    clip: bool = Field(False, description="Project pixels back into the range of real images after each step.")


PAPER_EXEMPLAR_LEVEL = ExemplarLevel(
    objective="eq7",
    inner="full",
    engine="higher",
    init="random",
    start="theta",
    perturbation=0.5,
    inner_steps=50,
    inner_batch=0,
    alpha=0.01,
    inner_momentum=0.0,
    inner_weight_decay=0.0,
    truncate=0,
    ridge=1e-3,
    inner_augment=False,
    batch_norm="batch",
    epochs=50,
    adjust_epochs=50,
    val_batch=128,
    val_augment=False,
    optimizer="sgd",
    beta=0.01,
    halve_every=10,
    clip=False,
)
"""Eq. 7-10 with the paper's numbers, and the plainest choice where it names none."""


class RunConfig(Strict):
    """Every axis of one run."""

    dataset: Literal["digits", "cifar100"] = Field("digits", description="Data set (paper: cifar100, ImageNet).")
    resolution: int = Field(
        0, ge=0, description="Height and width that images are averaged down to; 0 keeps the data set's own (paper)."
    )
    profile: str = Field(
        "quick", pattern=r"^[a-z0-9_]+$", description="Name of the size class: quick, small, paper, ..."
    )
    phases: int = Field(5, ge=1, description="N, the number of incremental phases (paper: 5, 10, 25).")
    order_seed: int = Field(1993, ge=0, le=2**32 - 1, description="Seed of the class order (paper: 1993).")
    method: str = Field("lwf", description=f"Baseline method: {', '.join(METHODS)}.")
    exemplars: ExemplarKind = Field("mnemonics", description="How exemplars are made.")
    budget: int = Field(2, ge=1, description="Exemplars per class (paper: 20), or of all classes together.")
    budget_rule: Literal["per_class", "total"] = Field(
        "per_class",
        description="What `budget` counts: exemplars per class (paper), or a total (2,000 in iCaRL) shared evenly by "
        "the classes seen, each keeping its best-ranked.",
    )
    storage: Literal["float32", "uint8"] = Field(
        "float32", description="How exemplars are kept: as trained (paper), or rounded to grey levels, a byte each."
    )
    adjust: int = Field(0, ge=0, description="k splits for adjusting old exemplars by Eq. 10; 0 is off (paper: 2).")
    weight_transfer: bool = Field(False, description="Freeze phase-0 convolutions and learn their scales (paper: on).")
    finetune: bool = Field(True, description="Balanced fine-tuning on the exemplars (paper: on).")
    seed: int = Field(0, ge=0, description="Every random stream but the class order comes from it.")
    network: Network = Network()
    training: Training = Training()
    exemplar_level: ExemplarLevel = ExemplarLevel()
    finetuning: Finetuning = Finetuning()

    @model_validator(mode="after")
    def _across_fields(self) -> RunConfig:
        info = DATASETS[self.dataset]
        PhaseProtocol.check(info.classes, self.phases)
        if self.resolution and self.resolution not in info.resolutions():
            raise ValueError(
                f"resolution = {self.resolution}: must be 0 or one of {info.resolutions()}, the divisors of "
                f"{self.dataset}'s {info.shape[1]}"
            )
        self._check_method()
        if self.exemplars != "none":
            self._check_budget(info)
        level = self.exemplar_level
        if level.inner in ("ncm", "ridge") and 0 < level.inner_batch < info.classes:
            raise ValueError(
                f"exemplar_level.inner_batch = {level.inner_batch}: must be 0 or at least {info.classes} where "
                f"exemplar_level.inner = {level.inner!r}, so that every class of {self.dataset} is in every batch"
            )
        return self

    def _check_method(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method = {self.method!r}: must be one of {', '.join(METHODS)}")
        method = METHODS[self.method]
        if self.head not in method.heads:
            raise ValueError(f"network.head = {self.head!r}: must be {' or '.join(method.heads)} for {self.method}")
        if self.exemplars == "none":
            if method.exemplars == "needed":
                raise ValueError(f"exemplars = 'none': {self.method} needs exemplars: random, herding or mnemonics")
            for field in ("adjust", "finetune"):
                if getattr(self, field):
                    raise ValueError(f"{field} = {getattr(self, field)!r}: must be off where exemplars = 'none'")
        elif method.exemplars == "none":
            raise ValueError(f"exemplars = {self.exemplars!r}: must be 'none' for {self.method}, which keeps all data")

    def _check_budget(self, info: DatasetInfo) -> None:
        first, last = self.quota(info.classes // 2), self.quota(info.classes)
        if sum(first) > info.images_per_class:
            most = info.images_per_class
            if self.budget_rule == "total":
                most = (most + 1) * (info.classes // 2) - 1  # shares are rounded down
            raise ValueError(
                f"budget = {self.budget}: must be at most {most}, "
                f"the training images of the smallest class of {self.dataset}"
                + (" for each class of phase 0" if self.budget_rule == "total" else "")
            )
        if last[0] < 1:
            least = (2 if METHODS[self.method].holds_out else 1) * (info.classes if self.budget_rule == "total" else 1)
            raise ValueError(f"budget = {self.budget}: must be at least {least} for {self.method} on {self.dataset}")
        if self.adjust == 1 or self.adjust > last[0]:
            enough = last[0] >= 2
            allowed = f" or 2 to {last[0]}, the exemplars of a class" if enough else " (a split needs 2 of each class)"
            raise ValueError(f"adjust = {self.adjust}: must be 0 (off){allowed}")

    def quota(self, classes: int) -> tuple[int, int]:
        """Exemplars of each class when ``classes`` are seen: to train on, and held out for the method (BiC)."""
        if self.exemplars == "none":
            return 0, 0
        each = self.budget if self.budget_rule == "per_class" else self.budget // classes
        held_out = math.ceil(each / 10) if METHODS[self.method].holds_out else 0
        return each - held_out, held_out

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
            ignored |= {"init", "objective", "epochs"}
        ours, papers = (level.model_dump(exclude=ignored) for level in (self.exemplar_level, PAPER_EXEMPLAR_LEVEL))
        return "paper" if ours == papers else "tuned"

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON form: equal digests, equal settings."""
        canonical = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def in_effect(self) -> dict[str, Any]:
        """All fields but the sections that this run never reads, and the engine.

        Two runs that are equal here are the same experiment. Engines give the same gradient to rounding, but training
        amplifies rounding: the accuracies of two such runs differ as those of two seeds may.
        """
        values = self.model_dump(exclude={"exemplar_level": {"engine"}})
        if self.exemplars != "mnemonics" and not self.adjust:
            del values["exemplar_level"]
        if not self.finetune:
            del values["finetuning"]
        return values

    def to_yaml(self) -> str:
        """The configuration as YAML; :func:`load_config` gives it back."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False)

    def replace(self, **changes: Any) -> RunConfig:
        """A copy with some fields changed, validated again; a section takes a mapping of the fields to change."""
        values = self.model_dump()
        for key, value in changes.items():
            if isinstance(values.get(key), dict) and isinstance(value, Mapping):
                values[key] = {**values[key], **value}
            else:
                values[key] = value.model_dump() if isinstance(value, BaseModel) else value
        return parse_config(values)

    def preset(self, name: str) -> RunConfig:
        """A copy with a named row of the paper's tables; see :mod:`mnemonics_lib.config.presets`."""
        return self.replace(**_preset(name))


def parse_config(values: Mapping[str, Any], source: str = "configuration") -> RunConfig:
    """Validate plain values (as YAML or papermill give them).

    Raises:
        ConfigError: naming every refused field, its value and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{source}: must be a mapping of field names to values, not {values!r}")
    try:
        return RunConfig.model_validate(dict(values))
    except ValidationError as error:
        lines = [f"{source}: {_explain(problem)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def from_parameters(variables: Mapping[str, Any]) -> RunConfig:
    """The configuration in a notebook's variables: of ``globals()``, those named like a field (papermill sets them)."""
    return parse_config({name: variables[name] for name in RunConfig.model_fields if name in variables}, "parameters")


def load_config(path: str | Path, settings: Iterable[str] = (), preset_name: str | None = None) -> RunConfig:
    """Read a parameter file, then apply a preset, then ``key=value`` settings (``section.key=value`` for nested ones).

    Raises:
        ConfigError: for an unreadable file, a malformed setting, or any refused field.
    """
    path = Path(path)
    try:
        values = yaml.load(path.read_text(), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path}: must be a mapping of field names to values, not {values!r}")
    chosen = {} if preset_name is None else _preset(preset_name)
    return parse_config(_apply({**values, **chosen}, settings), str(path))


def _preset(name: str) -> dict[str, Any]:
    try:
        return preset(name)
    except ValueError as error:
        raise ConfigError(str(error)) from None


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, with 1e-3 a number (as in YAML 1.2 and JSON) and a repeated key an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"given more than once: {', '.join(repeated)}")
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _apply(values: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise ConfigError(f"setting {setting!r}: must be KEY=VALUE, for example seed=2 or training.rate=0.05")
        *sections, name = key.split(".")
        target = values
        for section in sections:
            inner = target.get(section, {})
            if not isinstance(inner, Mapping):
                raise ConfigError(f"setting {setting!r}: {section} has no fields of its own")
            target[section] = target = dict(inner)
        try:
            target[name] = yaml.load(text, Loader=_Loader)
        except yaml.YAMLError as error:
            raise ConfigError(f"setting {setting!r}: the value cannot be read as YAML: {error}") from None
    return values


def _explain(problem: Any) -> str:
    """One pydantic error as ``field = value: what is allowed``."""
    *where, name = problem["loc"] or ("",)
    field = ".".join(map(str, [*where, name]))
    value = problem["input"]
    if problem["type"] == "extra_forbidden":
        known = _fields(where)
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"{field} = {value!r}: unknown key{hint}; allowed: {', '.join(known)}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":  # raised by a validator above: it names field and value itself
        return f"{field}.{message}" if field else message
    return f"{field} = {value!r}: {message[0].lower()}{message[1:]}"


def _fields(where: Iterable[Any]) -> list[str]:
    model: type[BaseModel] = RunConfig
    for name in where:
        annotation = model.model_fields[str(name)].annotation
        model = next((t for t in (annotation, *get_args(annotation)) if isinstance(t, type)), model)
    return list(model.model_fields)
