"""Section 3's losses, one function each.

Eq. 1a and Eq. 2 as printed put raw logits where softmax outputs belong; both are read here with the softmaxes.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Classification loss, Eq. 2: L_c = - sum_k [y = k] log softmax(p(x))_k, mean over the batch.

    Args:
        logits: p(x), [n, K + M].
        labels: y, [n], int64 in 0..K+M-1.
    """
    return F.cross_entropy(logits, labels)


def distillation(logits: Tensor, old_logits: Tensor, temperature: float = 2.0) -> Tensor:
    """Distillation loss, Eq. 1: L_d = - sum_{k<=K} pi_hat_k(x) log pi_k(x), mean over the batch.

    pi_hat and pi are the softmaxes of the old and the new model's logits over the K old classes, divided by tau (Eq.
    1b).

    Args:
        logits: p(x) of Theta_i, [n, K + M]; only the K old classes are used.
        old_logits: p_hat(x) of Theta_{i-1}, [n, K].
        temperature: tau.
    """
    old = old_logits.shape[1]
    pi_hat = F.softmax(old_logits / temperature, dim=1)  # [n, K]
    log_pi = F.log_softmax(logits[:, :old] / temperature, dim=1)  # [n, K]
    return -(pi_hat * log_pi).sum(dim=1).mean()


def model_level(logits: Tensor, labels: Tensor, old_logits: Tensor | None, lam: float, temperature: float) -> Tensor:
    """Model-level loss, Eq. 5: L_all = lambda L_c + (1 - lambda) L_d; L_c alone in phase 0, which has no old model."""
    if old_logits is None:
        return cross_entropy(logits, labels)
    return lam * cross_entropy(logits, labels) + (1 - lam) * distillation(logits, old_logits, temperature)
