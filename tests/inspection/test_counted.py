"""Images are counted where they are, and otherwise by what is known of the data set."""

from __future__ import annotations

import torch

from mnemonics_lib.config import load_config
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.inspection.counted import counted
from mnemonics_lib.paths import PARAMS


def test_data_that_are_there_are_counted(tiny):
    data, digits = counted(tiny), load_dataset("digits", torch.device("cpu"))
    assert data.train == torch.bincount(digits.train.labels).tolist()
    assert data.test == torch.bincount(digits.test.labels).tolist()
    assert (data.pictures, data.assumed) == (None, "")


def test_a_folder_that_is_not_there_has_what_is_declared_of_it(tiny, tmp_path):
    declared = {"path": str(tmp_path / "none"), "classes": 10, "images_per_class": 40, "held_out": 0.2, "size": 8}
    data = counted(tiny.replace(dataset="folder", folder=declared))
    assert (data.train, data.test) == ([40] * 10, [10] * 10)
    assert "the data cannot be read" in data.assumed


def test_missing_cifar_is_not_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    data = counted(load_config(PARAMS / "small" / "cifar100-n5.yaml"))
    assert data.train == [500] * 100
    assert data.test == [100] * 100
    assert "cannot be read" in data.assumed
    assert not list(tmp_path.iterdir())
