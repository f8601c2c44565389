"""Section 5.1's measures by hand and against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.divergence import NonFiniteError
from mnemonics_lib.metrics import accuracy, accuracy_and_loss, average_accuracy, confusion_matrix, forgetting, predict


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


# What has no answer


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("ask", [predict, accuracy_and_loss, lambda s, x: confusion_matrix(s, x, 3)])
def test_a_prediction_by_scores_that_are_no_numbers_is_refused_with_how_many_there_are(ask, bad):
    scores = torch.zeros(2500, 3)
    scores[[0, 1030, 2400], [0, 2, 1]] = bad  # in each of the parts that are computed
    message = "scores: the highest is NaN or infinite for 3 of 2500 samples: must be finite for each"
    with pytest.raises(ValueError, match=message):
        ask(scorer, samples(scores, torch.zeros(2500, dtype=torch.int64)))


def test_a_right_class_that_is_ruled_out_has_no_loss_to_take_a_mean_of():
    """Every image has a prediction here: it is the record, at the end of a run, that has no infinity."""
    scores = torch.tensor([[-float("inf"), 1.0], [3.0, 2.0]])
    with pytest.raises(NonFiniteError, match="loss"):
        accuracy_and_loss(scorer, samples(scores, torch.tensor([0, 1])))


def test_a_score_of_minus_infinity_rules_a_class_out_but_not_all_of_them():
    never = -float("inf")
    some = samples(torch.tensor([[never, 1.0], [3.0, never]]), torch.tensor([0, 1]))
    assert predict(scorer, some).tolist() == [1, 0]
    with pytest.raises(ValueError, match="for 1 of 1 samples"):
        predict(scorer, samples(torch.full((1, 2), never), torch.tensor([0])))


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda images: images.flatten(1)[:, 0], r"\[5\]"),
        (lambda images: images.flatten(1)[1:], r"\[4, 3\]"),
        (lambda images: images, r"\[5, 3, 1, 1\]"),
        (lambda images: images.flatten(1)[:, :0], r"\[5, 0\]"),
    ],
)
@pytest.mark.parametrize("ask", [predict, accuracy_and_loss])
def test_scores_are_one_row_for_each_image(ask, wrong, found):
    message = rf"scores = torch\.float32 of shape {found}: must be of shape \[5, classes\], one row for each image"
    with pytest.raises(ValueError, match=message):
        ask(wrong, samples(torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64)))


def test_no_samples_have_no_predictions_and_no_mean():
    none = samples(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))

    def never(images):
        raise AssertionError("it was asked")

    found = predict(never, none)
    assert (found.shape, found.dtype) == ((0,), torch.int64)
    assert confusion_matrix(never, none, 3).tolist() == [[0] * 3] * 3
    with pytest.raises(ValueError, match="samples: there are none: must be at least one"):
        accuracy_and_loss(never, none)


@pytest.mark.parametrize("label", [-1, 3, 2**40])
def test_a_label_that_is_no_class_is_refused_instead_of_counted_in_another_cell(label):
    some = samples(torch.eye(3), torch.tensor([0, label, 1]))
    with pytest.raises(ValueError, match=r"samples\.labels: 1 of 3 are no class: must be 0 to 2"):
        confusion_matrix(scorer, some, 3)


def test_a_prediction_beyond_the_classes_is_refused_instead_of_counted_in_another_cell():
    some = samples(torch.eye(3), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="predictions: 1 of 3 are no class: must be 0 to 1"):
        confusion_matrix(scorer, some, 2)


@pytest.mark.parametrize(
    ("confusion", "classes", "message"),
    [
        (CONFUSION * 0, None, "confusion: counts no sample of 3 classes"),
        (torch.tensor([[0, 0], [1, 1]]), 1, "confusion: counts no sample of 1 classes"),
        (CONFUSION[:2], None, r"confusion = torch\.int64 of shape \[2, 3\]: must be of shape \[classes, classes\]"),
        (CONFUSION[0], None, r"confusion = .* of shape \[3\]: must be"),
        (CONFUSION, 4, "classes = 4: must be 1 to 3, the classes of the confusion matrix"),
        (CONFUSION, 0, "classes = 0: must be 1 to 3"),
        (CONFUSION, -1, "classes = -1: must be 1 to 3"),
        (CONFUSION, 1.0, r"classes = 1\.0: must be 1 to 3"),
    ],
)
def test_an_accuracy_over_no_data_is_refused(confusion, classes, message):
    with pytest.raises(ValueError, match=message):
        accuracy(confusion, classes)


@pytest.mark.parametrize(
    ("measure", "field"), [(average_accuracy, "accuracies"), (forgetting, "first_classes_accurac")]
)
@pytest.mark.parametrize("values", [[], [float("nan")], [50.0, float("inf"), 40.0]])
def test_a_measure_of_no_phase_or_of_no_number_is_refused(measure, field, values):
    with pytest.raises(ValueError, match=rf"^{field}.* = \[.*\]: must be finite numbers, one for each phase"):
        measure(values)


def test_accuracy_and_loss_are_scikit_learns_over_more_than_one_part():
    generator = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(2100, 3, generator=generator), torch.randint(3, (2100,), generator=generator)
    right, loss = accuracy_and_loss(scorer, samples(scores, labels))
    assert right == pytest.approx(100 * reference.accuracy_score(labels, scores.argmax(1)))
    assert loss == pytest.approx(reference.log_loss(labels, scores.double().softmax(1)), rel=1e-5)
