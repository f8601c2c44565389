"""The paper's losses and LUCIR's against torch's own, numbers worked by hand, naive loops and finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from mnemonics_lib.losses import cross_entropy, distillation, less_forget, margin_ranking, model_level

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


@pytest.mark.parametrize("name", ["cross-entropy", "distillation", "model level", "less-forget", "margin ranking"])
@given(seed=st.integers(0, 2**20))
@settings(max_examples=5)
def test_the_gradient_of_each_loss_agrees_with_finite_differences(name, seed):
    logits, old, labels = draw((4, 3, 3, seed))
    other = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    loss = {
        "cross-entropy": lambda z: cross_entropy(z, labels),
        "distillation": lambda z: distillation(z, old, 1.7),
        "model level": lambda z: model_level(z, labels, old, 0.3, 2.0),
        "less-forget": lambda z: less_forget(z, other),
        "margin ranking": lambda z: margin_ranking(z / 9, labels, 3),  # of the size of cosines
    }[name]
    assert torch.autograd.gradcheck(loss, logits.requires_grad_(), eps=1e-6, atol=1e-7)


@given(sizes, st.floats(0, 1), taus)
def test_eq_5_weighs_classification_by_lambda_and_distillation_by_the_rest(size, lam, tau):
    logits, old, labels = draw(size)
    ce = F.nll_loss(torch.log_softmax(logits, 1), labels)
    pi_hat = torch.softmax(old / tau, 1)
    kd = F.cross_entropy(logits[:, : old.shape[1]] / tau, pi_hat)  # torch's with soft targets
    torch.testing.assert_close(model_level(logits, labels, old, lam, tau), lam * ce + (1 - lam) * kd)


def test_large_logits_do_not_overflow():
    logits, old = torch.tensor([[1e4, -1e4, 0.0]]), torch.tensor([[-1e4, 1e4]])
    assert torch.isfinite(model_level(logits, torch.tensor([2]), old, 0.5, 2.0))


@given(st.integers(1, 6), st.integers(1, 8), st.floats(1e-3, 1e3), st.integers(0, 2**20))
def test_less_forget_is_one_minus_the_mean_cosine_and_does_not_see_lengths(n, d, scale, seed):
    generator = torch.Generator().manual_seed(seed)
    new, old = torch.randn(2, n, d, dtype=torch.float64, generator=generator)
    total = 0.0
    for f, g in zip(new.tolist(), old.tolist(), strict=True):
        total += 1 - sum(a * b for a, b in zip(f, g, strict=True)) / math.hypot(*f) / math.hypot(*g)
    value = less_forget(new, old)
    assert value.item() == pytest.approx(total / n)
    torch.testing.assert_close(less_forget(scale * new, old / scale), value)
    # As LUCIR's authors have it: unit features in torch's embedding loss.
    ones = torch.ones(n, dtype=torch.float64)
    torch.testing.assert_close(
        torch.nn.CosineEmbeddingLoss()(F.normalize(new, dim=1), F.normalize(old, dim=1), ones), value
    )


def test_less_forget_is_zero_for_equal_directions_one_for_orthogonal_and_two_for_opposite_ones():
    f = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    for other, expected in [((6.0, 8.0), 0), ((-4.0, 3.0), 1), ((-3.0, -4.0), 2)]:
        assert less_forget(f, torch.tensor([other], dtype=torch.float64)).item() == pytest.approx(expected)


def test_less_forget_gradient_is_the_closed_form():
    # d(1 - cos(f, g)) / df = (cos f / |f| - g / |g|) / |f|, over n.
    f, g = torch.randn(2, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    (gradient,) = torch.autograd.grad(less_forget(f.requires_grad_(), g), f)
    unit, target = (v.detach() / v.detach().norm(dim=1, keepdim=True) for v in (f, g))
    cosine = (unit * target).sum(1, keepdim=True)
    torch.testing.assert_close(gradient, (cosine * unit - target) / f.detach().norm(dim=1, keepdim=True) / 5)


margins = st.tuples(
    st.integers(1, 8), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**20), st.integers(1, 4), st.floats(0, 1)
)


def cosines(size):
    """Cosines [n, K + M] and labels."""
    n, old, new, seed = size
    generator = torch.Generator().manual_seed(seed)
    values = 2 * torch.rand(n, old + new, dtype=torch.float64, generator=generator) - 1
    return values, torch.randint(old + new, (n,), generator=generator)


@given(margins)
def test_margin_ranking_is_the_definition_sample_by_sample(size):
    *shape, hardest, margin = size
    values, labels = cosines(shape)
    old = shape[1]
    terms = []
    for row, y in zip(values.tolist(), labels.tolist(), strict=True):
        if y < old:
            for wrong in sorted(row[old:], reverse=True)[:hardest]:
                terms.append(max(0.0, margin - row[y] + wrong))
    expected = sum(terms) / len(terms) if terms else 0.0
    assert margin_ranking(values, labels, old, hardest, margin).item() == pytest.approx(expected, abs=1e-15)


@given(margins)
def test_margin_ranking_is_torchs_as_lucirs_authors_call_it(size):
    *shape, hardest, margin = size
    values, labels = cosines(shape)
    old, hardest = shape[1], min(hardest, shape[2])
    hard = torch.nonzero(labels < old).flatten()
    expected = torch.zeros((), dtype=torch.float64)
    if len(hard):
        right = values.gather(1, labels[:, None])[hard].repeat(1, hardest)
        wrong = values[:, old:].topk(hardest, dim=1)[0][hard]
        loss = torch.nn.MarginRankingLoss(margin=margin)
        expected = loss(right.reshape(-1, 1), wrong.reshape(-1, 1), torch.ones(len(hard) * hardest, 1))
    torch.testing.assert_close(margin_ranking(values, labels, old, hardest, margin), expected)


def test_margin_ranking_by_hand_with_lucirs_numbers():
    # K = 2, m = 0.5. Two old classes, three new: the two largest new cosines of sample 0 are 0.6 and 0.1.
    values = torch.tensor([[0.7, 0.9, 0.6, -0.5, 0.1], [0.0, 0.9, 0.1, 0.2, 0.3], [0.0, 0.0, 0.9, 0.9, 0.9]])
    labels = torch.tensor([0, 1, 2])
    # Sample 0: 0.5 - 0.7 + 0.6 = 0.4 and 0 (-0.1); sample 1: both 0 (-0.1, -0.2); sample 2 is of a new class.
    assert margin_ranking(values, labels, 2).item() == pytest.approx(0.4 / 4)


@given(margins)
def test_only_samples_of_old_classes_get_a_gradient_from_margin_ranking(size):
    *shape, hardest, margin = size
    values, labels = cosines(shape)
    (gradient,) = torch.autograd.grad(
        margin_ranking(values.requires_grad_(), labels, shape[1], hardest, margin), values
    )
    assert torch.isfinite(gradient).all()
    assert not gradient[labels >= shape[1]].any()


def test_margin_ranking_is_zero_with_a_zero_gradient_where_a_batch_has_no_old_sample():
    values, _ = cosines((6, 3, 2, 5))
    labels = torch.tensor([3, 4, 3, 3, 4, 4])
    loss = margin_ranking(values.requires_grad_(), labels, 3)
    assert loss.item() == 0
    loss.backward()
    assert values.grad is not None
    assert torch.equal(values.grad, torch.zeros_like(values))


@pytest.mark.parametrize("shape", [(4, 6), (1, 3), (3, 3), (5, 1)])
def test_distillation_from_other_images_or_more_classes_is_refused_and_not_broadcast(shape):
    logits = torch.randn(4, 5)
    with pytest.raises(ValueError, match=r"old_logits of shape .*: must be \[4, K\] with K at most 5"):
        distillation(logits, torch.randn(shape))
    with pytest.raises(ValueError, match="old_logits"):
        model_level(logits, torch.zeros(4, dtype=torch.int64), torch.randn(shape), 0.5, 2.0)
    assert distillation(logits, torch.randn(4, 5)).isfinite()


@pytest.mark.parametrize("temperature", [0.0, -2.0, math.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ValueError, match=f"temperature = {temperature}: must be above 0"):
        distillation(torch.randn(4, 5), torch.randn(4, 3), temperature)


@pytest.mark.parametrize("shape", [(1, 6), (4, 1), (3, 6), (6,)])
def test_features_of_other_shapes_are_not_compared_crosswise(shape):
    with pytest.raises(ValueError, match=r"old_features of shape .*: must be \[4, 6\]"):
        less_forget(torch.randn(4, 6), torch.randn(shape))


@pytest.mark.parametrize("old", [-1, 5, 6])
def test_margin_ranking_without_a_new_class_is_refused_and_not_nan(old):
    with pytest.raises(ValueError, match=f"old = {old}: must be 0 to 4"):
        margin_ranking(torch.rand(3, 5), torch.tensor([0, 1, 2]), old)
    assert margin_ranking(torch.rand(3, 5), torch.tensor([0, 1, 2]), 4).isfinite()


@pytest.mark.parametrize("shape", [(1,), (2,), (3, 1), ()])
def test_margin_ranking_with_labels_of_other_samples_is_refused_and_not_broadcast(shape):
    with pytest.raises(ValueError, match=r"labels of shape .*: must be \[3\], one for each row of cosines"):
        margin_ranking(torch.rand(3, 5), torch.zeros(shape, dtype=torch.int64), 2)


@pytest.mark.parametrize("lam", [-0.1, 1.5, math.nan])
def test_a_lambda_that_would_reward_a_loss_is_refused(lam):
    logits, old, labels = draw((4, 3, 2, 0))
    with pytest.raises(ValueError, match=f"lam = {lam}: must be 0 to 1"):
        model_level(logits, labels, old, lam, 2.0)


@pytest.mark.parametrize("label", [-100, -1, 5])
def test_a_sample_whose_label_is_no_class_is_not_left_out_in_silence(label):
    """PyTorch leaves samples of label -100 out of the mean unless it is told another number."""
    labels = torch.tensor([0, label, 2, 3])
    with pytest.raises(IndexError, match=f"{label} is out of bounds"):
        cross_entropy(torch.randn(4, 5), labels)
