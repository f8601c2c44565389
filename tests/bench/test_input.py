"""The benchmark of reading pictures reads the same ones in all ways; how fast is no test's business."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mnemonics_lib import __main__
from mnemonics_lib.bench import input as reading
from mnemonics_lib.bench.made_pictures import HEIGHT, WIDTH, make_pictures
from mnemonics_lib.data import stored


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(reading, "SIZE", 28)
    monkeypatch.setattr(reading, "BATCH", 4)
    monkeypatch.setattr(reading, "BATCHES", 2)
    monkeypatch.setattr(reading, "cores", lambda: 0)
    monkeypatch.setattr(stored, "cores", lambda: 0)


@pytest.fixture
def root(tmp_path) -> Path:
    """Three classes of two pictures, as ImageNet is unpacked; one file is no picture by its ending."""
    for number in range(6):
        file = tmp_path / "tree" / "train" / f"class {number % 3}" / f"{number}.jpeg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((40, 60, 3), 40 * number, dtype=np.uint8)).save(file)
    (tmp_path / "tree" / "val" / "class 0").mkdir(parents=True)
    (tmp_path / "tree" / "train" / "class 0" / "notes.txt").write_text("")
    return tmp_path / "tree"


def test_a_row_for_each_way_with_all_that_qualifies_it(quickly, root, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reading, "cores", lambda: 1)
    assert __main__.main(["bench", "input", "--root", str(root), "--json", str(tmp_path / "rows.json")]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    both = [(pictures, loop) for pictures in ("random views", "middles") for loop in ("ours", "usual")]
    assert [(row["pictures"], row["loop"]) for row in rows] == both
    for row in rows:
        assert 0 < row["low"] <= row["images_per_second"] <= row["high"]
        assert row["per_core"] == row["images_per_second"] / row["workers"]
        assert (row["rounds"], row["batch"], row["files"]) == (7, 4, 6)
        assert (row["width"], row["height"], row["made"], row["device"]) == (60, 40, False, "cpu")
    said = capsys.readouterr().out
    assert all(f"{row['images_per_second']:,.0f}" in said for row in rows)
    assert str(root) not in (tmp_path / "rows.json").read_text()


def test_all_ways_read_the_same_pictures_as_often(quickly, root):
    given = reading.Given(torch.device("cpu"), root)
    assert len(given.files) == 8
    assert {file.suffix for file in given.files} == {".jpeg"}
    assert len(set(given.files)) == 6
    assert {name: body() for name, body in given.loops().items()} == dict.fromkeys(given.loops(), 8)
    for data in (given.views, given.middles):
        levels = [image.mean(dim=(1, 2)) for image, _ in map(data.__getitem__, range(8))]
        ours = [image.mean(dim=(1, 2)) for images, _ in given.samples.parts(3) for image in images]
        assert torch.allclose(torch.stack(levels), torch.stack(ours), atol=1e-4)


def test_a_way_that_reads_fewer_pictures_has_no_speed(quickly, root, monkeypatch):
    monkeypatch.setattr(reading.Given, "ours_middles", lambda self, size: 7)
    with pytest.raises(RuntimeError, match="7 of 8 pictures arrived"):
        reading.rows(root=root, rounds=1)


def test_middles_are_the_same_pixels_and_come_in_evaluation_s_parts_too(quickly, root, monkeypatch):
    monkeypatch.setattr(reading, "part_size", lambda *_: 3)
    given = reading.Given(torch.device("cpu"), root)
    assert [key for key in given.loops() if key[2] == 3] == [("middles", "ours, evaluation's parts", 3)]
    ours = torch.cat([images for images, _ in given.samples.parts(3)])
    assert torch.allclose(
        ours, torch.stack([image for image, _ in map(given.middles.__getitem__, range(8))]), atol=1e-5
    )


def test_made_pictures_are_of_imagenet_s_size_and_the_same_each_time(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        make_pictures(tmp_path / name, 8)
    files = sorted((tmp_path / "one").rglob("*.jpg"))
    assert len(files) == 8
    assert Image.open(files[0]).size == (WIDTH, HEIGHT) == (500, 375)
    assert 90_000 < statistics.mean(file.stat().st_size for file in files) < 130_000
    for file in files:
        assert file.read_bytes() == (tmp_path / "other" / file.relative_to(tmp_path / "one")).read_bytes()


def test_pictures_are_made_where_none_are_given(quickly, monkeypatch):
    monkeypatch.setattr(reading, "MADE", 4)
    monkeypatch.setattr(reading, "cores", lambda: 1)
    rows = reading.rows(rounds=1)
    assert {(row["made"], row["files"], row["width"]) for row in rows} == {(True, 4, 500)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["input", "--root", "/nowhere"], "/nowhere: not there: must be a folder of class folders"),
        (["training", "--root", "/nowhere"], "root = /nowhere: must be left out but for bench input"),
    ],
)
def test_what_cannot_be_read_is_refused(arguments, message, capsys):
    assert __main__.main(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err
