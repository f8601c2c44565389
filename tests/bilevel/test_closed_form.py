"""The two formulas: by pencil, by what they must not depend on, and ridge by the problem that it solves."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from mnemonics_lib.bilevel.closed_form import nearest_mean, ridge_regression


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def eye(d: int) -> Tensor:
    return torch.eye(d, dtype=torch.float64)


def test_nearest_means_of_a_tiny_case_by_pencil():
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 2.0]])  # means (1, 1) and (0, 2)
    scores = nearest_mean(features, torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    others = torch.tensor([[3.0, 4.0], [2.0, 0.0], [-1.0, 1.0]])
    expected = torch.tensor([[7 / math.sqrt(50), 0.8], [1 / math.sqrt(2), 0.0], [0.0, 1 / math.sqrt(2)]])
    torch.testing.assert_close(scores(others), expected)


def test_ridge_regression_of_a_tiny_case_by_pencil():
    # F = diag(1, 3), so F'F = diag(1, 9) with mean eigenvalue 5; lambda = 0.2 * 5 = 1 and Y = +-1/2.
    features = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    weight = ridge_regression(features, torch.eye(2), 0.2)(torch.eye(2))
    torch.testing.assert_close(weight, torch.tensor([[0.25, -0.25], [-0.15, 0.15]]))


def problem(n: int, d: int, c: int, seed: int) -> tuple[Tensor, Tensor]:
    """Features [max(n, c), d] and one-hot targets in which each of c classes occurs."""
    n = max(n, c)
    extra = torch.randint(c, (n - c,), generator=torch.Generator().manual_seed(seed))
    return numbers(n, d, seed=seed), F.one_hot(torch.cat([torch.arange(c), extra]), c).double()


def rotation(d: int, seed: int) -> Tensor:
    return torch.linalg.qr(numbers(d, d, seed=seed)).Q


shapes = st.tuples(st.integers(1, 12), st.integers(2, 8), st.integers(2, 5), st.integers(0, 2**20))


@given(shapes, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_nearest_means_know_no_scale(shape, scale, other_scale):
    features, targets = problem(*shape)
    others = numbers(7, features.shape[1], seed=shape[-1] + 1)
    base, scaled = nearest_mean(features, targets), nearest_mean(scale * features, targets)
    torch.testing.assert_close(scaled(others), base(others), rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(base(other_scale * others), base(others), rtol=1e-8, atol=1e-10)


@given(shapes, st.floats(1e-2, 10))
def test_ridge_knows_no_scale_common_to_exemplars_and_others(shape, scale):
    features, targets = problem(*shape)
    others = numbers(7, features.shape[1], seed=shape[-1] + 1)
    base, scaled = (ridge_regression(s * features, targets, 0.05) for s in (1.0, scale))
    torch.testing.assert_close(scaled(scale * others), base(others), rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(scaled(others), base(others) / scale, rtol=1e-8, atol=1e-10)


@given(shapes)
def test_turning_the_feature_space_changes_no_score(shape):
    features, targets = problem(*shape)
    d = features.shape[1]
    others, turn = numbers(7, d, seed=shape[-1] + 1), rotation(d, shape[-1] + 2)
    for solve in (nearest_mean, lambda f, y: ridge_regression(f, y, 0.05)):
        torch.testing.assert_close(
            solve(features @ turn, targets)(others @ turn), solve(features, targets)(others), rtol=1e-8, atol=1e-10
        )


@given(shapes)
def test_the_order_of_the_exemplars_and_having_each_twice_change_no_score(shape):
    features, targets = problem(*shape)
    others = numbers(7, features.shape[1], seed=shape[-1] + 1)
    again = torch.cat([torch.arange(len(features)), torch.arange(len(features)).flip(0)])
    for solve in (nearest_mean, lambda f, y: ridge_regression(f, y, 0.05)):  # F'F, F'Y and lambda all double
        torch.testing.assert_close(
            solve(features[again], targets[again])(others), solve(features, targets)(others), rtol=1e-8, atol=1e-10
        )


@given(shapes)
def test_scaling_one_exemplar_weighs_it_in_its_mean(shape):
    features, targets = problem(*shape)
    others = numbers(7, features.shape[1], seed=shape[-1] + 1)
    weights = torch.arange(1, len(features) + 1).double()
    scores = nearest_mean(weights[:, None] * features, targets)(others)
    for k in range(targets.shape[1]):
        mean = sum(float(w) * f for w, f, y in zip(weights, features, targets.argmax(1), strict=True) if int(y) == k)
        expected = F.cosine_similarity(others, torch.as_tensor(mean)[None], dim=1)
        torch.testing.assert_close(scores[:, k], expected, rtol=1e-8, atol=1e-10)


def weight_of(features: Tensor, targets: Tensor, strength: float) -> Tensor:
    return ridge_regression(features, targets, strength)(eye(features.shape[1]))


@given(shapes, st.floats(1e-3, 10))
def test_ridge_is_the_least_squares_solution_of_the_augmented_system(shape, strength):
    features, targets = problem(*shape)
    d = features.shape[1]
    lam = strength * torch.linalg.eigvalsh(features.T @ features).mean()
    left = torch.cat([features, lam.sqrt() * eye(d)])
    right = torch.cat([targets - targets.mean(1, keepdim=True), torch.zeros(d, targets.shape[1])])
    expected = torch.linalg.lstsq(left, right).solution
    weight = weight_of(features, targets, strength)
    torch.testing.assert_close(weight, expected, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(weight.sum(1), torch.zeros(d).double(), rtol=0, atol=1e-9)  # rows of Y sum to 0


@given(shapes, st.floats(1e-3, 10), st.floats(1e-3, 1), st.integers(0, 2**20))
def test_no_other_last_layer_has_a_lower_ridge_objective(shape, strength, size, seed):
    features, targets = problem(*shape)
    lam = strength * features.square().sum() / features.shape[1]

    def objective(weight: Tensor) -> float:
        misfit = features @ weight - (targets - 1 / targets.shape[1])
        return (misfit.square().sum() + lam * weight.square().sum()).item()

    weight = weight_of(features, targets, strength)
    other = weight + size * numbers(*weight.shape, seed=seed)
    assert objective(weight) < objective(other)


@given(shapes)
def test_a_growing_penalty_shrinks_the_last_layer_to_nothing(shape):
    features, targets = problem(*shape)
    norms = [weight_of(features, targets, strength).norm().item() for strength in (1e-3, 1e-1, 10, 1e3, 1e9)]
    assert norms == sorted(norms, reverse=True)
    assert norms[0] > 1e-3
    assert norms[-1] < 1e-7 * norms[0]


@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 2**20))
def test_a_vanishing_penalty_interpolates_the_targets_of_few_exemplars(n, c, seed):
    features, targets = problem(n, 16, c, seed)
    scores = ridge_regression(features, targets, 1e-9)(features)
    torch.testing.assert_close(scores, targets - 1 / c, rtol=0, atol=1e-5)
    assert (scores.argmax(1) == targets.argmax(1)).all()
    penalised = ridge_regression(features, targets, 1.0)(features)
    assert (penalised - (targets - 1 / c)).abs().max() > 1e-2
