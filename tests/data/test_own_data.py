"""A user's own data set, registered by the steps of the book and run: the right one, and each wrong one there was.

A wrong one is refused before anything is trained or written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mnemonics_lib import __main__ as cli
from mnemonics_lib import runs, training
from mnemonics_lib.data.dataset import LOADERS
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.info import DATASETS, DatasetInfo
from mnemonics_lib.data.split import Split

# In the place of digits, whose name the configuration knows.
NAME = "digits"
INFO = DatasetInfo(classes=4, images_per_class=30, shape=(2, 6, 4), white=255, pad=1, flip=False)


def blobs(each: int, seed: int) -> Split:
    """Images of four classes that differ in brightness and noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(4).repeat(each)
    noise = torch.randint(60, (len(labels), *INFO.shape), generator=generator)
    return Split((60 * labels[:, None, None, None] + noise).to(torch.uint8), labels)


def own() -> tuple[Split, Split]:
    return blobs(30, 0), blobs(8, 1)


@pytest.fixture
def register(monkeypatch) -> Callable[..., None]:
    def put(loader: Callable[[], Any], info: DatasetInfo = INFO) -> None:
        monkeypatch.setitem(LOADERS, NAME, loader)
        monkeypatch.setitem(DATASETS, NAME, info)

    return put


def test_a_data_set_that_is_as_declared_runs(register, tiny, tmp_path):
    register(own)
    record, path = runs.run(tiny.replace(phases=2), tmp_path)
    assert sorted(record.class_order) == [0, 1, 2, 3]
    assert [len(row.confusion) for row in record.results] == [2, 3, 4]
    assert sum(map(sum, record.results[-1].confusion)) == 32
    train, test = own()
    assert runs.load_run(path).predict(test.images).positions.shape == (32,)
    # Where the loader has its images in memory is no part of the data.
    last = train.images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    register(lambda: (Split(last, train.labels), test))
    again, _ = runs.run(tiny.replace(phases=2), tmp_path / "again")
    assert again.identity == record.identity
    assert [row.confusion for row in again.results] == [row.confusion for row in record.results]
    assert [row.training_loss for row in again.results] == [row.training_loss for row in record.results]


def relabelled(*ids: int) -> Callable[[], tuple[Split, Split]]:
    """The data set with other class ids."""

    def load() -> tuple[Split, Split]:
        train, test = (replace(split, labels=torch.tensor(ids)[split.labels]) for split in own())
        return train, test

    return load


def kept(part: int, keep: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], list[Split]]:
    """The data set with some images of one split only."""

    def load() -> list[Split]:
        parts = list(own())
        chosen = keep(parts[part].labels)
        parts[part] = Split(parts[part].images[chosen], parts[part].labels[chosen])
        return parts

    return load


def mapped(edit: Callable[[Split], Split]) -> Callable[[], list[Split]]:
    """The data set with both splits changed."""
    return lambda: [edit(split) for split in own()]


def dull(split: Split) -> Split:
    """The second channel is the same everywhere."""
    return replace(split, images=torch.cat([split.images[:, :1], split.images[:, 1:] * 0 + 9], dim=1))


WRONG: dict[str, tuple[Callable[[], Any], dict[str, Any], str]] = {
    "3 images where the facts say 30": (
        kept(0, lambda y: (y != 2) | (torch.arange(120) < 12)),
        {},
        r"digits: train\.labels: images 3 of class 2: must be at least 30 of each class \(images_per_class\)",
    ),
    "3 classes where the facts say 4": (
        lambda: [Split(s.images[s.labels < 3], s.labels[s.labels < 3]) for s in own()],
        {},
        r"digits: train\.labels: images 0 of class 3: must be at least 30",
    ),
    "4 classes where the facts say 3": (own, {"classes": 3}, r"digits: train\.labels: holds 3: must be 0 to 2"),
    "floats": (
        mapped(lambda s: replace(s, images=s.images.float() / 255)),
        {},
        r"digits: train\.images = torch\.float32 of shape \[120, 2, 6, 4\]: must be torch\.uint8",
    ),
    "labels from 1": (relabelled(1, 2, 3, 4), {}, r"digits: train\.labels: holds 4: must be 0 to 3"),
    "labels apart": (relabelled(0, 5, 9, 11), {}, r"digits: train\.labels: holds 5, 9, 11: must be 0 to 3"),
    "labels as bytes": (
        mapped(lambda s: replace(s, labels=s.labels.to(torch.uint8))),
        {},
        r"digits: train\.labels = torch\.uint8 of shape \[120\]: must be torch\.int64",
    ),
    "a constant channel": (mapped(dull), {}, r"digits: train\.images: one value alone in channel 1 \(9\)"),
    "no test images of a class": (
        kept(1, lambda y: y != 1),
        {},
        r"digits: test\.labels: images 0 of class 1: must be at least 1",
    ),
    "brighter than white": (own, {"white": 16}, r"digits: train\.images: the largest value is 2\d\d: must be at most"),
    "another shape": (own, {"shape": (2, 4, 6)}, r"digits: train\.images = .*\[120, 2, 6, 4\]: must be .*2, 4, 6\]"),
    "no white": (own, {"white": 0}, "digits: white = 0 among its facts: must be an integer from 1"),
    "no deviation": (own, {"normalisation": ((0.5,) * 2, (0.0,) * 2)}, "digits: normalisation = .* larger than 0"),
    "nothing": (lambda: None, {}, "digits: its loader returned a NoneType: must return two Splits"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_data_set_is_refused_before_anything_is_trained_or_written(register, tiny, tmp_path, monkeypatch, case):
    def never(*_: Any) -> None:
        raise AssertionError("a step was taken")

    monkeypatch.setattr(training.Descent, "step", never)
    loader, facts, message = WRONG[case]
    config = tiny.replace(phases=1, uneven=True, classes=[])
    register(loader, replace(INFO, **facts))
    with pytest.raises(DataError, match=f"^{message}"):
        runs.run(config, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_on_the_command_line_it_is_one_message_and_status_2(register, tiny, tmp_path, capsys):
    params = tmp_path / "params.yaml"
    params.write_text(tiny.replace(phases=1).to_yaml())
    register(WRONG["labels from 1"][0])
    assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--quiet", "--set", "phases=2"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("digits: train.labels: holds 4: must be 0 to 3")
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_one_class_is_no_protocol_and_two_are_the_smallest(register, tiny, tmp_path):
    register(own, replace(INFO, classes=1))
    with pytest.raises(ValueError, match=r"order = \[0\]: must name at least 2 classes, one of them for phase 0"):
        tiny.replace(phases=1)
    some = kept(0, lambda y: y < 2)
    register(lambda: (some()[0], kept(1, lambda y: y < 2)()[1]), replace(INFO, classes=2))
    record, path = runs.run(tiny.replace(phases=1), tmp_path)
    assert [len(row.confusion) for row in record.results] == [1, 2]
    assert isinstance(path, Path)
