"""Which files of a folder are pictures, and of which class: those of torchvision's ``ImageFolder``, less the junk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.tree import (
    ClassFolders,
    class_folders,
    is_picture,
    parts,
    require_pictures,
    require_same_classes,
    require_two_classes,
)

ODD = ["two words", "Ünïcödé 漢字", 'it\'s "quoted"', "100%d %(x)s", "-rf", "a\nb", "#!&;$(x)*?[0]", "e\u0301", "x.jpg"]


def made(root: Path, *names: str) -> Path:
    """A folder with these files; whether a file is a picture is seen from its name alone."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def below(folders: ClassFolders) -> dict[str, list[str]]:
    """Class -> its pictures, as paths below the class folder."""
    return {
        name: [str(file.relative_to(folders.root / name)) for file in files] for name, files in folders.files.items()
    }


def test_classes_are_the_sorted_folders_and_pictures_go_by_their_ending(tmp_path):
    made(tmp_path, "b/1.png", "b/2.JPG", "b/0.JpEg", "B/x.webp", "a10/x.tif", "a9/x.pgm", "a9/notes.txt", "a9/y.gif")
    folders = class_folders(made(tmp_path, "loose.png", "read me.txt"))
    assert list(folders.files) == ["B", "a10", "a9", "b"]
    assert below(folders) == {"B": ["x.webp"], "a10": ["x.tif"], "a9": ["x.pgm"], "b": ["0.JpEg", "1.png", "2.JPG"]}
    assert folders.others == [tmp_path / "a9" / "notes.txt", tmp_path / "a9" / "y.gif"]
    assert folders.loose == [tmp_path / "loose.png"]
    assert folders.root == tmp_path


def test_pictures_lie_as_deep_as_those_of_tiny_imagenet(tmp_path):
    made(tmp_path, "n01/images/n01_0.JPEG", "n01/images/more/1.png", "n01/n01_boxes.txt", "n02/0.png")
    folders = class_folders(tmp_path)
    assert below(folders) == {"n01": ["images/more/1.png", "images/n01_0.JPEG"], "n02": ["0.png"]}
    assert folders.others == [tmp_path / "n01" / "n01_boxes.txt"]


@pytest.mark.parametrize("folder", [".ipynb_checkpoints", "__MACOSX", ".git"])
def test_what_programs_leave_behind_is_no_class_and_no_picture(tmp_path, folder):
    made(tmp_path, "a/1.png", "b/1.png", f"{folder}/1.png", f"a/{folder}/1-checkpoint.png", f"a/deep/{folder}/x/1.png")
    made(tmp_path, "a/._1.png", "b/.hidden.jpg", "b/Thumbs.db", "b/desktop.ini", "b/.DS_Store", "._2.png")
    folders = class_folders(tmp_path)
    assert below(folders) == {"a": ["1.png"], "b": ["1.png"]}
    assert (folders.others, folders.loose) == ([], [])


@pytest.mark.parametrize("name", ODD)
def test_any_name_that_is_text_may_be_a_class_and_a_picture(tmp_path, name):
    made(tmp_path, f"{name}/{name}.png", "zebra/1.png")
    folders = class_folders(tmp_path)
    assert below(folders)[name] == [f"{name}.png"]
    require_pictures(folders)


def test_classes_and_labels_are_those_of_torchvision(tmp_path):
    """On a folder without junk, of which ImageFolder would make classes."""
    grey = Image.fromarray(np.zeros((2, 2), dtype=np.uint8))
    for name in [*ODD, "Zebra", "zebra", "10", "9", "n02/images", "n02/more/images"]:
        for file in ("1.png", "B.PNG", "c.JPeG", "no.txt"):
            made(tmp_path, f"{name}/{file}")
            grey.save(tmp_path / name / file, format="PNG")
    theirs = ImageFolder(str(tmp_path))
    folders = class_folders(tmp_path)
    assert list(folders.files) == theirs.classes
    ours = [(str(file), label) for label, files in enumerate(folders.files.values()) for file in files]
    assert sorted(ours) == sorted(theirs.samples)
    assert len(ours) == 3 * (len(ODD) + 6)
    assert all(files == sorted(files) for files in folders.files.values())


def test_every_ending_that_torchvision_takes_is_taken_and_no_other(tmp_path):
    taken = [".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"]
    for ending in taken:
        assert is_picture(Path(f"x{ending}"))
        assert is_picture(Path(f"x.y{ending.upper()}"))
    for name in ("x.gif", "x.npy", "x", "jpg", "x.jpg.txt", "x.jpg "):
        assert not is_picture(Path(name))


# Links


def test_a_link_to_a_folder_is_a_class_and_one_inside_a_class_is_followed(tmp_path):
    outside = made(tmp_path / "outside", "1.png", "sub/2.png")
    root = made(tmp_path / "root", "a/0.png")
    (root / "b").symlink_to(outside)
    (root / "a" / "more").symlink_to(outside / "sub")
    (root / "a" / "9.png").symlink_to(outside / "1.png")
    assert below(class_folders(root)) == {"a": ["0.png", "9.png", "more/2.png"], "b": ["1.png", "sub/2.png"]}


def test_links_that_lead_back_end_and_give_no_class_the_pictures_of_another(tmp_path):
    root = made(tmp_path / "root", "a/0.png", "a/sub/1.png", "b/0.png")
    (root / "a" / "here").symlink_to(root / "a")
    (root / "a" / "sub" / "up").symlink_to("..")
    (root / "b" / "all").symlink_to(root)
    (root / "b" / "above").symlink_to(tmp_path)
    (root / "b" / "self").symlink_to("self")
    (root / "nowhere").symlink_to("nowhere")
    folders = class_folders(root)
    assert below(folders) == {"a": ["0.png", "sub/1.png"], "b": ["0.png"]}
    # The same where the folder itself is reached by a link.
    (tmp_path / "link").symlink_to(root)
    assert below(class_folders(tmp_path / "link")) == below(folders)


def test_a_folder_reached_twice_in_a_class_is_read_once(tmp_path):
    made(tmp_path, "a/one/1.png", "b/1.png")
    (tmp_path / "a" / "two").symlink_to("one")
    assert below(class_folders(tmp_path)) == {"a": ["one/1.png"], "b": ["1.png"]}


def test_a_link_to_nothing_is_a_picture_that_cannot_be_read_later(tmp_path):
    made(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "2.png").symlink_to("gone.png")
    (tmp_path / "c").symlink_to("gone")
    assert below(class_folders(tmp_path)) == {"a": ["1.png", "2.png"], "b": ["1.png"]}


# What is refused


def refusal(call, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_folder_of_class_folders_is_refused_by_what_it_is(tmp_path):
    file = made(tmp_path, "file.png") / "file.png"
    assert (
        refusal(class_folders, tmp_path / "gone")
        == f"{tmp_path / 'gone'}: not there: must be a folder of class folders"
    )
    assert refusal(class_folders, file) == f"{file}: is a file: must be a folder of class folders"
    must = "must have a folder of pictures for each class"
    loose = made(tmp_path / "loose", "1.png", "2.jpg", "x.txt", ".hidden/1.png")
    assert refusal(class_folders, loose) == f"{loose}: has no class folder (it has 2 pictures): {must}"
    (empty := tmp_path / "empty").mkdir()
    assert refusal(class_folders, empty) == f"{empty}: has no class folder (it is empty): {must}"
    texts = made(tmp_path / "texts", "x.txt")
    assert refusal(class_folders, texts) == f"{texts}: has no class folder (it has files alone): {must}"


def test_a_class_whose_name_is_no_text_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    said = refusal(class_folders, tmp_path)
    assert said == f"{tmp_path}: class folder 'caf\\udce9': the name must be UTF-8; rename it"
    said.encode()  # so it can be printed


def test_a_folder_that_may_not_be_read_is_named_and_not_left_out(tmp_path, monkeypatch):
    made(tmp_path, "a/1.png", "a/locked/2.png", "b/1.png")
    scandir = os.scandir

    def locked(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    said = refusal(class_folders, tmp_path)
    assert said.startswith(f"{tmp_path / 'a' / 'locked'}: cannot be read (Permission denied)")


def test_classes_with_too_few_pictures_are_named_with_what_they_have(tmp_path):
    folders = class_folders(made(tmp_path, "a/1.png", "a/2.png", "b/1.png", "c/1.gif", "c/2.GIF", "c/x", "b/y.txt"))
    (tmp_path / "d").mkdir()
    folders = class_folders(tmp_path)
    one, two = refusal(require_pictures, folders), refusal(require_pictures, folders, 2)
    endings = ".jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp"
    assert one == (
        f"{tmp_path}: class c has 0, d has 0: must have a picture each ({endings}); what is there ends in .gif, no "
        "ending"
    )
    assert two == (
        f"{tmp_path}: class b has 1, c has 0, d has 0: must have at least 2 pictures each ({endings}); what is there "
        "ends in .gif, .txt, no ending"
    )
    made(tmp_path, "b/2.png", "c/1.png", "d/1.png")
    require_pictures(class_folders(tmp_path))
    assert "class c has 1, d has 1: must" in refusal(require_pictures, class_folders(tmp_path), 2)


def test_a_single_class_is_refused_and_two_are_not(tmp_path):
    made(tmp_path, "photos/1.png", "loose.png")
    said = refusal(require_two_classes, class_folders(tmp_path))
    assert said == f"{tmp_path}: has one class folder, photos: must have at least 2"
    require_two_classes(class_folders(made(tmp_path, "more/1.png")))


# Trees that are split


@pytest.mark.parametrize("name", ["val", "test", "valid", "validation"])
def test_a_tree_that_is_split_is_known_by_its_folders(tmp_path, name):
    made(tmp_path, "train/a/1.png", f"{name}/a/1.png", "wnids.txt")
    assert parts(tmp_path) == (tmp_path / "train", tmp_path / name)


def test_of_several_folders_to_test_on_val_is_the_first(tmp_path):
    made(tmp_path, "train/a/1.png", *(f"{name}/a/1.png" for name in ("validation", "valid", "test")))
    assert parts(tmp_path) == (tmp_path / "train", tmp_path / "test")
    made(tmp_path, "val/a/1.png")
    assert parts(tmp_path) == (tmp_path / "train", tmp_path / "val")


def test_classes_called_train_and_val_are_classes(tmp_path):
    made(tmp_path, "train/1.png", "train/.ipynb_checkpoints/1.png", "train/__MACOSX/1.png", "val/1.png", "bus/1.png")
    assert parts(tmp_path) is None
    assert list(class_folders(tmp_path).files) == ["bus", "train", "val"]


def test_a_folder_without_train_is_not_split(tmp_path):
    assert parts(made(tmp_path, "val/a/1.png", "test/a/1.png", "Train/a/1.png")) is None
    made(tmp_path, "train")  # a file
    assert parts(tmp_path) is None


def test_a_tree_with_nothing_to_test_on_is_refused_with_what_may_be_there(tmp_path):
    made(tmp_path, "train/a/1.png", "evaluation/a/1.png", "val.txt")
    assert refusal(parts, tmp_path) == (
        f"{tmp_path}: has train/ and nothing to test on: must have one of val/, test/, valid/, validation/"
    )


def test_a_class_in_one_part_alone_is_named_with_the_part_that_lacks_it(tmp_path):
    made(tmp_path, "train/a/1.png", "train/b/1.png", "train/c/1.png", "val/a/1.png", "val/b/1.png")
    train, val = tmp_path / "train", tmp_path / "val"
    found = class_folders(train), class_folders(val)
    missing = f"{val}: has no class folder c, which {train} has: must have it"
    assert refusal(require_same_classes, *found) == missing
    made(tmp_path, "val/c/1.png", "val/d/1.png")
    extra = f"{train}: has no class folder d, which {val} has: must have it"
    assert refusal(require_same_classes, class_folders(train), class_folders(val)) == extra
    made(tmp_path, "train/d/1.png")
    require_same_classes(class_folders(train), class_folders(val))
