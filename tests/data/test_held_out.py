"""The split that is kept in a folder: its sizes, that it stays the same, and what is said of one that does not fit."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.data import held_out
from mnemonics_lib.data.errors import DataError
from mnemonics_lib.data.held_out import FILE, KeptSplit, drawn, kept_split
from mnemonics_lib.data.tree import ClassFolders, class_folders


def made(root: Path, **counts: int) -> Path:
    """A folder of so many pictures of each class; that they are no pictures is not seen here."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            (root / name / f"{k}.png").touch()
    return root


def imagined(**counts: int) -> ClassFolders:
    """The same without a disk."""
    root = Path("/pictures")
    return ClassFolders(
        root, {name: [root / name / f"{k}.png" for k in range(n)] for name, n in counts.items()}, [], []
    )


def split_at(root: Path, share: float = 0.25) -> tuple[ClassFolders, ClassFolders]:
    return kept_split(class_folders(root), share)


def refusal(root: Path, share: float = 0.25) -> str:
    with pytest.raises(DataError) as caught:
        split_at(root, share)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What it is


@given(st.lists(st.integers(2, 50), min_size=1, max_size=6), st.integers(1, 99))
def test_a_split_takes_each_picture_once_and_the_share_of_each_class(counts, percent):
    folders = imagined(**{f"class {k}": count for k, count in enumerate(counts)})
    split = drawn(folders, percent / 100)
    for name, files in folders.files.items():
        train, test = split.train[name], split.test[name]
        assert sorted(train + test) == sorted(f"{name}/{file.name}" for file in files)
        rounded = (Decimal(percent) / 100 * len(files)).quantize(Decimal(1), ROUND_HALF_UP)
        assert len(test) == min(max(int(rounded), 1), len(files) - 1)
        assert (train, test) == (sorted(train), sorted(test))
    assert list(split.train) == list(split.test) == list(folders.files)


def test_every_size_and_share_is_rounded_as_a_decimal_number():
    folders = imagined(**{f"{count:02}": count for count in range(2, 51)})
    for percent in range(1, 100):
        test = drawn(folders, percent / 100).test
        for count in range(2, 51):
            rounded = (percent * count + 50) // 100  # in whole numbers, a half up
            assert len(test[f"{count:02}"]) == min(max(rounded, 1), count - 1), (percent, count)


def test_a_share_too_small_or_too_large_leaves_one_picture_on_either_side():
    assert len(drawn(imagined(a=30), 1e-9).test["a"]) == 1
    assert len(drawn(imagined(a=30), 1 - 1e-9).train["a"]) == 1


def test_the_split_is_the_one_that_it_has_always_been():
    """Pinned: of another one, runs of last year could not be compared with those of this one."""
    split = drawn(imagined(a=6, b=5), 0.4)
    assert split.test == {"a": ["a/0.png", "a/2.png"], "b": ["b/2.png", "b/4.png"]}


def test_it_is_random_and_not_the_first_or_the_last_of_a_class():
    test = drawn(imagined(a=1000), 0.5).test["a"]
    numbers = [int(Path(name).stem) for name in test]
    assert len(test) == 500
    assert 200 < sum(number < 500 for number in numbers) < 300  # 250, give or take 8
    assert drawn(imagined(a=1000), 0.5) == drawn(imagined(a=1000), 0.5)


# That it is kept


@pytest.mark.filterwarnings("ignore::mnemonics_lib.data.held_out.HeldOutWarning")
def test_the_split_lies_in_the_folder_and_is_not_made_twice(tmp_path):
    made(tmp_path, a=8, b=4)
    first = split_at(tmp_path)
    text = (tmp_path / FILE).read_bytes()
    assert [len(files) for files in first[1].files.values()] == [2, 1]
    assert json.loads(text)["test"] == {
        name: [f"{name}/{file.name}" for file in files] for name, files in first[1].files.items()
    }
    assert split_at(tmp_path, 0.75) == first  # another share makes no other split of what is split
    assert (tmp_path / FILE).read_bytes() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", FILE]
    (tmp_path / FILE).unlink()
    assert [len(files) for files in split_at(tmp_path, 0.75)[1].files.values()] == [6, 3]


@pytest.mark.parametrize("name", ["two words", "Ünïcödé 漢字", 'it\'s "quoted"', "100%", "-rf", "a\nb", "back\\slash"])
def test_any_name_that_is_text_is_kept(tmp_path, name):
    made(tmp_path, **{name: 3, "zebra": 3})
    (tmp_path / name / "deep").mkdir()
    (tmp_path / name / "deep" / f"{name}.PNG").touch()
    train, test = split_at(tmp_path)
    assert split_at(tmp_path) == (train, test)
    whole = class_folders(tmp_path).files
    assert {key: sorted(train.files[key] + test.files[key]) for key in whole} == whole
    assert len(whole[name]) == 4


@pytest.mark.filterwarnings("ignore::mnemonics_lib.data.held_out.HeldOutWarning")
def test_a_moved_folder_and_another_process_have_the_same_split(tmp_path):
    here = made(tmp_path / "here", a=20, b=9, **{"ç %": 2})
    moved, copied = tmp_path / "there" / "moved", made(tmp_path / "copied", a=20, b=9, **{"ç %": 2})
    code = "import sys, pathlib, mnemonics_lib.data.folder as f; f.split_of(pathlib.Path(sys.argv[1]), 0.3)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", code, str(copied)], check=True, env=environment)
    train, test = split_at(here, 0.3)
    assert (copied / FILE).read_bytes() == (here / FILE).read_bytes()
    shutil.copytree(here, moved)
    shutil.rmtree(here)
    for before, after in zip((train, test), split_at(moved, 0.9), strict=True):
        assert after.root == moved
        assert after.files == {
            name: [moved / file.relative_to(here) for file in files] for name, files in before.files.items()
        }


def start_at_once(root: Path, barrier: Any, queue: Any) -> None:
    folders = class_folders(root)
    barrier.wait(60)
    queue.put(kept_split(folders, 0.25))


def test_processes_that_start_at_once_agree(tmp_path):
    made(tmp_path, a=40, b=40)
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(2), context.Queue()
    both = [context.Process(target=start_at_once, args=(tmp_path, barrier, queue)) for _ in range(2)]
    for process in both:
        process.start()
    found = [queue.get(timeout=120) for _ in both]
    for process in both:
        process.join()
    assert found[0] == found[1] == split_at(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", FILE]


def test_threads_that_all_found_no_split_agree(tmp_path):
    folders = class_folders(made(tmp_path, a=40, b=40))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: held_out._write(tmp_path / FILE, drawn(folders, 0.25)), range(64)))
    assert KeptSplit.model_validate_json((tmp_path / FILE).read_bytes()) == drawn(folders, 0.25)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", FILE]


# What is refused


def test_a_class_of_one_picture_cannot_be_split_and_no_file_is_left(tmp_path):
    made(tmp_path, a=2, b=1)
    assert refusal(tmp_path).startswith(f"{tmp_path}: class b has 1: must have at least 2 pictures each")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_a_folder_that_may_not_be_written_to_is_named_with_the_way_out(tmp_path, monkeypatch, step):
    made(tmp_path, a=2, b=2)

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, step, refused)
    assert refusal(tmp_path) == (
        f"{tmp_path / FILE}: the split cannot be kept (Read-only file system); let the folder be written to, or make "
        "train/ and val/ in it"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_kept_split_needs_no_folder_that_may_be_written_to(tmp_path, monkeypatch):
    found = split_at(made(tmp_path, a=4, b=4))
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: pytest.fail("it was written to"))
    assert split_at(tmp_path) == found


def test_a_picture_whose_name_is_no_text_is_refused_in_words_that_can_be_printed(tmp_path):
    made(tmp_path, a=2, b=2)
    (tmp_path / "a" / os.fsdecode(b"caf\xe9.png")).touch()
    said = refusal(tmp_path)
    assert said == (
        f"{tmp_path / FILE}: the split cannot be kept: pictures 'a/caf\\udce9.png': their names must be UTF-8; "
        "rename them"
    )
    said.encode()
    assert not (tmp_path / FILE).exists()


ANEW = "delete it, and the split is made anew"


def edited(root: Path, **changes: Any) -> None:
    """Change the file by hand."""
    values = json.loads((root / FILE).read_text("utf-8"))
    for key, change in changes.items():
        change(values[key])
    (root / FILE).write_text(json.dumps(values), encoding="utf-8")


@pytest.fixture
def root(tmp_path) -> Path:
    """A folder with a split: four pictures of each class, one of them to test on."""
    split_at(made(tmp_path, a=4, b=4))
    return tmp_path


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b'{"train": {}}',
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"train": {"a": "b"}, "test": {}}',
        "half",
        "more",
        "ids",
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_way_out(root, damage):
    whole = (root / FILE).read_bytes()
    changed = {
        "half": whole[: len(whole) // 2],
        "more": whole.replace(b'"train"', b'"validation": {}, "train"'),
        "ids": whole.replace(b'"a/0.png"', b"0"),
    }
    (root / FILE).write_bytes(changed.get(damage, damage) if isinstance(damage, str) else damage)
    said = refusal(root)
    assert said.startswith(f"{root / FILE}: cannot be read (")
    assert said.endswith(f"); {ANEW}")
    assert "pydantic" not in said


def test_a_folder_in_the_place_of_the_file_is_named(root):
    (root / FILE).unlink()
    (root / FILE).mkdir()
    assert refusal(root) == f"{root / FILE}: cannot be read (Is a directory); {ANEW}"


def test_pictures_that_are_gone_or_new_are_named(root):
    (root / "a" / "2.png").rename(root / "a" / "new.png")
    assert refusal(root) == (f"{root / FILE}: names a/2.png: not there; put back what is missing, or {ANEW}")
    (root / "a" / "2.png").touch()
    assert refusal(root) == f"{root / FILE}: does not name a/new.png: must name every picture; {ANEW}"
    (root / "a" / "new.png").unlink()
    train, test = split_at(root)
    assert sum(map(len, [*train.files.values(), *test.files.values()])) == 8


def test_many_pictures_that_are_gone_are_counted(root):
    shutil.rmtree(root / "b")
    (root / "b").mkdir()
    made(root, c=2)
    (root / "a" / "0.png").unlink()
    assert "names a/0.png, b/0.png, b/1.png, b/2.png, b/3.png: not there" in refusal(root)
    (root / "a" / "1.png").unlink()
    assert "b/2.png and 1 more: not there" in refusal(root)


def test_a_class_more_or_less_is_refused(root):
    (root / "c").mkdir()
    assert refusal(root) == f"{root / FILE}: its classes are not those of the folder; {ANEW}"
    made(root, c=2)
    assert "does not name c/0.png, c/1.png: must name every picture" in refusal(root)


def test_a_picture_named_twice_would_be_trained_and_tested_on(root):
    name = json.loads((root / FILE).read_text("utf-8"))["test"]["a"][0]
    edited(root, train=lambda part: part["a"].append(name))
    assert refusal(root) == f"{root / FILE}: names a picture twice; {ANEW}"


def test_a_picture_under_another_class_would_have_the_wrong_label(root):
    moved = json.loads((root / FILE).read_text("utf-8"))["train"]["b"][1]
    edited(root, train=lambda part: part["a"].append(part["b"].pop(1)))
    assert refusal(root) == f"{root / FILE}: names {moved} as of class a; {ANEW}"


def test_also_under_one_whose_name_its_own_begins_with(tmp_path):
    root = made(tmp_path, cat=4, catfish=4)
    split_at(root)
    moved = json.loads((root / FILE).read_text("utf-8"))["train"]["catfish"][1]
    edited(root, train=lambda part: part["cat"].append(part["catfish"].pop(1)))
    assert refusal(root) == f"{root / FILE}: names {moved} as of class cat; {ANEW}"


@pytest.mark.parametrize(("here", "there"), [("train", "test"), ("test", "train")])
def test_a_class_that_one_part_does_not_have_is_refused(root, here, there):
    names = json.loads((root / FILE).read_text("utf-8"))[here]["b"]
    edited(root, **{here: lambda part: part.pop("b"), there: lambda part: part["b"].extend(names)})
    assert refusal(root) == f"{root / FILE}: its classes are not those of the folder; {ANEW}"


@pytest.mark.parametrize(("here", "there"), [("train", "test"), ("test", "train")])
def test_a_class_with_nothing_to_train_or_to_test_on_is_named(root, here, there):
    values = json.loads((root / FILE).read_text("utf-8"))
    edited(root, **{here: lambda part: part["b"].clear(), there: lambda part: part["b"].extend(values[here]["b"])})
    assert refusal(root) == f"{root / FILE}: class b has no picture to train or to test on; {ANEW}"


def test_an_edit_that_leaves_each_picture_once_in_its_class_is_followed(root):
    before = json.loads((root / FILE).read_text("utf-8"))
    moved = before["train"]["a"][0]
    edited(root, train=lambda part: part["a"].remove(moved), test=lambda part: part["a"].append(moved))
    train, test = split_at(root)
    assert root / moved in test.files["a"]
    assert [len(part.files["a"]) for part in (train, test)] == [2, 2]
    assert [len(part.files["b"]) for part in (train, test)] == [3, 1]


def test_a_kept_split_that_holds_out_another_share_is_taken_with_a_warning(tmp_path):
    root = made(tmp_path, a=10, b=10)
    before = split_at(root, 0.2)
    for share in (0.3, 0.5):
        said = f"folder.held_out = {share}: {root / FILE} holds out 4 of 20 pictures, 0.2 of them, and is taken as"
        with pytest.warns(held_out.HeldOutWarning, match=re.escape(said)):
            assert split_at(root, share) == before


@given(st.lists(st.integers(2, 30), min_size=1, max_size=5), st.integers(1, 99))
def test_of_the_share_that_it_was_made_with_a_split_says_nothing(counts, percent):
    folders = imagined(**{f"class {k}": count for k, count in enumerate(counts)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        held_out._warn_of_another_share(folders.root / FILE, drawn(folders, percent / 100), folders, percent / 100)
