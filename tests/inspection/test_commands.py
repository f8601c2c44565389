"""The command ``check-data``, as a user calls it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from PIL import Image

from mnemonics_lib import __main__ as cli
from mnemonics_lib.config import load_config, read_yaml, write_yaml
from mnemonics_lib.data import imagenet
from mnemonics_lib.data.info import DATASETS


@pytest.fixture
def check(capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["check-data", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def shapes(tmp_path, picture):
    root = tmp_path / "shapes"
    for number in range(6):
        for place, name in enumerate(("disc", "ring", "star")):
            picture(root / name / f"{number}.png", 10 * place + number)
    return root


def test_the_embedded_digits_are_counted(check):
    status, said, _ = check("digits")
    assert status == 0
    assert "train: 1,198 images, 116 to 122 a class" in said
    assert "test: 599 images" in said


def test_cifar_that_is_missing_or_damaged_is_named_file_by_file(check, tmp_path):
    status, said, _ = check("cifar100", "--root", str(tmp_path))
    assert status == 0
    assert f"missing: {tmp_path / 'cifar-100-python' / 'train'}, " in said
    (tmp_path / "cifar-100-python").mkdir()
    (tmp_path / "cifar-100-python" / "test").write_bytes(b"half")
    status, _, error = check("cifar100", "--root", str(tmp_path))
    assert status == 2
    assert f"{tmp_path / 'cifar-100-python' / 'test'}: damaged or truncated" in error


def test_what_it_prints_of_a_folder_is_a_parameter_file_that_runs(check, shapes, tmp_path):
    status, said, _ = check("folder", "--root", str(shapes), "--size", "8")
    assert status == 0
    file = tmp_path / "mine.yaml"
    file.write_text(said.partition("for a parameter file:\n")[2] + "phases: 1\nfirst_share: 0.67\n")
    folder = load_config(file).folder
    assert folder is not None
    assert folder.classes == 3
    status, said, _ = check(str(file), "--set", "seed=3")
    assert status == 0
    assert "a run takes in memory: 0.0 MB for images" in said


def test_a_folder_that_has_changed_is_told_field_by_field(check, shapes, tmp_path):
    _, said, _ = check("folder", "--root", str(shapes), "--size", "8")
    file = tmp_path / "mine.yaml"
    values = read_yaml_text(said, file) | {"phases": 1, "first_share": 0.67}
    for field, value, allowed in (("images_per_class", 6, "at most 5"), ("classes", 4, "3")):
        file.write_text(write_yaml(values | {"folder": values["folder"] | {field: value}}))
        status, _, error = check(str(file))
        assert status == 2
        assert f"folder.{field} = {value}: must be {allowed}" in error


def read_yaml_text(said, file):
    file.write_text(said.partition("for a parameter file:\n")[2])
    return read_yaml(file)


def test_damaged_pictures_end_it_as_they_would_end_a_run(check, shapes):
    (shapes / "disc" / "3.png").write_bytes(b"")
    status, said, error = check("folder", "--root", str(shapes))
    assert status == 2
    assert "damaged in" in said
    assert "1 of its pictures cannot be read" in error
    assert "3.png" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["folder"], "root is missing: must name the folder of pictures"),
        (["folder", "--root", "/nowhere"], "/nowhere: not there: must be a folder of class folders"),
        (["digits", "--set", "seed=1"], "digits: --set, --preset and --recipe change a run, so they need a parameter"),
        (["digits", "--recipe", "tuned"], "digits: --set, --preset and --recipe change a run"),
        (["nonsense"], "nonsense: no such file"),
        (["folder", "--root", "/nowhere", "--size", "2"], "size = 2: must be 4 to 1024"),
        (["folder", "--root", "/nowhere", "--size", "-1"], "size = -1: must be 4 to 1024"),
        (["folder", "--root", "/nowhere", "--size", "5000"], "size = 5000: must be 4 to 1024"),
        (["digits", "--size", "8"], "digits: --size and --grey are for folder alone; its images are as they are"),
        (["quick/digits-n5", "--grey"], "alone; a parameter file says folder.size and folder.grey"),
        (["quick/digits-n5", "--set", "network.name=foo"], "network.name = 'foo'"),
        (
            ["quick/digits-n5", "--set", "network.name=resnet18"],
            "must be cifar_resnet for images of 1 channels",
        ),
    ],
)
def test_what_cannot_be_looked_at_is_refused(check, arguments, message):
    status, _, error = check(*arguments)
    assert status == 2
    assert message in error


@pytest.fixture
def imagenet_of_three(tmp_path, monkeypatch, picture):
    """A folder that stands for ImageNet, of three classes, with a picture too many that is none."""
    monkeypatch.delenv("MNEMONICS_DATA", raising=False)
    monkeypatch.setattr(imagenet, "CLASSES", 3)
    monkeypatch.setitem(DATASETS, "imagenet", replace(DATASETS["imagenet"], classes=3, images_per_class=2))
    root = tmp_path / "data" / "imagenet"
    for place, name in enumerate(("n01", "n02", "n03")):
        for part, count in (("train", 2 + place), ("val", 1)):
            for number in range(count):
                picture(root / part / name / f"{name}_{number}.png", 10 * place + number)
    yield root
    monkeypatch.undo()


def test_pictures_that_stay_on_disk_are_read_once_and_the_damaged_named(check, imagenet_of_three):
    root = str(imagenet_of_three.parent)
    status, said, _ = check("imagenet", "--root", root)
    assert status == 0
    assert "train: 9 images, 2 to 4 a class" in said
    assert "test: 3 images, 1 to 1 a class" in said
    assert "pictures that cannot be read: 0" in said
    (imagenet_of_three / "train" / "n02" / "n02_1.png").write_bytes(b"no picture")
    (imagenet_of_three / "val" / "n03" / "n03_0.png").write_bytes(b"")
    status, said, error = check("imagenet", "--root", root)
    assert status == 2
    assert "pictures that cannot be read: 2" in said
    assert "imagenet: 2 of its pictures cannot be read: " in error
    assert "n02_1.png (is of no format that PIL reads)" in error


def test_what_a_run_on_pictures_on_disk_takes_has_none_of_them_in_memory(check, imagenet_of_three, tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("dataset: imagenet\nphases: 2\nnetwork: {name: resnet18}\nexemplar_level: {val_batch: 4}\n")
    status, said, _ = check(str(file), "--root", str(imagenet_of_three.parent))
    assert status == 0
    taken = re.search(r"takes in memory: 0.0 MB for images at its resolution, ([\d.,]+) MB for exemplars", said)
    assert taken is not None
    of_floats = 3 * 2 * 3 * 224 * 224 * 4 / 1e6  # 2 of each of 3 classes
    assert float(taken[1]) == pytest.approx(of_floats, abs=0.05)
    host = re.search(r"of that ([\d.,]+) MB are the host's where a GPU computes", said)
    assert host is not None
    # In Eq. 9 the two of the first class, or of each of two: gradient, distances and Adam's moments, 5 copies.
    assert float(host[1]) - of_floats == pytest.approx(5 * 2 * 3 * 224 * 224 * 4 / 1e6, abs=0.1)


def test_pictures_of_one_value_are_refused_as_a_run_refuses_them(check, tmp_path):
    for name in ("a", "b"):
        for number in range(3):
            (tmp_path / "flat" / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (7, 8, 9)).save(tmp_path / "flat" / name / f"{number}.png")
    status, _, error = check("folder", "--root", str(tmp_path / "flat"), "--size", "8")
    assert status == 2
    assert "folder: train.images: one value alone in channel 0 (7), 1 (8), 2 (9)" in error


def test_a_batch_of_one_image_is_refused_as_a_run_refuses_it(check):
    status, _, error = check("quick/digits-n5", "--set", "training.batch_size=1")
    assert status == 2
    assert "training.batch_size = 1" in error
