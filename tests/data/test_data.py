"""The embedded data set against scikit-learn's own copy and the facts the configuration is checked against."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from mnemonics_lib.data import dataset
from mnemonics_lib.data.dataset import LOADERS, load_dataset
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.data.split import Split

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", CPU)


def rows(split: Split) -> list[tuple[bytes, int]]:
    """Each image's bytes with its label."""
    return [(image.numpy().tobytes(), int(label)) for image, label in zip(split.images, split.labels, strict=True)]


def test_every_data_set_with_facts_has_a_loader():
    assert set(DATASETS) == set(LOADERS)


@pytest.mark.parametrize("name", ["digits", "cifar100"])  # the others have files of their own
def test_the_facts_are_those_of_the_loaded_data(name, request, monkeypatch):
    if name == "cifar100":
        monkeypatch.setenv("MNEMONICS_DATA", str(request.getfixturevalue("cifar_root")))
    info, data = DATASETS[name], load_dataset(name, CPU)
    counts = Counter(data.train.labels.tolist())
    assert sorted(counts) == list(range(info.classes)) == sorted(set(data.test.labels.tolist()))
    assert min(counts.values()) == info.images_per_class
    for split in (data.train, data.test):
        assert tuple(split.images.shape[1:]) == info.shape == data.shape
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert int(split.images.max()) == info.white
        assert int(split.images.min()) == 0
    assert (data.pixels.white, data.pixels.pad, data.pixels.flip) == (info.white, info.pad, info.flip)


def test_a_mirrored_digit_is_not_a_digit():
    assert not DATASETS["digits"].flip


def test_training_and_test_images_are_all_of_scikit_learns_each_once(digits):
    source = load_digits()
    everything = [
        (image.astype(np.uint8).tobytes(), int(label))
        for image, label in zip(source.images, source.target, strict=True)
    ]
    assert Counter(rows(digits.train) + rows(digits.test)) == Counter(everything)


def test_no_test_image_is_a_training_image(digits):
    assert not {image for image, _ in rows(digits.train)} & {image for image, _ in rows(digits.test)}


def test_a_third_of_each_class_is_held_out(digits):
    train, test = Counter(digits.train.labels.tolist()), Counter(digits.test.labels.tolist())
    for label in range(10):
        assert abs(test[label] - (train[label] + test[label]) / 3) < 1


def test_the_split_is_always_the_same(digits):
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    dataset._load.cache_clear()
    again = load_dataset("digits", CPU)
    assert again is not digits
    assert torch.equal(again.test.images, digits.test.images)
    assert torch.equal(again.train.labels, digits.train.labels)


def test_training_pixels_have_mean_0_and_deviation_1_once_normalised(digits):
    images = digits.pixels.normalise(digits.train.images).double().numpy()
    assert images.mean() == pytest.approx(0, abs=1e-5)
    assert images.std() == pytest.approx(1, abs=1e-5)
    assert digits.pixels.mean.flatten().item() == pytest.approx(digits.train.images.numpy().mean() / 16, abs=1e-6)


def test_of_classes_takes_the_images_of_the_named_classes_alone_in_stored_order():
    labels = torch.tensor([2, 0, 1, 3, 2, 1])
    split = Split(torch.arange(6, dtype=torch.uint8)[:, None, None, None], labels)
    images, positions = split.of_classes([3, 1, 0, 2], 1, 3)  # classes 1 and 0, at positions 1 and 2
    assert images.flatten().tolist() == [1, 2, 5]
    assert positions.tolist() == [2, 1, 1]


def test_an_unknown_data_set_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"dataset = 'mnist'.*digits"):
        load_dataset("mnist", CPU)


def test_half_the_resolution_is_the_rounded_mean_of_each_two_by_two_block(digits):
    small = load_dataset("digits", CPU, 4)
    assert small.shape == (1, 4, 4)
    for split, whole in ((small.train, digits.train), (small.test, digits.test)):
        blocks = whole.images.numpy().astype(np.float64).reshape(-1, 1, 4, 2, 4, 2)
        assert np.array_equal(split.images.numpy(), np.round(blocks.mean(axis=(3, 5))).astype(np.uint8))
        assert torch.equal(split.labels, whole.labels)
    # What is normalised is what is seen.
    images = small.pixels.normalise(small.train.images).double()
    assert images.mean().item() == pytest.approx(0, abs=1e-5)
    assert images.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert small.pixels.white == 16


@pytest.mark.parametrize("resolution", [0, 8])
def test_the_native_resolution_leaves_the_images_alone(digits, resolution):
    same = load_dataset("digits", CPU, resolution)
    assert torch.equal(same.train.images, digits.train.images)
    assert same.pixels.pad == digits.pixels.pad


@pytest.mark.parametrize("resolution", [-8, 1, 2, 3, 5, 16])
def test_a_resolution_that_does_not_divide_the_native_one_is_refused(resolution):
    with pytest.raises(ValueError, match=rf"resolution = {resolution}: must be 0 or one of \[4, 8\]"):
        load_dataset("digits", CPU, resolution)


def test_runs_in_one_process_share_the_tensors(digits):
    assert load_dataset("digits", CPU) is load_dataset("digits", CPU)


def test_data_of_another_directory_are_read_anew(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    assert load_dataset("digits", CPU) is not digits
    assert load_dataset("digits", CPU) is load_dataset("digits", CPU)
