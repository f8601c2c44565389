"""Section 3's losses against torch's own, numbers worked by hand, and finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from mnemonics_lib.losses import cross_entropy, distillation, model_level

sizes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 4), st.integers(0, 2**20))
taus = st.floats(0.5, 20)


def draw(size):
    """Logits of the new model [n, K + M], of the old one [n, K], and labels."""
    n, old, new, seed = size
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(n, old + new, dtype=torch.float64, generator=generator)
    old_logits = 3 * torch.randn(n, old, dtype=torch.float64, generator=generator)
    return logits, old_logits, torch.randint(old + new, (n,), generator=generator)


def softmax(row, tau=1.0):
    """Eq. 1b for one sample, in plain Python."""
    powers = [math.exp(v / tau) for v in row]
    return [p / sum(powers) for p in powers]


def test_cross_entropy_by_hand():
    logits = torch.tensor([[0.0, math.log(3)], [math.log(4), 0.0]])  # softmax: (1/4, 3/4), (4/5, 1/5)
    assert cross_entropy(logits, torch.tensor([1, 1])).item() == pytest.approx((math.log(4 / 3) + math.log(5)) / 2)


def test_distillation_by_hand():
    # tau = 2: the old softmax of (0, 2 ln 3) is (1/4, 3/4), the new one of (2 ln 4, 0) is (4/5, 1/5); the third
    # logit belongs to a new class and does not count.
    old, new = torch.tensor([[0.0, 2 * math.log(3)]]), torch.tensor([[2 * math.log(4), 0.0, 100.0]])
    expected = -(1 / 4 * math.log(4 / 5) + 3 / 4 * math.log(1 / 5))
    assert distillation(new, old, 2.0).item() == pytest.approx(expected)


def test_the_default_temperature_is_the_papers():
    new, old, _ = draw((4, 3, 2, 0))
    assert torch.equal(distillation(new, old), distillation(new, old, 2.0))
    assert not torch.equal(distillation(new, old), distillation(new, old, 1.0))


@given(sizes)
def test_cross_entropy_is_the_definition_and_torchs(size):
    logits, _, labels = draw(size)
    terms = [-math.log(softmax(row)[y]) for row, y in zip(logits.tolist(), labels.tolist(), strict=True)]
    value = cross_entropy(logits, labels)
    assert value.item() == pytest.approx(sum(terms) / len(terms))
    torch.testing.assert_close(value, torch.nn.CrossEntropyLoss()(logits, labels))


@given(sizes, taus)
def test_distillation_is_the_definition(size, tau):
    logits, old, _ = draw(size)
    total = 0.0
    for new_row, old_row in zip(logits.tolist(), old.tolist(), strict=True):
        pi, pi_hat = softmax(new_row[: len(old_row)], tau), softmax(old_row, tau)
        total -= sum(p * math.log(q) for p, q in zip(pi_hat, pi, strict=True))
    assert distillation(logits, old, tau).item() == pytest.approx(total / len(logits))


@given(sizes, taus)
def test_distillation_is_torchs_divergence_plus_the_old_models_entropy(size, tau):
    logits, old, _ = draw(size)
    pi_hat = torch.softmax(old / tau, 1)
    divergence = F.kl_div(torch.log_softmax(logits[:, : old.shape[1]] / tau, 1), pi_hat, reduction="batchmean")
    entropy = torch.distributions.Categorical(probs=pi_hat).entropy().mean()
    torch.testing.assert_close(distillation(logits, old, tau), divergence + entropy)


@given(sizes, taus)
def test_distillation_gradient_is_the_closed_form_and_zero_on_new_classes(size, tau):
    logits, old, _ = draw(size)
    logits.requires_grad_()
    (gradient,) = torch.autograd.grad(distillation(logits, old, tau), logits)
    n, k = old.shape
    pi, pi_hat = torch.softmax(logits[:, :k] / tau, 1), torch.softmax(old / tau, 1)
    torch.testing.assert_close(gradient[:, :k], (pi - pi_hat).detach() / (tau * n))
    assert not gradient[:, k:].any()


def test_the_gradient_of_the_whole_loss_agrees_with_finite_differences():
    logits, old, labels = draw((3, 3, 2, 1))
    assert torch.autograd.gradcheck(
        lambda z: model_level(z, labels, old, 0.3, 2.0), logits.requires_grad_(), eps=1e-6, atol=1e-8
    )


@given(sizes, st.floats(0, 1), taus)
def test_eq_5_weighs_classification_by_lambda_and_distillation_by_the_rest(size, lam, tau):
    logits, old, labels = draw(size)
    ce = F.nll_loss(torch.log_softmax(logits, 1), labels)
    pi_hat = torch.softmax(old / tau, 1)
    kd = F.cross_entropy(logits[:, : old.shape[1]] / tau, pi_hat)  # torch's with soft targets
    torch.testing.assert_close(model_level(logits, labels, old, lam, tau), lam * ce + (1 - lam) * kd)


def test_phase_0_has_classification_alone():
    logits, _, labels = draw((4, 5, 0, 2))
    assert torch.equal(model_level(logits, labels, None, 0.5, 2.0), F.cross_entropy(logits, labels))


def test_large_logits_do_not_overflow():
    logits, old = torch.tensor([[1e4, -1e4, 0.0]]), torch.tensor([[-1e4, 1e4]])
    assert torch.isfinite(model_level(logits, torch.tensor([2]), old, 0.5, 2.0))
