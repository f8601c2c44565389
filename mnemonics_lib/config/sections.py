"""The sections of a configuration: plain values, each checked by itself.

Of the library they need no more than how a message shows a value.

The defaults are the embedded quick setting (scikit-learn's digits, N = 5, minutes on a laptop); the paper's numbers
stand beside each field, in its description.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mnemonics_lib.config.shown import shown


class Strict(BaseModel):
    """No unknown keys, no silent conversion (``"5"`` is not 5), no NaN, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


# Every number has bounds. They are far outside what anyone wants, and inside what float32 and the memory of a computer
# can hold: a 0 too many is refused here, and not by an overflow or a machine that stands still.
Rate = Annotated[float, Field(ge=1e-30, le=1e9)]
"""A learning rate. Pixels may want a large one, since their gradients are small."""
Decay = Annotated[float, Field(ge=0, le=1e3)]
"""A weight decay."""
NAMED_DECAYS = {"paper": 5e-4, "lucir": 1e-4}
"""Of the paper, and of LUCIR on ImageNet."""


def _named_decay(value: Any) -> Any:
    """A name as its number; anything else as it is."""
    return NAMED_DECAYS.get(value, value) if isinstance(value, str) else value


NamedDecay = Annotated[Decay, BeforeValidator(_named_decay)]
"""A weight decay, which may be given by its name."""
Epochs = Annotated[int, Field(ge=1, le=100_000)]
"""Passes over the data of a training, whose loss a record has for each."""
OuterEpochs = Annotated[int, Field(ge=1, le=10_000)]
"""Passes of the exemplar level, whose batches are all drawn before the first step."""
Images = Annotated[int, Field(le=10_000_000)]
"""Images in a batch; one of more than there are is a batch of all."""
Steps = Annotated[int, Field(le=10_000)]
"""Inner steps, whose batches are drawn before the first."""

MOST_WEIGHTS = 2**28
"""Weights in the convolutions of a network, a gigabyte of them; a run holds several such networks."""


class Network(Strict):
    """The ResNet of the paper's CIFAR experiments, at any depth 6n + 2, or a network of torchvision, and its head."""

    name: str = Field(
        "cifar_resnet",
        max_length=64,
        pattern=r"^[a-z0-9_]+$",
        description="`cifar_resnet` (paper, CIFAR-100), or a classifier of torchvision, which has its own depth and "
        "width: `resnet18` (paper, ImageNet), ...",
    )
    depth: int = Field(8, le=10_000, description="Layers, 6n + 2 (paper: 32).")
    width: int = Field(
        8, ge=1, le=1024, description="Channels of the first stage; doubled at each of the next two (paper: 16)."
    )
    head: Literal["method", "linear", "cosine"] = Field(
        "method", description="Classifier: the method's own (cosine for lucir, else linear), or one named here."
    )

    @model_validator(mode="after")
    def _depth(self) -> Network:
        if self.depth < 8 or (self.depth - 2) % 6:
            raise ValueError(f"depth = {shown(self.depth)}: must be 6n + 2 with n >= 1 (8, 14, 20, 26, 32, ...)")
        # A block has two convolutions of 3 x 3; (1 + 4 + 16) w^2 is the sum over the stages of w, 2w and 4w channels.
        widest = math.isqrt(MOST_WEIGHTS // ((self.depth - 2) // 6 * 2 * 9 * 21))
        if self.width > widest:
            raise ValueError(
                f"width = {self.width}: must be at most {widest} where network.depth = {self.depth}, "
                f"for a network of {MOST_WEIGHTS:,} weights"
            )
        return self


class Optimisation(Strict):
    """Mini-batch SGD with a step schedule."""

    epochs: Epochs = Field(description="Passes over the training data (paper: 160 model level, 50 fine-tuning).")
    batch_size: Images = Field(128, ge=2, description="Images per step (not stated in the paper; 128 in LUCIR's code).")
    rate: Rate = Field(description="Learning rate: alpha_1 of Eq. 6 (paper: 0.1), fine-tuning (paper: 0.01).")
    milestones: list[float] = Field(
        max_length=200,
        description="Shares of the epochs after which the rate is multiplied by `gamma` (paper: 0.5, 0.75).",
    )
    gamma: float = Field(0.1, gt=0, le=1, description="Factor applied to the rate at each milestone (paper: 0.1).")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD momentum (paper: 0.9).")
    weight_decay: NamedDecay = Field(
        5e-4,
        description="SGD weight decay (paper: 5e-4); also by name: `paper`, or `lucir` for 1e-4, its on ImageNet. "
        "Model level and fine-tuning have one each: to set one leaves the other at the paper's.",
    )
    batch_norm: Literal["batch", "running"] = Field(
        "batch",
        description="Statistics used and updated in training: each batch's, or the running ones, left as they are; "
        "with these a network's dropout, if it has any, is off as well.",
    )
    augment: bool = Field(
        True,
        description="Random crop, and a flip where the data set allows one (not stated; on in LUCIR's code).",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="Arithmetic of the backbone in training (not stated). bfloat16 is faster where the hardware "
        "has units for it, and slower on a CPU without; weights, heads and losses stay float32. PyTorch's "
        "float32 convolutions on NVIDIA GPUs since Ampere are TF32's, of 11 bits, here and in the exemplar level.",
    )

    @model_validator(mode="after")
    def _milestones(self) -> Optimisation:
        if self.milestones == sorted(set(self.milestones)) and all(0 < m < 1 for m in self.milestones):
            return self
        message = (
            f"milestones = {shown(self.milestones)}: must be increasing shares of the epochs, each above 0 and below 1"
        )
        if all(m >= 1 for m in self.milestones):  # an older file, in which milestones were epochs
            shares = sorted({round(m / self.epochs, 4) for m in self.milestones if m < self.epochs})
            message += f"; for these epochs of {self.epochs} write {shares}"
        raise ValueError(message)

    def milestone_epochs(self) -> list[int]:
        """Epochs after which the rate drops: each share of the epochs, rounded half up, and at least 1.

        A milestone that rounds to the last epoch comes too late to change anything; of two that round to the same
        epoch, both count.
        """
        # Fraction(repr(m)) is the decimal number that was written: 0.29 * 50 is 14.499999999999998 in floating point.
        return [max(1, math.floor(Fraction(repr(m)) * self.epochs + Fraction(1, 2))) for m in self.milestones]


class Training(Optimisation):
    """Model level, Eq. 5 and 6."""

    epochs: Epochs = Field(30, description="Passes over D_i and the exemplars, per phase (paper: 160).")
    rate: Rate = Field(0.1, description="alpha_1 of Eq. 6 (paper: 0.1).")
    milestones: list[float] = Field(
        [0.5, 0.75],
        max_length=200,
        description="Shares of the epochs after which the rate drops (paper: 0.5, 0.75, epochs 80, 120).",
    )
    lam: float = Field(0.5, ge=0, le=1, description="lambda of Eq. 5: weight of CE against KD (paper: 0.5).")
    temperature: float = Field(2.0, ge=1e-3, le=1e3, description="tau of Eq. 1b (paper: 2).")
    lambda_base: float = Field(
        5.0,
        ge=0,
        le=1e4,
        description="LUCIR's weight of the less-forget loss where there are as many old classes as new ones (LUCIR: 5 "
        "on CIFAR-100, 10 on ImageNet); no other method reads it.",
    )


class Finetuning(Optimisation):
    """Balanced fine-tuning on the exemplars alone (end of section 4.3)."""

    epochs: Epochs = Field(
        200, description="Passes over the exemplars (paper: 50; here a pass is a single step, there many)."
    )
    rate: Rate = Field(0.01, description="Learning rate (paper: 0.01).")
    milestones: list[float] = Field(
        [0.2, 0.4, 0.6, 0.8],
        max_length=200,
        description="Shares of the epochs after which the rate drops (paper: 0.2, 0.4, 0.6, 0.8, every 10 of 50).",
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
        "layer; ncm, nearest class means (the classifier of the authors' released code); ridge, a ridge regression on "
        "the features.",
    )
    engine: Literal["higher", "adjoint"] = Field(
        "higher",
        description="How the gradient through the inner steps is computed. Both give the same one: higher keeps all T "
        "graphs, adjoint makes each again on the way back (and keeps them on a CPU with memory to spare).",
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
    inner_steps: Steps = Field(10, ge=1, description="T, gradient steps of the temporary model in Eq. 8 (paper: 50).")
    inner_batch: Images = Field(
        0,
        ge=0,
        description="Exemplars per inner step, class-balanced, no repeats until all had their turn; 0: all.",
    )
    alpha: Rate = Field(0.2, description="alpha_2 of Eq. 8 (paper: 0.01).")
    inner_momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of the SGD of Eq. 8 (not stated; 0).")
    inner_weight_decay: Decay = Field(0.0, description="Its weight decay (not stated; 0).")
    truncate: Steps = Field(
        0, ge=0, description="Differentiate through the last k inner steps alone; 0: through all (paper)."
    )
    # Below 1e-6 the rounding of float32 outweighs it: at 1e-7 the scores are 20 times off (10 exemplars, 64 features).
    ridge: float = Field(
        1e-3,
        ge=1e-6,
        le=1e6,
        description="inner=ridge: its penalty, in units of the mean eigenvalue of the features' F'F.",
    )
    inner_augment: bool = Field(True, description="Augment the exemplars at each inner step (not stated; off).")
    batch_norm: Literal["batch", "running"] = Field(
        "batch", description="Statistics used by the temporary model: each batch's own, or Theta_i's running ones."
    )
    epochs: OuterEpochs = Field(40, description="Passes over the validation data (paper: 50).")
    adjust_epochs: OuterEpochs = Field(
        40, description="The same for Eq. 10, whose validation data are few (paper: 50)."
    )
    val_batch: Images = Field(600, ge=1, description="Validation images per outer step of Eq. 9 and 10 (not stated).")
    val_augment: bool = Field(False, description="Augment the validation batches (not stated; off).")
    optimizer: Literal["sgd", "adam"] = Field("adam", description="Optimiser of the pixels (paper: sgd).")
    beta: Rate = Field(0.01, description="beta_1 = beta_2 of Eq. 9 and 10 (paper: 0.01).")
    halve_every: int = Field(
        0,
        ge=0,
        le=10_000,
        description="Epochs (a number, not a share) after which beta halves; 0 keeps it (paper: 10).",
    )
    clip: bool = Field(False, description="Project pixels back into the range of real images after each step.")
    displacement: Literal["own", "shuffled"] = Field(
        "own",
        description="Whose displacement (trained minus start) each new exemplar gets when its training, Eq. 9, is "
        "over: its own (paper), or, as a control, that of another one of the same training, at random: then pixels "
        "move as far, and what they learned is broken. Adjusted exemplars (Eq. 10) keep their own.",
    )


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
    displacement="own",
)
"""Eq. 7-10 with the paper's numbers, and the plainest choice where it names none."""
