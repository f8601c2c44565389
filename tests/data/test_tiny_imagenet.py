"""Tiny-ImageNet from each layout that people have, and the part of it that is a data set of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor

from mnemonics_lib.data import dataset, tiny_imagenet
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.loaded import Loaded
from tests.real_data import TINY, directory_with

NAMES = ("n01", "n02", "n03")
PART = ("n01", "n03")


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(values).save(path, format="PNG")  # whatever its name: PNG gives back what was written


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    monkeypatch.setattr(tiny_imagenet, "CLASSES_OF_100", PART)
    monkeypatch.setattr(tiny_imagenet, "IMAGES_OF_100", 4)
    return tmp_path


@pytest.fixture
def archive(root) -> Path:
    """As the archive unpacks: three classes with twelve pictures each to train on, and two to test on."""
    whole = root / "tiny-imagenet-200"
    lines = []
    for place, name in enumerate(NAMES):
        for number in range(12):
            picture(whole / "train" / name / "images" / f"{name}_{number}.JPEG", 100 * place + number)
        (whole / "train" / name / f"{name}_boxes.txt").write_text("")
        for number in range(2):
            file = f"val_{3 * number + (2 - place)}.JPEG"
            picture(whole / "val" / "images" / file, 1000 + 100 * place + number)
            lines.append(f"{file}\t{name}\t0\t32\t44\t62\n")
    (whole / "val" / "val_annotations.txt").write_text("".join(reversed(lines)))
    return whole


def sort_val(whole: Path, below: str = "") -> None:
    """What many do to the archive: a folder for each class in val/ too."""
    for line in (whole / "val" / "val_annotations.txt").read_text().splitlines():
        file, name, *_ = line.split("\t")
        target = whole / "val" / name / below / file
        target.parent.mkdir(parents=True, exist_ok=True)
        (whole / "val" / "images" / file).rename(target)


def pixels(seed: int) -> torch.Tensor:
    values = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return torch.from_numpy(values).permute(2, 0, 1)


def same(one: Loaded, other: Loaded) -> bool:
    tensors = (
        [(split.images, split.labels) for split in (one.train, one.test)],
        [(split.images, split.labels) for split in (other.train, other.test)],
    )
    pairs = zip(*([part for split in side for part in split] for side in tensors), strict=True)
    return one.names == other.names and all(torch.equal(a, b) for a, b in pairs)


def test_the_archive_is_read_picture_by_picture(archive):
    found = tiny_imagenet.load()
    assert found.names == NAMES
    assert found.train.labels.tolist() == [0] * 12 + [1] * 12 + [2] * 12
    order = sorted(range(12), key=str)  # of names: 0, 1, 10, 11, 2
    assert torch.equal(found.train.images[:12], torch.stack([pixels(k) for k in order]))
    assert found.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert torch.equal(found.test.images, torch.stack([pixels(1000 + 100 * c + k) for c in range(3) for k in range(2)]))


@pytest.mark.parametrize("below", ["", "images"])
@pytest.mark.parametrize("load", [tiny_imagenet.load, tiny_imagenet.load_100])
def test_a_sorted_val_is_the_same_data(archive, load, below):
    before = load()
    sort_val(archive, below)
    assert same(before, load())


def test_the_part_is_of_its_classes_and_its_numbers(archive):
    found = tiny_imagenet.load_100()
    assert found.names == PART
    assert torch.equal(found.train.images, torch.stack([pixels(k) for k in (0, 1, 2, 3, 200, 201, 202, 203)]))
    assert found.train.labels.tolist() == [0] * 4 + [1] * 4
    assert found.test.labels.tolist() == [0, 0, 1, 1]


def test_the_part_that_lies_alone_is_the_same_data(archive, root):
    before = tiny_imagenet.load_100()
    sort_val(archive)
    for name in PART:
        for file in sorted((archive / "train" / name / "images").iterdir()):
            if int(file.stem.partition("_")[2]) < 4:
                (root / "tiny-imagenet-100" / "train" / name).mkdir(parents=True, exist_ok=True)
                file.rename(root / "tiny-imagenet-100" / "train" / name / file.name)
        (root / "tiny-imagenet-100" / "val").mkdir(exist_ok=True)
        (archive / "val" / name).rename(root / "tiny-imagenet-100" / "val" / name)
    assert same(before, tiny_imagenet.load_100())


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda whole: whole.rename(whole.with_name("elsewhere")), "tiny-imagenet-200: not there; unpack"),
    "damaged": (
        lambda whole: (whole / "train" / "n02" / "images" / "n02_3.JPEG").write_bytes(b"half"),
        "train: 1 of its pictures cannot be read: ",
    ),
    "no test pictures": (
        lambda whole: (whole / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn03\t0\t0\t0\t0\n"),
        "val: has no picture of class n01, n02: must have some of each",
    ),
    "test picture gone": (lambda whole: (whole / "val" / "images" / "val_0.JPEG").unlink(), "val: 1 of its pictures"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_whole_is_named(archive, case):
    spoil, message = BROKEN[case]
    spoil(archive)
    with pytest.raises(DataError) as refused:
        tiny_imagenet.load()
    assert message in str(refused.value)


def test_the_part_needs_its_classes_and_numbered_pictures(archive):
    (archive / "train" / "n03").rename(archive / "train" / "n04")
    (archive / "val" / "val_annotations.txt").write_text(
        (archive / "val" / "val_annotations.txt").read_text().replace("n03", "n04")
    )
    with pytest.raises(DataError, match=r"train: has no class folder n03: must have those of tiny-imagenet-100"):
        tiny_imagenet.load_100()
    (archive / "train" / "n04").rename(archive / "train" / "n03")
    (archive / "val" / "val_annotations.txt").write_text(
        (archive / "val" / "val_annotations.txt").read_text().replace("n04", "n03")
    )
    (archive / "train" / "n03" / "images" / "n03_0.JPEG").rename(archive / "train" / "n03" / "images" / "first.JPEG")
    with pytest.raises(DataError, match=r"first.JPEG: must be named after its class and its number"):
        tiny_imagenet.load_100()


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Path:
    """A directory with the real part: the user's own, or one unpacked from the archive beside the checkout."""
    return directory_with(TINY, tmp_path_factory.mktemp("tiny"))


def test_the_real_part_has_its_facts_and_image_folder_s_labels(real, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(real))
    data = load_dataset("tiny_imagenet_100", torch.device("cpu"), 32)
    dataset._load.cache_clear()  # 140 MB
    assert data.train.labels.bincount().tolist() == [400] * 100
    assert data.test.labels.bincount().tolist() == [50] * 100
    folder = ImageFolder(real / "tiny-imagenet-100" / "train")
    assert tuple(folder.classes) == data.names == tiny_imagenet.CLASSES_OF_100
    for index in (0, 12_345, 39_999):
        image, label = folder[index]
        whole = pil_to_tensor(image).float()
        assert label == data.train.labels[index]
        assert torch.equal(data.train.images[index], torch.nn.functional.avg_pool2d(whole, 2).round().to(torch.uint8))
    assert data.pixels.pad == 4
