"""Exemplars as files: what is written is read back, by us and by others; damage and bad input are named."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torchvision.datasets import ImageFolder

from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.exemplars.files import (
    load_png,
    load_safetensors,
    save_png,
    save_safetensors,
    tensors_to_png,
    tensors_to_safetensors,
)
from mnemonics_lib.exemplars.memory import ExemplarMemory

TENSORS = ("images", "origin", "labels", "rank")


def space(channels: int, white: int = 255) -> Pixels:
    """A pixel space whose channels differ, and whose numbers have no short decimal fraction."""
    channel = torch.arange(channels)[:, None, None]
    return Pixels(0.3 + channel / 7, 0.2 + channel / 11, white, pad=2, flip=channels == 3)


def exemplars(
    classes: int = 3,
    per_class: int = 2,
    shape: tuple[int, int, int] = (3, 4, 5),
    storage: str = "float32",
    seed: int = 0,
) -> ExemplarMemory:
    """Exemplars that have moved since they were selected, some beyond black and white."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(classes * per_class, *shape, generator=generator)
    memory = ExemplarMemory.empty(shape, torch.device("cpu"), storage)
    memory = memory.extend(images, torch.arange(classes).repeat_interleave(per_class))
    return replace(memory, images=images + 2 * torch.randn(images.shape, generator=generator))


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are of one type and shape and hold the same bytes, the sign of a zero included."""
    return one.dtype == other.dtype and one.shape == other.shape and one.numpy().tobytes() == other.numpy().tobytes()


def assert_same_space(one: Pixels, other: Pixels) -> None:
    assert same_bits(one.mean, other.mean)
    assert same_bits(one.std, other.std)
    assert (one.white, one.pad, one.flip) == (other.white, other.pad, other.flip)


# Round trips

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 3))
SHAPES = st.tuples(st.sampled_from([1, 3]), st.integers(1, 5), st.integers(1, 5))


@given(SIZES, SHAPES, st.integers(1, 255), st.sampled_from(["float32", "uint8"]), st.integers(0, 2**20))
@example((2, 2), (1, 8, 8), 16, "uint8", 0)
@example((2, 2), (3, 1, 1), 255, "float32", 0)
def test_a_folder_of_pngs_gives_back_what_uint8_storage_keeps(size, shape, white, storage, seed):
    pixels = space(shape[0], white)
    memory = exemplars(size[0], size[1], shape, storage, seed).stored(pixels)
    with tempfile.TemporaryDirectory() as directory:
        save_png(memory, pixels, directory)
        again, its_pixels, class_ids = load_png(directory)
    kept = replace(memory, storage="uint8").stored(pixels)
    assert same_bits(again.images, kept.images)
    assert same_bits(again.origin, kept.images)  # where displacement starts from
    assert same_bits(again.labels, memory.labels)
    assert same_bits(again.rank, memory.rank)
    assert again.storage == "uint8"
    assert_same_space(its_pixels, pixels)
    assert class_ids == list(range(size[0]))


@given(SIZES, st.tuples(*[st.integers(1, 5)] * 3), st.sampled_from(["float32", "uint8"]), st.integers(0, 2**20))
def test_a_safetensors_file_gives_the_memory_back_bit_for_bit(size, shape, storage, seed):
    pixels = space(shape[0])
    memory = exemplars(size[0], size[1], shape, storage, seed).stored(pixels)
    memory.images[0, 0, 0, 0] = -0.0
    with tempfile.TemporaryDirectory() as directory:
        save_safetensors(memory, pixels, Path(directory) / "exemplars.safetensors")
        again, its_pixels, class_ids = load_safetensors(Path(directory) / "exemplars.safetensors")
    for name in TENSORS:
        assert same_bits(getattr(again, name), getattr(memory, name)), name
    assert again.storage == storage
    assert_same_space(its_pixels, pixels)
    assert class_ids == list(range(size[0]))


@given(st.permutations(range(6)), st.integers(0, 3))
def test_exemplars_in_any_order_come_back_by_class_and_rank(order, first):
    memory = exemplars(3, 2, (1, 2, 2))
    memory = replace(memory, labels=memory.labels + first)  # of the classes first..first+2 alone
    index = torch.tensor(order)
    mixed = replace(memory, **{name: getattr(memory, name)[index] for name in TENSORS})
    with tempfile.TemporaryDirectory() as directory:
        save_png(mixed, space(1), directory)
        again, _, class_ids = load_png(directory)
        save_safetensors(mixed, space(1), Path(directory) / "file")
        exact, _, _ = load_safetensors(Path(directory) / "file")
    assert torch.equal(again.images, replace(memory, storage="uint8").stored(space(1)).images)
    assert again.labels.tolist() == memory.labels.tolist()
    assert again.rank.tolist() == memory.rank.tolist()
    assert class_ids == list(range(first + 3))
    assert same_bits(exact.images, mixed.images)  # the exact file keeps the order too


def test_the_same_exemplars_make_the_same_folder_byte_for_byte(tmp_path):
    found = []
    for directory in (tmp_path / "one", tmp_path / "other"):
        save_png(exemplars(), space(3), directory)
        found.append({path.relative_to(directory): path.read_bytes() for path in directory.rglob("*.*")})
    assert len(found[0]) == 7
    assert found[0] == found[1]


def test_what_was_read_can_be_trained_on_and_written_again(tmp_path):
    save_safetensors(exemplars(storage="uint8").stored(space(3)), space(3), tmp_path / "file")
    memory, pixels, class_ids = load_safetensors(tmp_path / "file")
    save_safetensors(exemplars(seed=1), space(3), tmp_path / "file")  # replaced: what was read is no window into it
    before = memory.images.clone()
    memory.images.add_(1)
    assert torch.equal(memory.images, before + 1)
    save_png(memory, pixels, tmp_path / "folder", class_ids)
    assert torch.equal(load_png(tmp_path / "folder")[0].images, memory.stored(pixels).images)


# What others find


def test_torchvision_reads_the_folder_in_the_order_of_the_memory(tmp_path):
    memory, pixels = exemplars(12, 11, (3, 2, 3)), space(3)  # more than ten of each: text must sort as numbers do
    save_png(memory, pixels, tmp_path)
    folder = ImageFolder(str(tmp_path))
    assert folder.classes == [f"{position:03d}-{position}" for position in range(12)]
    assert [label for _, label in folder.samples] == memory.labels.tolist()
    raw = torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image, _ in folder])
    assert torch.equal(raw, pixels.quantise(memory.images))


def test_grey_images_of_few_levels_are_spread_over_all_greys(tmp_path):
    memory, pixels = exemplars(1, 1, (1, 1, 17)), space(1, white=16)
    levels = torch.arange(17, dtype=torch.uint8).reshape(1, 1, 1, 17)
    save_png(replace(memory, images=pixels.normalise(levels)), pixels, tmp_path)
    image = Image.open(tmp_path / "000-0" / "000.png")
    assert (image.mode, image.size) == ("L", (17, 1))
    greys = np.array(image)[0].tolist()
    assert greys == [round(level * 255 / 16) for level in range(17)]
    assert (greys[0], greys[-1]) == (0, 255)


def test_folders_bear_names_or_class_ids_in_the_order_of_the_positions(tmp_path):
    memory, names = exemplars(), ["apple", "aquarium_fish", "baby", "sweet pepper", "tench, Tinca tinca"]
    save_png(memory, space(3), tmp_path / "named", class_ids=[4, 0, 3, 1], names=names)
    save_png(memory, space(3), tmp_path / "numbered", class_ids=[4, 0, 3, 1])
    named, numbered = (ImageFolder(str(tmp_path / name)).classes for name in ("named", "numbered"))
    assert named == ["000-tench, Tinca tinca", "001-apple", "002-sweet pepper"]
    assert numbered == ["000-4", "001-0", "002-3"]
    assert load_png(tmp_path / "named")[2] == [4, 0, 3, 1]  # of every class position, those without exemplars too


def test_the_manifest_says_what_undoes_the_normalisation_in_lines_a_person_can_read(tmp_path):
    pixels = space(3)
    save_png(exemplars(2), pixels, tmp_path, class_ids=[7, 5])
    text = (tmp_path / "exemplars.json").read_text()
    values = json.loads(text)
    assert len(values.pop("checksum")) == 64
    assert values == {
        "format": "mnemonics exemplars",
        "version": 2,
        "white": 255,
        "pad": 2,
        "flip": True,
        "class_ids": [7, 5],
        "mean": pixels.mean.flatten().tolist(),
        "std": pixels.std.flatten().tolist(),
        "shape": [3, 4, 5],
        "folders": {"000-7": [0, 1], "001-5": [0, 1]},
    }
    assert '    "000-7": [0, 1],\n' in text


def test_the_safetensors_file_explains_itself_without_this_library(tmp_path):
    memory, pixels = exemplars(2), space(3)
    save_safetensors(memory, pixels, tmp_path / "file", class_ids=[7, 5])
    with safe_open(tmp_path / "file", "pt") as file:
        metadata = file.metadata()
        assert len(metadata.pop("checksum")) == 64
        assert metadata == {
            "format": "mnemonics exemplars",
            "version": "2",
            "white": "255",
            "pad": "2",
            "flip": "true",
            "class_ids": "[7, 5]",
            "storage": "float32",
        }
    tensors = load_file(tmp_path / "file")
    assert sorted(tensors) == ["images", "labels", "mean", "origin", "rank", "std"]
    torch.testing.assert_close(
        tensors["images"] * tensors["std"] + tensors["mean"], memory.images * pixels.std + pixels.mean
    )


# Plain tensors


@pytest.mark.parametrize("as_given", [lambda c: c, lambda c: c.flatten(), lambda c: c.flatten().tolist()])
def test_plain_tensors_of_any_network_are_written_in_the_order_of_each_class(tmp_path, as_given):
    pixels, memory = replace(space(3, white=100), pad=0, flip=False), exemplars(2, 2)
    labels, order = torch.tensor([1, 0, 1, 0], dtype=torch.int32), torch.tensor([1, 3, 0, 2])
    images = memory.images.clone().requires_grad_()  # as they come out of training
    mean, std = as_given(pixels.mean), as_given(pixels.std)
    tensors_to_png(images, labels, mean, std, tmp_path / "folder", white=100, names=["cat", "dog"])
    tensors_to_safetensors(images, labels, mean, std, tmp_path / "file", white=100)
    folder, its_pixels, _ = load_png(tmp_path / "folder")
    exact, also_its_pixels, class_ids = load_safetensors(tmp_path / "file")
    assert_same_space(its_pixels, pixels)
    assert_same_space(also_its_pixels, pixels)
    assert ImageFolder(str(tmp_path / "folder")).classes == ["000-cat", "001-dog"]
    assert torch.equal(folder.images, pixels.normalise(pixels.quantise(memory.images))[order])
    assert folder.labels.tolist() == [0, 0, 1, 1]
    assert same_bits(exact.images, memory.images)
    assert exact.labels.tolist() == [1, 0, 1, 0]
    assert exact.rank.tolist() == [0, 0, 1, 1]
    assert class_ids == [0, 1]


def test_the_example_in_the_book_runs(tmp_path, root, monkeypatch):
    section = (root / "book" / "extend.md").read_text(encoding="utf-8").split("## Take the exemplars elsewhere")[1]
    example = section.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    memory = exemplars()
    run = SimpleNamespace(exemplars=memory, pixels=space(3), class_order=[0, 2, 1])
    values = {"run": run, "images": memory.images, "labels": memory.labels}
    exec(example, values | {"mean": [0.5] * 3, "std": [0.25] * 3})
    assert (tmp_path / "exemplars" / "001-2" / "000.png").is_file()
    assert ImageFolder(str(tmp_path / "mine")).classes == ["000-0", "001-1", "002-2"]


# Whole or not at all


def test_the_folder_that_a_process_is_in_stays_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_png(exemplars(), space(3), ".")
    assert (Path.cwd() / "exemplars.json").is_file()
    assert len(load_png(".")[0]) == len(exemplars())


def test_a_folder_that_is_not_empty_is_refused_by_name_and_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(
        FileExistsError, match=rf"directory = {tmp_path}: is not empty; must be a new folder or an empty"
    ):
        save_png(exemplars(), space(3), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(NotADirectoryError, match=r"mine.txt: is a file; must be a new folder"):
        save_png(exemplars(), space(3), tmp_path / "mine.txt")
    with pytest.raises(IsADirectoryError, match=rf"path = {tmp_path}: is a folder; must be a file"):
        save_safetensors(exemplars(), space(3), tmp_path)


def test_a_failure_half_way_leaves_nothing_behind(tmp_path, monkeypatch):
    written: list[Path] = []

    def full_disk(image: Any, path: Path, **_: Any) -> None:
        if len(written) == 4:
            raise OSError("No space left on device")
        written.append(path)
        path.write_bytes(b"")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_png(exemplars(), space(3), tmp_path / "new" / "folder")
    assert len(written) == 4
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_is_replaced_only_once_the_new_one_is_whole(tmp_path, monkeypatch):
    save_safetensors(exemplars(), space(3), tmp_path / "file")
    before = (tmp_path / "file").read_bytes()

    def full_disk(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_safetensors(exemplars(seed=1), space(3), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    monkeypatch.undo()
    save_safetensors(exemplars(seed=1), space(3), tmp_path / "file")
    assert same_bits(load_safetensors(tmp_path / "file")[0].images, exemplars(seed=1).images)


def test_parents_are_made_and_others_may_read_as_the_umask_says(tmp_path):
    (tmp_path / "mine").touch()
    save_png(exemplars(), space(3), tmp_path / "a" / "folder")
    save_safetensors(exemplars(), space(3), tmp_path / "b" / "file")
    usual = (tmp_path / "mine").stat().st_mode & 0o777
    assert (tmp_path / "b" / "file").stat().st_mode & 0o777 == usual
    assert (tmp_path / "a" / "folder" / "exemplars.json").stat().st_mode & 0o777 == usual
    assert (tmp_path / "a" / "folder").stat().st_mode & 0o077 == (tmp_path / "a").stat().st_mode & 0o077


# Bad input


def with_nan(memory: ExemplarMemory) -> ExemplarMemory:
    return replace(memory, images=memory.images.index_fill(0, torch.tensor([1]), float("nan")))


BAD_MEMORIES: dict[str, tuple[Callable[[ExemplarMemory], ExemplarMemory], str]] = {
    "bytes": (
        lambda m: replace(m, images=m.images.to(torch.uint8)),
        r"images: torch.uint8 of shape \[6, 3, 4, 5\]: must be torch.float32 of shape \[n, c, h, w\]",
    ),
    "double": (lambda m: replace(m, images=m.images.double()), "images: torch.float64 .*: must be torch.float32"),
    "one image": (lambda m: replace(m, images=m.images[0]), r"images: .* of shape \[3, 4, 5\]: must be"),
    "none": (lambda m: m.shrink(0), r"images: .* of shape \[0, 3, 4, 5\]: must be .* at least one"),
    "fewer labels": (
        lambda m: replace(m, labels=m.labels[1:]),
        r"labels: torch.int64 of shape \[5\]: must be torch.int64 of shape \[6\], one for each image",
    ),
    "float labels": (lambda m: replace(m, labels=m.labels.float()), "labels: torch.float32 .*: must be torch.int64"),
    "fewer ranks": (lambda m: replace(m, rank=m.rank[1:]), r"rank: .* of shape \[5\]: must be .* of shape \[6\]"),
    "negative label": (lambda m: replace(m, labels=m.labels - 1), "labels: holds -1 to 1: must be 0 to"),
    "huge label": (lambda m: replace(m, labels=m.labels + 10**12), "labels: holds 1000000000000 to .*: must be 0 to"),
    "rank twice": (lambda m: replace(m, rank=m.rank * 0), "rank: 2 exemplars of class 0 have rank 0: must have a rank"),
    "origin": (lambda m: replace(m, origin=m.origin[1:]), r"origin: .*\[5, 3, 4, 5\]: must be as images are, .*\[6, 3"),
    "nan": (with_nan, "images: holds NaN or infinity: must be finite"),
}


@pytest.mark.parametrize("save", [save_png, save_safetensors])
@pytest.mark.parametrize("case", BAD_MEMORIES)
def test_exemplars_that_cannot_be_written_are_named(tmp_path, save, case):
    spoil, message = BAD_MEMORIES[case]
    with pytest.raises(ValueError, match=message):
        save(spoil(exemplars()), space(3), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [save_png, save_safetensors])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": torch.zeros(1, 1, 1), "std": torch.ones(1, 1, 1)}, r"mean: .*\[1, 1, 1\].*: must be .*\[3, 1, 1\]"),
        (
            {"mean": torch.zeros(3, 1, 1).double(), "std": torch.ones(3, 1, 1).double()},
            r"mean: torch.float64 .*: must be torch.float32 of shape \[3, 1, 1\]",
        ),
    ],
)
def test_a_pixel_space_that_cannot_be_written_is_named(tmp_path, save, change, message):
    pixels = replace(space(3), **change)  # which may be, and is no space of these exemplars
    with pytest.raises(ValueError, match=message):
        save(exemplars(), pixels, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_storage_that_there_is_not_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"storage = 'int4': .*'float32' or 'uint8'"):
        save_safetensors(exemplars(storage="int4"), space(3), tmp_path / "new")


@pytest.mark.parametrize("channels", [2, 4])
def test_channels_that_a_png_of_ours_does_not_hold_are_named(tmp_path, channels):
    with pytest.raises(ValueError, match=rf"images: {channels} channels: a PNG of ours holds 1 .* or 3"):
        save_png(exemplars(shape=(channels, 2, 2)), space(channels), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [save_png, save_safetensors])
@pytest.mark.parametrize(
    ("class_ids", "message"),
    [
        ([1, 2], "class_ids: 2 of them: must be at least 3, one for each class position"),
        ([1, 2, 1], r"class_ids = \[1, 2, 1\]: must be distinct"),
        ([1, 2, -1], r"class_ids = \[1, 2, -1\]: must be distinct, and 0 to"),
        (["a", "b", "c"], r"class_ids = \['a', 'b', 'c'\]: must be integers"),
    ],
)
def test_class_ids_that_do_not_fit_are_named(tmp_path, save, class_ids, message):
    with pytest.raises(ValueError, match=message):
        save(exemplars(), space(3), tmp_path / "new", class_ids)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\\b", "end.", "end ", "a:b", "line\nbreak", "x" * 200, "é" * 99])
def test_a_name_that_is_no_folder_somewhere_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"names: .*: must be the name of a folder on every system: letters, digits"):
        save_png(exemplars(1), space(3), tmp_path / "new", names=[name])
    assert list(tmp_path.iterdir()) == []


def test_too_few_names_are_told(tmp_path):
    with pytest.raises(ValueError, match="names: 3 of them: must have one for class id 9"):
        save_png(exemplars(), space(3), tmp_path / "new", class_ids=[0, 9, 1], names=["a", "b", "c"])


@pytest.mark.parametrize("labels", [torch.zeros(6), torch.zeros(6, 1, dtype=torch.int64), torch.ones(6) > 0])
def test_plain_labels_that_are_no_row_of_integers_are_named(tmp_path, labels):
    with pytest.raises(ValueError, match=r"labels: torch.* of shape .*: must be integers of shape \[n\]"):
        tensors_to_png(exemplars().images, labels, [0.0] * 3, [1.0] * 3, tmp_path / "new")


def test_plain_tensors_of_other_lengths_are_named(tmp_path):
    images, labels = exemplars().images, exemplars().labels
    with pytest.raises(ValueError, match=r"labels: torch.int64 of shape \[5\]: must be .* of shape \[6\]"):
        tensors_to_png(images, labels[1:], [0.0] * 3, [1.0] * 3, tmp_path / "new")
    with pytest.raises(ValueError, match=r"mean: .* of shape \[2, 1, 1\].*one number for each channel"):
        tensors_to_safetensors(images, labels, [0.0] * 2, [1.0] * 3, tmp_path / "new")


# Damaged files


def manifest_with(directory: Path, **change: Any) -> None:
    path = directory / "exemplars.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def drop_field(directory: Path) -> None:
    path = directory / "exemplars.json"
    values = json.loads(path.read_text())
    del values["mean"]
    path.write_text(json.dumps(values))


def rewrite(directory: Path, image: Image.Image) -> None:
    image.save(directory / "001-1" / "001.png")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no json": (lambda d: (d / "exemplars.json").write_text("{"), "exemplars.json: Expecting"),
    "no text": (lambda d: (d / "exemplars.json").write_bytes(b"\xff"), "exemplars.json: .*can't decode"),
    "no object": (lambda d: (d / "exemplars.json").write_text("[]"), "exemplars.json: version = None: must be 2"),
    "newer": (lambda d: manifest_with(d, version=1, more=3), "exemplars.json: version = 1: must be 2, the one"),
    "another format": (lambda d: manifest_with(d, format="x"), "exemplars.json: format = 'x': .*mnemonics exemplars"),
    "field missing": (drop_field, "exemplars.json: mean: Field required"),
    "unknown field": (lambda d: manifest_with(d, colour=1), "exemplars.json: colour = 1: Extra inputs"),
    "text": (lambda d: manifest_with(d, white="255"), "exemplars.json: white = '255': .*integer"),
    "one mean": (
        lambda d: manifest_with(d, mean=[0.1]),
        r"exemplars.json: mean: .*\[1, 1, 1\].*: must be .*\[3, 1, 1\]",
    ),
    "huge mean": (lambda d: manifest_with(d, mean=[1e300] * 3), "exemplars.json: mean: .*inf.*finite"),
    "nan": (lambda d: manifest_with(d, mean=[float("nan")] * 3), "exemplars.json: mean.0 = nan: .*finite"),
    "no std": (lambda d: manifest_with(d, std=[0.0] * 3), "exemplars.json: std = .*: must be larger than 0"),
    "channels": (lambda d: manifest_with(d, shape=[2, 4, 5]), "exemplars.json: images: 2 channels"),
    "no folders": (lambda d: manifest_with(d, folders={}), "exemplars.json: folders = {}: .*at least 1"),
    "no ranks": (
        lambda d: manifest_with(d, folders={"000-0": []}),
        r"exemplars.json: folders.000-0 = \[\]: .*at least 1",
    ),
    "same rank": (lambda d: manifest_with(d, folders={"000-0": [1, 1]}), "exemplars.json: .*must not repeat a number"),
    "elsewhere": (lambda d: manifest_with(d, folders={"000-/../../x": [0]}), "exemplars.json: .*must be the name of a"),
    "class ids": (
        lambda d: manifest_with(d, class_ids=[1, 2]),
        "exemplars.json: class_ids: 2 of them: must be at least 3",
    ),
    "missing": (lambda d: os.remove(d / "001-1" / "001.png"), "001-1/001.png: is missing; the folder must be as"),
    "two missing": (
        lambda d: shutil.rmtree(d / "001-1"),
        r"001-1/000.png: is missing \(and 1 more\)",
    ),
    "extra": (lambda d: (d / "001-1" / "002.png").touch(), "001-1/002.png: is not in exemplars.json"),
    "extra jpg": (lambda d: (d / "001-1" / "a.jpg").touch(), "001-1/a.jpg: is not in exemplars.json"),
    "extra class": (
        lambda d: shutil.copytree(d / "000-0", d / "new"),
        r"new/000.png: is not in exemplars.json \(and 1 more\)",
    ),
    "size": (lambda d: rewrite(d, Image.new("RGB", (4, 5))), "001-1/001.png: is RGB, 4 x 5; must be RGB, 5 x 4"),
    "grey": (lambda d: rewrite(d, Image.new("L", (5, 4))), "001-1/001.png: is L, 5 x 4; must be RGB, 5 x 4"),
    "level": (
        lambda d: rewrite(d, Image.new("RGB", (5, 4), (0, 8, 0))),
        "001-1/001.png: holds the grey 8; must hold only",
    ),
    "no png": (lambda d: (d / "001-1" / "001.png").write_text("png"), "001-1/001.png: is no PNG that can be read"),
    "cut short": (lambda d: cut_short(d / "001-1" / "001.png"), "001-1/001.png: is no PNG that can be read"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_folder_is_refused_and_what_is_wrong_is_named(tmp_path, case):
    damage, message = DAMAGES[case]
    save_png(exemplars(), space(3, white=16), tmp_path)
    load_png(tmp_path)
    damage(tmp_path)
    with pytest.raises(ValueError, match=message):
        load_png(tmp_path)


def test_files_of_the_desktop_and_notes_beside_the_folders_do_no_harm(tmp_path):
    save_png(exemplars(), space(3), tmp_path)
    (tmp_path / "001-1" / ".DS_Store").touch()
    (tmp_path / "README.txt").write_text("exemplars of a run")
    assert len(load_png(tmp_path)[0]) == 6


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"directory = .*none: must be a folder that save_png wrote; there is none"
    ):
        load_png(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"exemplars.json: is not there; a folder that save_png wrote has it"):
        load_png(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"path = .*none: must be a file that save_safetensors wrote"):
        load_safetensors(tmp_path / "none")


def resave(path: Path, drop: str = "", metadata: dict[str, str] | None = None, **change: Tensor) -> None:
    """Write the file again with other tensors or other metadata."""
    with safe_open(path, "pt") as file:
        was = file.metadata()
    tensors = {name: tensor for name, tensor in {**load_file(path), **change}.items() if name != drop}
    save_file(tensors, path, {**was, **(metadata or {})})


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda p: p.write_bytes(b""), "file: Error while deserializing header"),
    "cut short": (cut_short, "file: Error while deserializing header"),
    "foreign": (lambda p: save_file({"weight": torch.ones(1)}, p), "file: version = None: must be 2"),
    "newer": (lambda p: resave(p, metadata={"version": "3"}), "file: version = 3: must be 2"),
    "format": (lambda p: resave(p, metadata={"format": "pt"}), "file: format = 'pt'"),
    "no json": (lambda p: resave(p, metadata={"white": "w"}), "file: Expecting value"),
    "text": (lambda p: resave(p, metadata={"white": '"255"'}), "file: white = '255': .*integer"),
    "more": (lambda p: resave(p, metadata={"colour": "1"}), "file: colour = 1: Extra inputs"),
    "no rank": (lambda p: resave(p, drop="rank"), r"file: tensors = \['images', .*: must be \['images', .*'rank'"),
    "extra": (lambda p: resave(p, weight=torch.ones(1)), r"file: tensors = .*'weight'\]: must be"),
    "labels": (
        lambda p: resave(p, labels=torch.zeros(5, dtype=torch.int64)),
        r"file: labels: .*\[5\]: must be .*\[6\]",
    ),
    "halves": (lambda p: resave(p, images=torch.zeros(6, 3, 4, 5).half()), "file: images: torch.float16 .*: must be"),
    "mean": (lambda p: resave(p, mean=torch.zeros(3)), r"file: mean: .*\[3\].*: must be .*\[3, 1, 1\]"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_damaged_safetensors_file_is_refused_and_what_is_wrong_is_named(tmp_path, case):
    damage, message = SPOILT[case]
    save_safetensors(exemplars(), space(3), tmp_path / "file")
    damage(tmp_path / "file")
    with pytest.raises(ValueError, match=message):
        load_safetensors(tmp_path / "file")


@pytest.mark.parametrize("change", [{"mean": [0.5, 0.5, 0.5]}, {"pad": 3}, {"white": 8}, {"flip": False}])
def test_a_manifest_that_says_something_else_that_could_be_is_noticed(tmp_path, change):
    save_png(exemplars(), space(3, white=16), tmp_path)
    manifest_with(tmp_path, **change)
    with pytest.raises(ValueError, match=r"exemplars\.json: checksum = .*changed or damaged|holds the grey"):
        load_png(tmp_path)


def test_an_image_in_the_place_of_another_is_noticed(tmp_path):
    save_png(exemplars(), space(3), tmp_path)
    shutil.copy(tmp_path / "000-0" / "000.png", tmp_path / "001-1" / "001.png")
    with pytest.raises(ValueError, match=r"exemplars\.json: checksum = .*changed or damaged"):
        load_png(tmp_path)


@given(st.integers(0, 2**40), st.integers(0, 7))
def test_a_flipped_bit_of_a_safetensors_file_never_gives_other_exemplars(place, bit):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "file"
        save_safetensors(exemplars(), space(3), path)
        before = load_safetensors(path)
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= 1 << bit
        path.write_bytes(content)
        with contextlib.suppress(ValueError):
            memory, pixels, ids = load_safetensors(path)  # white space in the header became another
            assert torch.equal(memory.images, before[0].images)
            assert (pixels.white, ids) == (before[1].white, before[2])


@given(st.data())
def test_a_changed_byte_of_an_image_never_gives_another_image(data):
    with tempfile.TemporaryDirectory() as directory:
        save_png(exemplars(1, 1), space(3), directory)
        before = load_png(directory)[0].images
        path = Path(directory) / "000-0" / "000.png"
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        if at < len(content) - 12:  # all but the mark of the end
            with pytest.raises(ValueError, match=r"000-0/000.png: is"):
                load_png(directory)
        else:
            with contextlib.suppress(ValueError):
                assert torch.equal(load_png(directory)[0].images, before)


def test_labels_and_numbers_that_are_none_are_named(tmp_path):
    images, labels = torch.zeros(2, 1, 3, 3), torch.arange(2)
    for save in (tensors_to_png, tensors_to_safetensors):
        with pytest.raises(ValueError, match="labels: list: must be a tensor of integers"):
            save(images, labels.tolist(), [0.5], [0.2], tmp_path / "a")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="mean = 'grey': must be numbers, one for each channel"):
            save(images, labels, "grey", [0.2], tmp_path / "a")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="std = "):
            save(images, labels, [0.5], [None], tmp_path / "a")  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())
