"""BiC (Wu et al. 2019): large-scale incremental learning with a bias correction of two scalars."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mnemonics_lib import losses
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.methods.base import Method, Scorer
from mnemonics_lib.models import IncrementalNet

PENALTY = 0.1  # on beta^2 / 2, as in the authors' code


class BiC(Method):
    """Stage 1: CE and KD weighted by the share of old classes. Stage 2: alpha o + beta on the newest classes' logits.

    Attributes:
        alpha: the factor of the newest classes' logits; 1 in phase 0 and until stage 2 of a phase.
        beta: what is added to them; 0 until then.
        first: the first of the newest classes.
        taught: alpha, beta and first of the teacher, whose logits are corrected too.
    """

    alpha, beta, first = 1.0, 0.0, 0
    taught = (1.0, 0.0, 0)

    def begin_phase(self, model: IncrementalNet, old: int, new: Samples) -> None:
        """The last phase's correction becomes the teacher's; the new classes have none yet."""
        self.taught = self.alpha, self.beta, self.first
        self.alpha, self.beta, self.first = 1.0, 0.0, old

    def loss(self, model: IncrementalNet, teacher: IncrementalNet, images: Tensor, labels: Tensor) -> Tensor:
        """M/(K+M) of Eq. 2 and K/(K+M) of Eq. 1 on one batch; the student's logits are not corrected."""
        with torch.no_grad():
            old_logits = self.teach(teacher, images)  # corrected, [n, K]
        logits = model(images)  # [n, K + M]
        new_share = 1 - self.first / logits.shape[1]  # M / (K + M), in the place of lambda in Eq. 5
        return losses.model_level(logits, labels, old_logits, new_share, self.temperature)

    def teach(self, teacher: IncrementalNet, images: Tensor) -> Tensor:
        """The teacher's corrected logits, [b, K]."""
        return correct(teacher(images), *self.taught)

    def end_phase(self, model: IncrementalNet, held_out: Samples) -> None:
        """Stage 2, from phase 1 on: fit alpha and beta on the held-out exemplars, the network fixed."""
        if self.first:
            with torch.no_grad():
                logits = torch.cat([model(images) for images, _ in held_out.parts()])
            self.alpha, self.beta = fit(logits, held_out.labels, self.first)

    def scorer(self, model: IncrementalNet, exemplars: Samples) -> Scorer:
        """The corrected head."""
        return lambda images: correct(model(images), self.alpha, self.beta, self.first)

    def report(self) -> dict[str, float]:
        """The correction of the newest classes."""
        return {"alpha": self.alpha, "beta": self.beta}

    def state(self) -> dict[str, Any]:
        """The present correction; the teacher's is taken from it when the next phase begins."""
        return {"alpha": self.alpha, "beta": self.beta, "first": self.first}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the correction back."""
        self.alpha, self.beta, self.first = state["alpha"], state["beta"], state["first"]


def correct(logits: Tensor, alpha: float | Tensor, beta: float | Tensor, first: int) -> Tensor:
    """Logits [n, classes] with alpha o_k + beta for k >= first, and o_k as it is below (equation 4 of BiC)."""
    return torch.cat([logits[:, :first], alpha * logits[:, first:] + beta], dim=1)


def fit(logits: Tensor, labels: Tensor, first: int) -> tuple[float, float]:
    """The alpha and beta that minimise cross-entropy + 0.1 beta^2 / 2 on fixed logits (equation 5 of BiC).

    The problem is convex in two unknowns: a quasi-Newton method solves it to the end, where BiC takes 200 steps of SGD.
    Images that some alpha separates have no least loss, for it falls as alpha grows; alpha is then where the method
    stops.

    Args:
        logits: uncorrected, [n, classes].
        labels: [n].
        first: the first of the newest classes.
    """
    logits = logits.double()
    scalars = torch.tensor([1.0, 0.0], dtype=torch.float64, device=logits.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([scalars], max_iter=200, line_search_fn="strong_wolfe", tolerance_change=1e-12)

    def objective() -> Tensor:
        optimizer.zero_grad()
        alpha, beta = scalars
        value = losses.cross_entropy(correct(logits, alpha, beta, first), labels) + PENALTY * beta.square() / 2
        value.backward()
        return value

    optimizer.step(objective)
    alpha, beta = scalars.tolist()
    return alpha, beta
