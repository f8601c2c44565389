"""What a folder of pictures is said to hold is what was put there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.folder import look_at
from mnemonics_lib.inspection.of_folder import inspect_folder, lines


@pytest.fixture
def pets(tmp_path, picture) -> Path:
    """Three cats and two dogs to train on, one of each to test on."""
    root = tmp_path / "pets"
    for number in range(3):
        picture(root / "train" / "cat" / f"{number}.png", number)
    for number in range(2):
        picture(root / "train" / "dog" / f"{number}.png", 10 + number, size=(8, 40))
    for number, name in enumerate(("cat", "dog")):
        picture(root / "val" / name / "0.png", 20 + number)
    return root


def said(root: Path, **options) -> list[str]:
    return list(lines(inspect_folder(root, **({"size": 16, "grey": False} | options))))


def test_a_whole_folder_is_counted(pets):
    assert said(pets) == [
        "classes: 2 (cat, dog)",
        "split: train/ and val/",
        "train: 5 pictures, 2 to 3 a class (median 2.5); shorter side 8 to 20 pixels (median 20)",
        "test: 2 pictures, 1 to 1 a class (median 1); shorter side 20 to 20 pixels (median 20)",
        "smaller than 16 pixels, so enlarged: 2",
        f"in memory: {7 * 3 * 256 / 1e6:,.1f} MB, as 3 x 16 x 16 bytes each",
    ]


def test_the_section_is_that_of_look_at(pets):
    assert inspect_folder(pets, 16, grey=True).folder == look_at(pets, 16, grey=True)


def test_what_cannot_be_read_is_named_and_not_counted(pets):
    (pets / "train" / "cat" / "1.png").write_bytes(b"no picture")
    report = inspect_folder(pets, 16, grey=False)
    assert list(report.train.damaged) == [pets / "train" / "cat" / "1.png"]
    assert report.train.counts == {"cat": 2, "dog": 2}
    assert (report.folder.images_per_class, report.folder.damaged) == (2, "skip")
    assert report.folder == look_at(pets, 16, damaged="skip")
    assert any(line.startswith("damaged in train: 1: ") and "1.png (is of no format" in line for line in lines(report))


def test_a_class_of_which_nothing_can_be_read_is_refused(pets):
    (pets / "val" / "dog" / "0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"val: of class dog no picture can be read"):
        inspect_folder(pets, 16, grey=False)


def test_a_test_picture_that_is_trained_on_is_named(pets):
    copy = pets / "val" / "cat" / "again.png"
    copy.write_bytes((pets / "train" / "dog" / "1.png").read_bytes())
    report = inspect_folder(pets, 16, grey=False)
    assert report.twins == [(copy, pets / "train" / "dog" / "1.png")]
    assert any(line.startswith("in test and in train, pixel for pixel: 1: ") for line in lines(report))


def test_what_is_left_out_is_named(pets, picture):
    picture(pets / "train" / "loose.png", 5)
    (pets / "train" / "cat" / "notes.txt").write_text("")
    report = inspect_folder(pets, 16, grey=False)
    assert (report.loose, report.others) == ([pets / "train" / "loose.png"], [pets / "train" / "cat" / "notes.txt"])
    ends = [line.partition(":")[0] for line in lines(report)]
    assert {"no pictures by their ending, left out", "in no class folder, left out"} <= set(ends)


@pytest.mark.filterwarnings("ignore::mnemonics_lib.data.held_out.HeldOutWarning")
def test_a_split_that_is_made_and_one_that_was_there_are_told_apart(tmp_path, picture):
    for number in range(10):
        picture(tmp_path / "cat" / f"{number}.png", number)
        picture(tmp_path / "dog" / f"{number}.png", 20 + number)
    first, second = said(tmp_path, held_out=0.3), said(tmp_path)
    assert first[1] == "split: mnemonics-split.json, made now, with 30% of each class held out"
    assert second[1] == "split: mnemonics-split.json, which was there"
    assert first[2:] == second[2:]
    assert "test: 6 pictures, 3 to 3 a class" in first[3]
