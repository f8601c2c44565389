"""What the book's contents name, and what of it is left out where a data set is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from torchvision.datasets import CIFAR100

from mnemonics_lib.data import imagenet, tiny_imagenet
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.edition.book import contents, left_out
from mnemonics_lib.paths import ROOT, STUDIES


def test_every_notebook_has_a_chapter_and_is_run_again_below_it():
    names = {path.stem for path in (ROOT / "notebooks").glob("0*.py")}
    assert {page.rpartition("/")[2] for page in left_out.again()} == names
    assert names <= {page.rpartition("/")[2] for page in contents.pages()}
    assert not set(left_out.again()) & set(contents.pages())
    others = set(contents.below()) - set(left_out.again())
    assert {"executed/where", "executed/phase_by_phase", "api/data"} <= others


def test_the_study_of_each_is_there():
    studies = {left_out.study_of(page) for page in left_out.again()}
    assert studies == {"shown/cifar100"}
    assert all((STUDIES / f"{study}.yaml").is_file() for study in studies)


def test_pages_are_left_out_where_their_data_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    left = left_out.left_out()
    assert left == dict.fromkeys(left_out.again(), tmp_path / "cifar-100-python")
    assert left_out.told(left) == (
        f"Left out of the book: 5 pages of shown/cifar100, since {tmp_path / 'cifar-100-python'} is not there; "
        "MNEMONICS_DATA names the directory of data sets."
    )
    (tmp_path / "cifar-100-python").mkdir()
    assert left_out.left_out() == {}
    assert left_out.told({}) == ""


@pytest.mark.parametrize("folder", ["tiny-imagenet-100", "tiny-imagenet-200"])
def test_a_part_of_a_data_set_may_lie_alone_or_in_the_whole(folder: str, tmp_path: Path, monkeypatch):
    file = tmp_path / "study.yaml"
    file.write_text(
        "title: of two grids\nseeds: 1\ngrid: {params: [small/tiny_imagenet_100-n5]}\n"
        "arms: {lwf: {preset: lwf, keep: {phases: [0]}}}\n"
    )
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    monkeypatch.setattr(left_out, "study_of", lambda page: str(file))
    assert left_out.missing_data("executed/x/y") == tmp_path / "tiny-imagenet-100"
    (tmp_path / folder).mkdir()
    assert left_out.missing_data("executed/x/y") is None


def test_where_data_sets_lie_is_where_they_are_loaded_from():
    assert {
        "cifar100": [CIFAR100.base_folder],
        "tiny_imagenet": [tiny_imagenet.WHOLE],
        "tiny_imagenet_100": [tiny_imagenet.PART, tiny_imagenet.WHOLE],
        "imagenet_subset": [imagenet.FOLDER],
        "imagenet": [imagenet.FOLDER],
    } == left_out.FOLDERS
    assert {*left_out.FOLDERS, "digits"} == {*DATASETS}
