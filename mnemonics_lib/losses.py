"""The paper's losses (Eq. 1, 2 and 5) and LUCIR's two, one function each.

Eq. 1a and Eq. 2 as printed put raw logits where softmax outputs belong; both are read here with the softmaxes.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

NO_LABEL = -1_000_000_007
"""What PyTorch is told to leave out of a mean. Nobody has it as a label, unlike its own -100."""


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Classification loss, Eq. 2: L_c = - sum_k [y = k] log softmax(p(x))_k, mean over the batch.

    Args:
        logits: p(x), [n, K + M].
        labels: y, [n], int64 in 0..K+M-1.

    Raises:
        IndexError: for a label that is no class, on a CPU; a GPU stops with an assertion, when it is next waited for.
    """
    return F.cross_entropy(logits, labels, ignore_index=NO_LABEL)


def distillation(logits: Tensor, old_logits: Tensor, temperature: float = 2.0) -> Tensor:
    """Distillation loss, Eq. 1: L_d = - sum_{k<=K} pi_hat_k(x) log pi_k(x), mean over the batch.

    pi_hat and pi are the softmaxes of the old and the new model's logits over the K old classes, divided by tau (Eq.
    1b).

    Args:
        logits: p(x) of Theta_i, [n, K + M]; only the K old classes are used.
        old_logits: p_hat(x) of Theta_{i-1}, [n, K].
        temperature: tau, above 0.

    Raises:
        ValueError: for old logits of more classes, or of another number of images, than ``logits``, and a temperature
            that is not above 0.
    """
    _require_old(logits, old_logits, temperature)
    old = old_logits.shape[1]
    pi_hat = F.softmax(old_logits / temperature, dim=1)  # [n, K]
    log_pi = F.log_softmax(logits[:, :old] / temperature, dim=1)  # [n, K]
    return -(pi_hat * log_pi).sum(dim=1).mean()


def model_level(logits: Tensor, labels: Tensor, old_logits: Tensor, lam: float, temperature: float) -> Tensor:
    """Model-level loss, Eq. 5: L_all = lambda L_c + (1 - lambda) L_d. Phase 0, without an old model, has L_c alone.

    Args:
        logits: p(x) of Theta_i, [n, K + M].
        labels: y, [n], int64 in 0..K+M-1.
        old_logits: p_hat(x) of Theta_{i-1}, [n, K].
        lam: lambda, from 0 to 1.
        temperature: tau of Eq. 1, above 0.

    Raises:
        ValueError: for a ``lam`` outside of its range, which would turn a loss into a gain; and as
            :func:`distillation`.
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"lam = {lam}: must be 0 to 1")
    return lam * cross_entropy(logits, labels) + (1 - lam) * distillation(logits, old_logits, temperature)


def less_forget(features: Tensor, old_features: Tensor) -> Tensor:
    """LUCIR's less-forget constraint (Hou et al. 2019, equation 6): 1 - cos(f, f_old), mean over the batch.

    Args:
        features: of Theta_i, [n, d].
        old_features: of Theta_{i-1} for the same images, [n, d].

    Raises:
        ValueError: for features of other shapes, which would be compared crosswise.
    """
    if features.shape != old_features.shape:
        raise ValueError(
            f"old_features of shape {list(old_features.shape)}: must be {list(features.shape)}, as features"
        )
    return (1 - F.cosine_similarity(features, old_features, dim=1)).mean()


def margin_ranking(cosines: Tensor, labels: Tensor, old: int, hardest: int = 2, margin: float = 0.5) -> Tensor:
    """LUCIR's inter-class separation (Hou et al. 2019, equation 8), mean over samples of old classes and their pairs.

    A pair is a sample of class y and one of the new classes k with the largest cosines, and costs max(0, m - cos(w_y,
    f) + cos(w_k, f)). The equation sums the pairs of a sample; its authors' code takes their mean, as here. 0 without a
    sample of an old class in the batch.

    Args:
        cosines: before the scale sigma, [n, classes].
        labels: [n].
        old: number of old classes.
        hardest: h of ``book/method/baselines.md``, how many new classes a sample is paired with; all where there are
            fewer. Hou et al. call it K, which is the number of old classes in this file.
        margin: m.

    Raises:
        ValueError: for another number of labels than of rows, which would be broadcast; for an ``old`` below 0, and
            where no class is new, so that there is none to rank against.
    """
    if labels.shape != cosines.shape[:1]:
        raise ValueError(f"labels of shape {list(labels.shape)}: must be [{len(cosines)}], one for each row of cosines")
    if not 0 <= old < cosines.shape[1]:
        raise ValueError(f"old = {old}: must be 0 to {cosines.shape[1] - 1}, fewer than the {cosines.shape[1]} classes")
    right = cosines.gather(1, labels[:, None])  # [n, 1]
    wrong = cosines[:, old:].topk(min(hardest, cosines.shape[1] - old), dim=1).values  # [n, hardest]
    hinge = F.relu(margin - right + wrong).mean(dim=1)  # [n]
    mask = (labels < old).to(hinge.dtype)  # a weight rather than a selection: the shape is that of the batch
    return (mask * hinge).sum() / mask.sum().clamp(min=1)


def _require_old(logits: Tensor, old_logits: Tensor, temperature: float) -> None:
    """Raise ValueError where Eq. 1 has no meaning, but a number by broadcasting."""
    (n, classes), (old_n, old) = logits.shape, old_logits.shape
    if old_n != n or old > classes:
        raise ValueError(
            f"old_logits of shape {[old_n, old]}: must be [{n}, K] with K at most {classes}, the classes of logits"
        )
    if not temperature > 0:
        raise ValueError(f"temperature = {temperature}: must be above 0")
