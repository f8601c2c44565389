"""ImageNet from the layouts that people have, and LUCIR's subset of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data import dataset, imagenet, stored
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.held import HeldImages
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.data.stored import StoredPictures
from mnemonics_lib.durable.provenance import data_digest
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.phases import class_order
from tests import real_data

SAMPLE = 20
"""Classes of the sample of full-size pictures."""


def test_the_subset_is_that_of_lucir_s_generator():
    assert imagenet.subset()[:10] == [54, 7, 894, 512, 126, 337, 988, 11, 284, 493]
    drawn = np.random.RandomState(1993).choice(1000, 100, replace=False)  # what the generator calls
    assert imagenet.subset() == drawn.tolist()
    assert len(set(imagenet.subset())) == 100
    # Its class order is CIFAR-100's, over the subset's own numbers; that of all classes begins as the draw does.
    assert class_order(100)[:5] == [68, 56, 78, 8, 23]
    assert class_order(1000)[:5] == [54, 7, 894, 512, 126]


def test_its_classes_by_name_are_those_at_the_places_drawn():
    assert list(imagenet.OF_SUBSET) == sorted(set(imagenet.OF_SUBSET))
    by_place = dict(zip(sorted(imagenet.subset()), imagenet.OF_SUBSET, strict=True))
    # The cock, the goldfinch, the hognose snake and the acorn, of which everyone knows the places.
    known = {7: "n01514668", 11: "n01531178", 54: "n01729322", 988: "n12267677"}
    assert {place: by_place[place] for place in known} == known


def write(file: Path, shade: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((30, 40, 3), shade, dtype=np.uint8)).save(file, format="PNG")


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Five classes, two pictures each to train and one to test on; three of them are the subset."""
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    monkeypatch.setattr(imagenet, "CLASSES", 5)
    monkeypatch.setattr(imagenet, "subset", lambda: [3, 0, 4])
    monkeypatch.setattr(imagenet, "OF_SUBSET", ("n00", "n03", "n04"))
    for place in range(5):
        for number in range(2):
            write(tmp_path / "imagenet" / "train" / f"n0{place}" / f"n0{place}_{number}.JPEG", 40 * place + number)
        write(tmp_path / "imagenet" / "val" / f"n0{place}" / f"ILSVRC2012_val_{9 - place}.JPEG", 40 * place + 9)
    return tmp_path / "imagenet"


def shades(images) -> list[int]:
    return images.read()[:, 0, 0, 0].tolist()


def test_all_classes_are_numbered_by_their_wordnet_ids(root):
    found = imagenet.load()
    words = ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    assert found.names[:2] == (f"n00 {words[0]}", f"n01 {words[1]}")
    assert found.train.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert shades(found.train.images) == [0, 1, 40, 41, 80, 81, 120, 121, 160, 161]
    assert shades(found.test.images) == [9, 49, 89, 129, 169]
    assert isinstance(found.train.images, StoredPictures)


def test_the_subset_is_numbered_anew_in_the_same_order(root):
    found = imagenet.load_subset()
    assert [name.split()[0] for name in found.names] == ["n00", "n03", "n04"]
    assert shades(found.train.images) == [0, 1, 120, 121, 160, 161]
    assert found.test.labels.tolist() == [0, 1, 2]
    assert shades(found.test.images) == [9, 129, 169]


def without_the_others(root: Path, *parts: str) -> None:
    for part in parts:
        for name in ("n01", "n02"):
            shutil.rmtree(root / part / name)


def flat(root: Path) -> None:
    """Test pictures as Kaggle has them: in one folder, with a table beside it."""
    rows = ["ImageId,PredictionString"]
    for place in (4, 2, 0, 1, 3):
        file = next((root / "val" / f"n0{place}").iterdir())
        file.rename(root / "val" / file.name)
        (root / "val" / f"n0{place}").rmdir()
        rows.append(f"{file.stem},n0{place} 1 2 30 40 n0{place} 5 6 7 8")
    (root / "LOC_val_solution.csv").write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("layout", ["folders", "table", "table and its pictures alone"])
def test_a_folder_of_the_subset_alone_is_the_same_data(root, monkeypatch, layout):
    monkeypatch.setitem(
        DATASETS, "imagenet_subset", replace(DATASETS["imagenet_subset"], classes=3, images_per_class=2)
    )

    def digest() -> str:
        dataset._load.cache_clear()
        return data_digest(dataset.load_dataset("imagenet_subset", torch.device("cpu")))

    if layout != "folders":
        flat(root)
    whole, before = imagenet.load_subset(), digest()
    without_the_others(root, *(["train", "val"] if layout == "folders" else ["train"]))
    if layout == "table and its pictures alone":
        for place in (1, 2):
            (root / "val" / f"ILSVRC2012_val_{9 - place}.JPEG").unlink()
    alone, after = imagenet.load_subset(), digest()
    dataset._load.cache_clear()
    assert alone.names == whole.names == tuple(imagenet.load_subset().names)
    for one, other in ((alone.train, whole.train), (alone.test, whole.test)):
        assert one.labels.tolist() == other.labels.tolist()
        assert shades(one.images) == shades(other.images)
    assert before == after  # so that records are of the same data
    with pytest.raises(DataError, match=r"train: has 3 class folders: must have 5$"):
        imagenet.load()


def test_a_folder_of_other_classes_is_not_taken_for_it(root):
    without_the_others(root, "train", "val")
    (root / "train" / "n03").rename(root / "train" / "n05")
    with pytest.raises(
        DataError, match=r"train: has 3 class folders: must have 5, or the 3 of the subset and no others"
    ):
        imagenet.load_subset()
    for name in ("n06", "n07"):
        shutil.copytree(root / "train" / "n05", root / "train" / name)
    with pytest.raises(DataError, match=r"train: has no class folder n03: must have those of the subset"):
        imagenet.load_subset()


def test_test_pictures_in_one_folder_are_sorted_by_the_table_beside_it(root):
    before, pictures = imagenet.load(), imagenet.load().test.images.read()
    flat(root)
    after = imagenet.load()
    assert torch.equal(before.test.labels, after.test.labels)
    assert torch.equal(pictures, after.test.images.read())
    (root / "LOC_val_solution.csv").unlink()
    with pytest.raises(DataError, match=r"val: has no class folders: must have one for each class, or .*csv must say"):
        imagenet.load()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("image,label\na,n00\n", r"solution\.csv: has no column ImageId, PredictionString: must have ImageId and"),
        ("ImageId,PredictionString\na,\n", r"solution\.csv: line 2: must name a picture and its class"),
        (
            "ImageId,PredictionString\na,n00 1 2\nb,n01 1 2\n",
            r"val: lacks 2 of the pictures that .*: .*a\.JPEG",
        ),
    ],
)
def test_a_table_of_another_form_or_without_its_pictures_is_named(root, table, message):
    shutil.rmtree(root / "val")
    (root / "val").mkdir()
    (root / "LOC_val_solution.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        imagenet.load()


def test_what_is_not_whole_is_named(root):
    (root / "val" / "n02").rename(root / "val" / "n07")
    with pytest.raises(DataError, match=r"val: has no class folder n02"):
        imagenet.load()
    (root / "train" / "n02").rename(root / "n02")
    with pytest.raises(DataError, match=r"train: has 4 class folders: must have 5"):
        imagenet.load()
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(DataError, match=r"imagenet: not there; must be ILSVRC-2012"):
        imagenet.load()


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """A directory of data sets in which twenty classes of full-size pictures stand for ImageNet."""
    there = real_data.directory_with(real_data.SAMPLE, tmp_path_factory.mktemp("sample")) / real_data.SAMPLE
    root = tmp_path_factory.mktemp("data")
    (root / "imagenet").symlink_to(there)
    return root


@pytest.fixture
def few(sample, monkeypatch):
    """The sample in the place of the subset."""
    monkeypatch.setenv("MNEMONICS_DATA", str(sample))
    monkeypatch.setattr(imagenet, "CLASSES", SAMPLE)
    monkeypatch.setattr(imagenet, "subset", lambda: list(range(SAMPLE)))
    wnids = sorted(path.name for path in (sample / "imagenet" / "train").iterdir())
    monkeypatch.setattr(imagenet, "OF_SUBSET", tuple(wnids))
    info = DATASETS["imagenet_subset"]
    monkeypatch.setitem(DATASETS, "imagenet_subset", replace(info, classes=SAMPLE, images_per_class=4))
    dataset._load.cache_clear()
    yield
    dataset._load.cache_clear()


def of_full_size(tiny: RunConfig) -> RunConfig:
    """Two phases of four classes, with trained and adjusted exemplars."""
    return tiny.replace(
        dataset="imagenet_subset",
        resolution=56,
        phases=1,
        first_share=0.5,
        classes=[0, 4],
        budget=2,
        adjust=2,
        weight_transfer=True,
        method="lucir",
        training={"batch_size": 4},
        exemplar_level={"inner_steps": 2, "beta": 0.01, "val_batch": 4},
    )


def test_full_size_pictures_run_end_to_end_and_nothing_lies_in_memory(few, tiny, tmp_path, monkeypatch):
    """First with processes that read, then without: pictures and numbers do not depend on who reads."""
    config = of_full_size(tiny)
    record, path = runs.run(config, tmp_path)
    assert record.displacement > 0
    assert record.class_names == [
        dataset.load_dataset("imagenet_subset", torch.device("cpu"), 56).names[class_id]
        for class_id in record.class_order
    ]
    monkeypatch.setattr(stored, "cores", lambda: 0)
    # By a name that no tensor gives its device, as none says ``cuda``.
    again, _ = runs.run(config, tmp_path / "again", "cpu:0")
    assert again.accuracy == record.accuracy
    assert again.results[0].training_loss == record.results[0].training_loss
    finished = runs.load_run(path)
    assert finished.exemplars.images.shape == (8, 3, 56, 56)
    held = finished.state.memory
    assert isinstance(held.images, HeldImages)
    assert held.origin.kept.dtype == torch.uint8
    in_bytes, path = runs.run(
        config.replace(storage="uint8", budget=8, budget_rule="total", exemplar_level={"inner_batch": 3}),
        tmp_path,
    )
    assert in_bytes.results[-1].exemplars_per_class == 2
    assert in_bytes.exemplar_bytes == 8 * 3 * 56 * 56  # a byte a value, and no other
    assert runs.load_run(path).state.memory.images.kept.nbytes == in_bytes.exemplar_bytes


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_the_exemplars_stay_on_the_host_and_a_run_goes_on_where_it_stopped(few, tiny, tmp_path):
    config = of_full_size(tiny).replace(exemplar_level={"inner_batch": 3, "optimizer": "adam"})
    whole, _ = runs.run(config, tmp_path / "whole", "cuda")

    def stop(row: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(config, tmp_path / "parts", "cuda", each_phase=stop)
    while True:  # within phase 1 it stops after every step, with Adam's state of exemplars that the host holds
        try:
            runs.run(config, tmp_path / "parts", "cuda", minutes=0)
            break
        except OutOfTimeError:
            continue
    record, path = runs.run(config, tmp_path / "parts", "cuda")
    assert record.displacement == pytest.approx(whole.displacement, rel=0.05)
    memory = runs.load_run(path, "cuda").state.memory
    assert isinstance(memory.images, HeldImages)
    assert memory.images.kept.device.type == memory.origin.kept.device.type == "cpu"
    assert memory.images.read().device.type == memory.labels.device.type == "cuda"


def test_the_digest_of_pictures_on_disk_is_one_of_their_files(few):
    one = dataset.load_dataset("imagenet_subset", torch.device("cpu"), 0)
    dataset._load.cache_clear()
    other = dataset.load_dataset("imagenet_subset", torch.device("cpu"), 0)
    smaller = dataset.load_dataset("imagenet_subset", torch.device("cpu"), 112)
    assert one is not other
    assert data_digest(one) == data_digest(other) != data_digest(smaller)
