"""Section 5.1's measures by hand and against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.metrics import accuracy, average_accuracy, confusion_matrix, forgetting


def samples(scores: torch.Tensor, labels: torch.Tensor) -> Samples:
    """A test set whose images hold their own scores."""
    unit = Pixels(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), white=1, pad=0, flip=False)
    return Samples.learned(scores[:, :, None, None], labels, unit)


def scorer(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1)


# More than fit in one pass, too.
@given(st.integers(2, 7), st.integers(1, 60) | st.integers(1000, 3000), st.integers(0, 2**20))
def test_the_confusion_matrix_is_scikit_learns(classes, count, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(count, classes, generator=generator)
    labels = torch.randint(classes, (count,), generator=generator)
    found = confusion_matrix(scorer, samples(scores, labels), classes)
    expected = reference.confusion_matrix(labels, scores.argmax(1), labels=range(classes))
    assert found.tolist() == expected.tolist()
    assert accuracy(found) == pytest.approx(100 * (labels == scores.argmax(1)).double().mean().item())


def test_rows_are_true_classes_and_columns_predictions():
    scores = torch.eye(3)[[1, 1, 2]]
    assert confusion_matrix(scorer, samples(scores, torch.tensor([0, 1, 1])), 3).tolist() == [
        [0, 1, 0],
        [0, 1, 1],
        [0, 0, 0],
    ]


def test_no_graph_is_kept_while_testing():
    called = []

    def checking(images):
        called.append(torch.is_grad_enabled())
        return scorer(images)

    confusion_matrix(checking, samples(torch.eye(2), torch.tensor([0, 1])), 2)
    assert called == [False]


CONFUSION = torch.tensor([[6, 2, 2], [1, 4, 0], [0, 5, 0]])


def test_accuracy_is_the_share_of_right_predictions_in_per_cent():
    assert accuracy(CONFUSION) == pytest.approx(100 * 10 / 20)


def test_first_classes_accuracy_is_over_their_test_data_predicted_among_all_classes():
    assert accuracy(CONFUSION, 1) == pytest.approx(100 * 6 / 10)
    assert accuracy(CONFUSION, 2) == pytest.approx(100 * 10 / 15)
    assert accuracy(CONFUSION, 3) == accuracy(CONFUSION)


def test_average_accuracy_counts_phase_0():
    assert average_accuracy([90.0, 60.0, 30.0]) == pytest.approx(60)


def test_forgetting_is_the_fall_on_the_first_classes_from_the_first_phase_to_the_last():
    assert forgetting([90.0, 20.0, 70.0]) == pytest.approx(20)
    assert forgetting([50.0, 60.0]) == pytest.approx(-10)
