"""The interface of a baseline method: what it minimises, what it does around a phase, and how it classifies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import losses
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.models import IncrementalNet

Scorer = Callable[[Tensor], Tensor]
"""Normalised images [n, c, h, w] -> scores [n, classes seen]; the largest is the prediction."""


class Method:
    """A class-incremental method; the defaults are Eq. 5 and the head. One instance serves one run.

    Phase 0 is the same for all methods with the same head (cross-entropy, no teacher): it is trained once and shared.
    The hooks below are for phases 1..N, but for ``end_phase``, ``report`` and ``scorer``, which phase 0 has too.

    Args:
        lam: lambda of Eq. 5, the weight of cross-entropy against distillation.
        temperature: tau of Eq. 1b.

    Attributes:
        lambda_base: LUCIR's weight of the less-forget loss, set by whoever has a configuration.
    """

    lambda_base = 5.0

    def __init__(self, lam: float, temperature: float) -> None:
        self.lam, self.temperature = lam, temperature

    def begin_phase(self, model: IncrementalNet, old: int, new: Samples) -> None:
        """Prepare before Theta_i is trained.

        Args:
            model: Theta_{i-1} with rows for the new classes.
            old: number of old classes.
            new: D_i.
        """

    def loss(self, model: IncrementalNet, teacher: IncrementalNet, images: Tensor, labels: Tensor) -> Tensor:
        """L_all of Eq. 5 on one batch of D_i and E_{0:i-1}.

        It must not gather anything in ``self``: a run that stops inside a phase begins the method's part of it again.
        On a GPU it is recorded (:class:`mnemonics_lib.device.recording.Step`) and then no longer called: it must not
        read a value off the device nor bring tensors from the host, and numbers from ``self`` stay those of the
        recording.

        Args:
            model: Theta_i, in the mode that ``training.batch_norm`` asks for.
            teacher: Theta_{i-1}, frozen.
            images: normalised, [b, c, h, w].
            labels: [b], int64, positions in the order of arrival.
        """
        with torch.no_grad():
            old_logits = self.teach(teacher, images)  # p_hat(x), [n, K]
        return losses.model_level(model(images), labels, old_logits, self.lam, self.temperature)  # Eq. 5

    def teach(self, teacher: IncrementalNet, images: Tensor) -> Tensor:
        """p_hat(x) of images [b, c, h, w]: the teacher's logits over the old classes, [b, K]."""
        return teacher(images)

    def end_training(self, model: IncrementalNet) -> None:
        """Finish the model level, before temporary models start from Theta_i and before the balanced fine-tuning."""

    def end_phase(self, model: IncrementalNet, held_out: Samples) -> None:
        """Finish after Theta_i is trained and fine-tuned.

        Where a phase is fine-tuned it is called before that too, on copies of the model and the method, to measure what
        fine-tuning adds: so it must touch nothing else, and the method must stand a deep copy.

        Args:
            model: Theta_i, in evaluation mode.
            held_out: real images of all classes seen, never trained on; empty unless the method's ``MethodInfo`` says
                ``holds_out``.
        """

    def scorer(self, model: IncrementalNet, exemplars: Samples) -> Scorer:
        """The classifier to evaluate after a phase.

        Args:
            model: Theta_i, in evaluation mode.
            exemplars: E_{0:i}.

        Returns:
            What maps images [b, c, h, w] to scores [b, classes], of which the largest is the answer.
        """
        return model

    def report(self) -> dict[str, float]:
        """Numbers that the method has found in a phase and that belong into the run's record, by name.

        They must be finite at every call. Where a phase is fine-tuned there is one before that too, on a copy of the
        method, after its ``end_phase``.
        """
        return {}

    def state(self) -> dict[str, Any]:
        """What the method carries from phase to phase, as plain values and tensors, for the checkpoint."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
