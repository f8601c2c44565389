"""A folder of pictures from its files to a run: labels, splits, damaged files, and what is not as described."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torchvision.datasets import ImageFolder

from mnemonics_lib import __main__ as cli
from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data import pictures
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.data.declared import Folder
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.folder import DamagedWarning, load, look_at, pictures_of, place, split_of
from mnemonics_lib.data.held_out import FILE
from mnemonics_lib.data.loaded import Loaded
from mnemonics_lib.data.split import Split

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (40, 40, 210), "grey": (120, 120, 120)}
"""In no order: the classes are blue, green, grey and red."""


def coloured(root: Path, counts: dict[str, int] | int = 10, seed: int = 0, size: int = 8) -> Path:
    """Squares of a colour with a little noise, for each class so many."""
    generator = np.random.default_rng(seed)
    for name, count in (dict.fromkeys(COLOURS, counts) if isinstance(counts, int) else counts).items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            noise = generator.integers(-25, 26, (size, size, 3))
            Image.fromarray((np.array(COLOURS[name]) + noise).astype(np.uint8)).save(root / name / f"{k}.png")
    return root


def numbered(root: Path, **counts: int) -> Path:
    """Pictures that say which they are: 10 * the class's letter, a = 1, + their number."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            value = 10 * (ord(name) - ord("a") + 1) + k
            Image.fromarray(np.full((6, 6), value, dtype=np.uint8)).save(root / name / f"{k}.png")
    return root


def pairs(split: Split) -> list[tuple[int, int]]:
    """What each picture of a numbered folder says, and its label."""
    assert torch.equal(split.images, split.images[:, :1, :1, :1].expand_as(split.images))
    return list(zip(split.images[:, 0, 0, 0].tolist(), split.labels.tolist(), strict=True))


def damage(file: Path) -> Path:
    file.write_bytes(file.read_bytes()[:40])
    return file


def refusal(call: Any, *arguments: Any, **fields: Any) -> str:
    with pytest.raises(DataError) as caught:
        call(*arguments, **fields)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Pictures and labels


@pytest.mark.parametrize("few", [0, 2000], ids=["in processes", "in this one"])
def test_pictures_and_labels_are_those_of_torchvision(tmp_path, monkeypatch, few):
    monkeypatch.setattr(pictures, "FEW", few)
    for seed, part in enumerate(("train", "val")):
        coloured(tmp_path / part, {"red": 5, "green": 3, "blue": 4, "grey": 2}, seed)
        (tmp_path / part / "red" / "images").mkdir()
        (tmp_path / part / "red" / "3.png").rename(tmp_path / part / "red" / "images" / "x.PNG")
    loaded = load(look_at(tmp_path, size=8))
    for split, part in zip((loaded.train, loaded.test), ("train", "val"), strict=True):
        theirs = ImageFolder(str(tmp_path / part))
        wanted = Counter((np.asarray(image).transpose(2, 0, 1).tobytes(), label) for image, label in theirs)
        found = Counter((i.numpy().tobytes(), y) for i, y in zip(split.images, split.labels.tolist(), strict=True))
        assert found == wanted
        assert len(found) == 14
        assert list(loaded.names) == theirs.classes == sorted(COLOURS)
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)


def test_a_folder_that_is_not_split_is_split_once_with_the_right_labels(tmp_path):
    folder = look_at(numbered(tmp_path, b=8, a=4, c=2), size=4)
    loaded = load(folder)
    assert loaded.names == ("a", "b", "c")
    for split in (loaded.train, loaded.test):
        assert all(value // 10 == label + 1 for value, label in pairs(split))
    assert sorted(pairs(loaded.train) + pairs(loaded.test)) == sorted(
        [(10 + k, 0) for k in range(4)] + [(20 + k, 1) for k in range(8)] + [(30 + k, 2) for k in range(2)]
    )
    assert torch.bincount(loaded.test.labels).tolist() == [1, 2, 1]  # a fifth, rounded
    assert torch.bincount(loaded.train.labels).tolist() == [3, 6, 1]
    kept = json.loads((tmp_path / FILE).read_text())
    tested = [f"{'abc'[label]}/{value % 10}.png" for value, label in pairs(loaded.test)]
    assert tested == [name for names in kept["test"].values() for name in names]
    again = load(folder)
    assert torch.equal(again.train.images, loaded.train.images)
    assert torch.equal(again.test.labels, loaded.test.labels)


def test_a_split_edited_by_hand_is_the_one_that_is_loaded(tmp_path):
    folder = look_at(numbered(tmp_path, a=3, b=3), size=4)
    values = {
        "train": {"a": ["a/2.png"], "b": ["b/0.png", "b/1.png"]},
        "test": {"a": ["a/0.png", "a/1.png"], "b": ["b/2.png"]},
    }
    (tmp_path / FILE).write_text(json.dumps(values))
    loaded = load(folder)
    assert pairs(loaded.train) == [(12, 0), (20, 1), (21, 1)]
    assert pairs(loaded.test) == [(10, 0), (11, 0), (22, 1)]


def test_classes_called_train_and_val_are_split_like_any_others(tmp_path):
    for value, name in enumerate(("train", "val")):
        (tmp_path / name).mkdir()
        for k in range(5):
            Image.fromarray(np.full((6, 6), 10 * value + k, dtype=np.uint8)).save(tmp_path / name / f"{k}.png")
    loaded = load(look_at(tmp_path, size=4))
    assert loaded.names == ("train", "val")
    assert {(value // 10, label) for value, label in pairs(loaded.train) + pairs(loaded.test)} == {(0, 0), (1, 1)}
    assert (len(loaded.train.labels), len(loaded.test.labels)) == (8, 2)


def test_grey_pictures_have_one_channel_and_the_facts_say_so(tmp_path):
    folder = look_at(coloured(tmp_path), size=8, grey=True)
    loaded = load(folder)
    assert loaded.train.images.shape == (32, 1, 8, 8)
    assert load_dataset("folder", torch.device("cpu"), 0, folder).shape == folder.facts().shape == (1, 8, 8)


def test_the_data_set_is_normalised_by_its_own_training_pictures(tmp_path):
    folder = look_at(coloured(tmp_path), size=8, flip=False)
    data = load_dataset("folder", torch.device("cpu"), 0, folder)
    scaled = load(folder).train.images.double() / 255
    assert data.pixels.mean.flatten().tolist() == pytest.approx(scaled.mean(dim=(0, 2, 3)).tolist())
    assert data.pixels.std.flatten().tolist() == pytest.approx(scaled.std(dim=(0, 2, 3), correction=0).tolist())
    assert (data.pixels.white, data.pixels.pad, data.pixels.flip) == (255, 1, False)
    assert data.names == ("blue", "green", "grey", "red")


# What look_at says


def test_looking_at_a_folder_counts_its_classes_and_the_pictures_of_the_smallest(tmp_path):
    root = coloured(tmp_path / "my pictures", {"red": 12, "green": 5, "blue": 9})
    folder = look_at(root)
    assert folder == Folder(path=str(root.resolve()), classes=3, images_per_class=4, size=32)
    coloured(tmp_path / "tree" / "train", {"red": 12, "green": 5})
    coloured(tmp_path / "tree" / "test", {"red": 1, "green": 1})
    tree = look_at(tmp_path / "tree", 64, grey=True, flip=False, held_out=0.5)
    assert (tree.classes, tree.images_per_class) == (2, 5)
    assert (tree.size, tree.grey, tree.flip, tree.held_out, tree.damaged) == (64, True, False, 0.5, "stop")
    assert not (tmp_path / "tree" / FILE).exists()


def test_the_path_is_kept_whole_wherever_it_was_said(tmp_path, monkeypatch):
    coloured(tmp_path / "pictures", {"red": 2, "blue": 2})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to("pictures")
    whole = look_at(tmp_path / "pictures")
    assert Path(whole.path).is_absolute()
    for path in ("pictures", "./pictures/../pictures", "~/pictures", Path("pictures"), "link"):
        assert look_at(path) == whole


def test_a_relative_path_of_a_configuration_counts_from_the_place_of_all_data(tmp_path, monkeypatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", "/home/me")
    assert place("pictures/mine") == tmp_path / "pictures" / "mine"
    assert place("/elsewhere") == Path("/elsewhere")
    assert place("~/mine") == Path("/home/me/mine")
    coloured(tmp_path / "mine", {"red": 3, "blue": 3})
    assert len(load(Folder(path="mine", classes=2, images_per_class=2)).train.labels) == 4


@pytest.mark.parametrize("fields", [{"size": 3}, {"held_out": 1.0}, {"damaged": "ask"}, {"greyscale": True}])
def test_fields_that_are_not_allowed_are_refused_before_anything_is_read(tmp_path, fields):
    coloured(tmp_path, 3)
    with pytest.raises(ValidationError, match=next(iter(fields))):
        look_at(tmp_path, **fields)
    assert not (tmp_path / FILE).exists()


def test_a_single_class_is_refused_and_no_file_is_left_in_what_may_be_another_folder(tmp_path):
    coloured(tmp_path / "one", {"red": 4})
    said = f"{tmp_path / 'one'}: has one class folder, red: must have at least 2"
    assert refusal(look_at, tmp_path / "one") == said
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["red"]
    for part in ("train", "val"):
        coloured(tmp_path / "tree" / part, {"red": 4})
    assert (
        refusal(look_at, tmp_path / "tree")
        == f"{tmp_path / 'tree' / 'train'}: has one class folder, red: must have at least 2"
    )


def test_what_is_no_folder_of_pictures_is_refused(tmp_path):
    assert refusal(look_at, tmp_path / "gone") == f"{tmp_path / 'gone'}: not there: must be a folder of class folders"
    assert "it is empty" in refusal(look_at, tmp_path)


# What is not as declared


def test_other_classes_than_declared_are_named_with_the_field(tmp_path):
    folder = look_at(coloured(tmp_path, 3))
    wrong = folder.model_copy(update={"classes": 5})
    assert refusal(load, wrong) == (
        f"folder.classes = 5: must be 4, the class folders of {tmp_path}: blue, green, grey, red"
    )
    assert refusal(pictures_of, wrong) == refusal(load, wrong)


def test_fewer_pictures_than_declared_are_refused(tmp_path):
    folder = look_at(coloured(tmp_path, {"red": 10, "blue": 5}))
    assert folder.images_per_class == 4
    with pytest.raises(
        DataError, match=r"folder: train\.labels: images 4 of class 0: must be at least 5 of each class"
    ):
        load_dataset("folder", torch.device("cpu"), 0, folder.model_copy(update={"images_per_class": 5}))


def test_a_picture_added_after_the_split_is_named(tmp_path):
    folder = look_at(coloured(tmp_path, 3))
    coloured(tmp_path, {"red": 4})
    assert refusal(load, folder).startswith(f"{tmp_path / FILE}: does not name red/3.png: must name every picture")


def test_parts_with_other_classes_are_refused(tmp_path):
    coloured(tmp_path / "train", 2)
    coloured(tmp_path / "val", {"red": 2, "green": 2, "blue": 2})
    said = f"{tmp_path / 'val'}: has no class folder grey, which {tmp_path / 'train'} has: must have it"
    assert refusal(split_of, tmp_path, 0.2) == said
    (tmp_path / "val" / "grey").mkdir()
    assert refusal(split_of, tmp_path, 0.2).startswith(
        f"{tmp_path / 'val'}: class grey has 0: must have a picture each"
    )


def test_the_validation_pictures_of_tiny_imagenet_as_they_come_are_no_classes(tmp_path):
    coloured(tmp_path / "train", {"red": 2, "blue": 2})
    coloured(tmp_path / "val", {"red": 2})
    (tmp_path / "val" / "red").rename(tmp_path / "val" / "images")
    said = f"{tmp_path / 'val'}: has no class folder blue, red, which {tmp_path / 'train'} has: must have it"
    assert refusal(split_of, tmp_path, 0.2) == said


# Damaged pictures


@pytest.fixture
def partly(tmp_path) -> tuple[Path, dict[str, Path]]:
    """A tree with damaged pictures at the start, in the middle and at the end of its parts."""
    for part in ("train", "val"):
        numbered(tmp_path / part, a=4, b=4, c=4)
    names = {"first": "train/a/0.png", "middle": "train/b/2.png", "last": "train/c/3.png", "test": "val/b/1.png"}
    return tmp_path, {key: damage(tmp_path / name) for key, name in names.items()}


@pytest.mark.parametrize("few", [0, 2000], ids=["in processes", "in this one"])
def test_damaged_pictures_are_counted_and_named_and_stop_the_run(partly, monkeypatch, few):
    monkeypatch.setattr(pictures, "FEW", few)
    root, damaged = partly
    said = refusal(load, look_at(root, size=4))
    assert said.startswith(f"{root / 'train'}: 4 of its pictures cannot be read: {damaged['first']} (")
    assert f"), {damaged['middle']} (" in said
    assert said.endswith(") and 1 more; delete them, or leave them out with folder.damaged = skip")


@pytest.mark.parametrize("few", [0, 2000], ids=["in processes", "in this one"])
def test_damaged_pictures_are_skipped_and_the_labels_stay_right(partly, monkeypatch, few):
    monkeypatch.setattr(pictures, "FEW", few)
    root, damaged = partly
    folder = look_at(root, size=4, damaged="skip")
    assert folder.images_per_class == 3
    with pytest.warns(DamagedWarning, match="4 pictures cannot be read and are left out: ") as caught:
        loaded = load(folder)
    assert str(damaged["first"]) in str(caught[0].message)
    assert pairs(loaded.train) == [(11, 0), (12, 0), (13, 0), (20, 1), (21, 1), (23, 1), (30, 2), (31, 2), (32, 2)]
    assert [value for value, _ in pairs(loaded.test)] == [10, 11, 12, 13, 20, 22, 23, 30, 31, 32, 33]
    assert all(value // 10 == label + 1 for value, label in pairs(loaded.test))


def test_the_smallest_class_is_the_one_with_the_fewest_pictures_that_can_be_read(tmp_path):
    for part in ("train", "val"):
        numbered(tmp_path / part, a=5, b=4, c=6)
    for k in range(3):
        damage(tmp_path / "train" / "c" / f"{k + 1}.png")
    assert look_at(tmp_path, size=4).images_per_class == 4
    assert look_at(tmp_path, size=4, damaged="skip").images_per_class == 3


def test_whole_pictures_are_no_cause_for_a_warning(tmp_path, recwarn):
    load(look_at(numbered(tmp_path, a=3, b=3), size=4, damaged="skip"))
    assert list(recwarn) == []


def test_a_class_of_which_nothing_can_be_read_is_named(tmp_path):
    numbered(tmp_path, a=3, b=2)
    split_of(tmp_path, 0.2)
    for k in range(2):
        damage(tmp_path / "b" / f"{k}.png")
    said = refusal(look_at, tmp_path, size=4, damaged="skip")
    assert said.startswith(f"{tmp_path}: class b has no picture that can be read: {tmp_path / 'b'}/")


def test_a_class_of_which_nothing_can_be_tested_is_refused_too(tmp_path):
    for part in ("train", "val"):
        numbered(tmp_path / part, a=2, b=2)
    folder = look_at(tmp_path, size=4, damaged="skip")
    for k in range(2):
        damage(tmp_path / "val" / "b" / f"{k}.png")
    with pytest.warns(DamagedWarning), pytest.raises(DataError, match=r"folder: test\.labels: images 0 of class 1"):
        load_dataset("folder", torch.device("cpu"), 0, folder)


def test_skipped_pictures_leave_the_kept_split_as_it_is(tmp_path):
    """Or the test pictures would change with what can be read today."""
    numbered(tmp_path, a=5, b=5)
    folder = look_at(tmp_path, size=4)
    whole = load(folder)
    value, label = pairs(whole.test)[0]
    damage(tmp_path / "ab"[label] / f"{value % 10}.png")
    with pytest.warns(DamagedWarning):
        left = load(folder.model_copy(update={"damaged": "skip"}))
    assert pairs(left.test) == pairs(whole.test)[1:]
    assert pairs(left.train) == pairs(whole.train)


# Runs


@pytest.fixture(scope="module")
def squares(tmp_path_factory) -> Path:
    return coloured(tmp_path_factory.mktemp("squares"), 20)


@pytest.fixture
def config(small, squares) -> RunConfig:
    """Enough training to tell colours apart."""
    training = {"epochs": 40, "milestones": []}
    folder = look_at(squares, size=8)
    return small.replace(dataset="folder", folder=folder, phases=2, training=training, method="icarl", budget=4)


def test_a_run_on_a_folder_learns_its_classes_and_names_them(config, squares, tmp_path):
    record, path = runs.run(config, tmp_path)
    order = record.class_order
    assert record.class_names == [sorted(COLOURS)[k] for k in order]
    assert sum(map(sum, record.results[-1].confusion)) == 16
    run = runs.load_run(path)
    new = load(look_at(coloured(tmp_path / "new", 10, seed=5), size=8)).train
    said = run.predict(new.images)
    truth = [sorted(COLOURS)[label] for label in new.labels.tolist()]
    assert said.names == [sorted(COLOURS)[k] for k in said.ids.tolist()]
    assert said.ids.tolist() == [order[k] for k in said.positions.tolist()]
    right = Counter(name for name, true in zip(said.names, truth, strict=True) if name == true)
    assert all(right[name] >= 7 for name in COLOURS), right  # of 8
    # The same configuration from its file is the same run.
    again, _ = runs.run(config, tmp_path)
    assert again == record


def test_a_run_on_damaged_pictures_stops_before_anything_is_written(config, tmp_path, capsys):
    root = coloured(tmp_path / "squares", 10)
    params = tmp_path / "params.yaml"
    params.write_text(config.replace(folder=look_at(root, size=8)).to_yaml())
    bad = [damage(root / "red" / "1.png"), damage(root / "blue" / "9.png")]
    assert cli.main(["run", str(params), "--out", str(tmp_path / "runs"), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert f"{root}: 2 of its pictures cannot be read" in said
    assert all(str(file) in said for file in bad)
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_moved_folder_is_the_same_data(squares, tmp_path):
    here = load(look_at(squares, size=8))
    os.symlink(squares, tmp_path / "moved")
    there: Loaded = load(look_at(tmp_path / "moved", size=8).model_copy(update={"path": str(tmp_path / "moved")}))
    for one, other in zip(here[:2], there[:2], strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)


# Within one process


def test_a_folder_is_read_once_as_long_as_its_files_are_the_same(tmp_path):
    folder = look_at(coloured(tmp_path), size=8)
    cpu = torch.device("cpu")
    first = load_dataset("folder", cpu, 0, folder)
    assert load_dataset("folder", cpu, 0, folder) is first
    Image.fromarray(np.full((8, 8, 3), 9, dtype=np.uint8)).save(tmp_path / "red" / "0.png")  # another picture
    second = load_dataset("folder", cpu, 0, folder)
    assert second is not first
    split = json.loads((tmp_path / FILE).read_text())
    split["train"]["red"][0], split["test"]["red"][0] = split["test"]["red"][0], split["train"]["red"][0]
    (tmp_path / FILE).write_text(json.dumps(split))  # the same pictures, another one tested on
    assert load_dataset("folder", cpu, 0, folder) is not second


def on_pictures(root: Path, tiny: RunConfig) -> RunConfig:
    """A run on a folder of few pictures, which are made."""
    for part, seed in (("train", 0), ("val", 1)):
        coloured(root / part, 6, seed)
    folder = look_at(root, size=8)
    return tiny.replace(dataset="folder", folder=folder.model_dump(), phases=1, exemplars="herding")


@pytest.mark.filterwarnings("ignore::mnemonics_lib.runs.RunWarning")
def test_a_run_on_pictures_that_changed_is_made_anew_in_the_same_process(tmp_path, tiny):
    config = on_pictures(tmp_path / "pictures", tiny)
    record, path = runs.run(config, tmp_path / "runs")
    assert runs.run(config, tmp_path / "runs") == (record, path)
    for part in ("train", "val"):
        red, blue, spare = (tmp_path / "pictures" / part / name for name in ("red", "blue", "spare"))
        red.rename(spare)
        blue.rename(red)
        spare.rename(blue)
    again, _ = runs.run(config, tmp_path / "runs")
    assert record.identity is not None
    assert again.identity is not None
    assert again.identity.data != record.identity.data


@pytest.mark.filterwarnings("ignore::mnemonics_lib.runs.RunWarning")
def test_renamed_classes_are_told_of(tmp_path, tiny):
    config = on_pictures(tmp_path / "pictures", tiny)
    record, path = runs.run(config, tmp_path / "runs")
    for part in ("train", "val"):
        (tmp_path / "pictures" / part / "red").rename(tmp_path / "pictures" / part / "rot")
    with pytest.warns(runs.RunWarning, match=r"calls classes as they were called when it was made: rot was red;"):
        assert runs.run(config, tmp_path / "runs") == (record, path)
    path.unlink()
    now, _ = runs.run(config, tmp_path / "runs")
    assert sorted(now.class_names or []) == ["blue", "green", "grey", "rot"]
    assert now.accuracy == record.accuracy
