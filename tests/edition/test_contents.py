"""What the book's contents name, and what of it is left out where a data set is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.edition import contents
from mnemonics_lib.paths import ROOT, STUDIES


def test_every_notebook_has_a_chapter_and_is_run_again_below_it():
    names = {path.stem for path in (ROOT / "notebooks").glob("0*.py")}
    assert {page.rpartition("/")[2] for page in contents.again()} == names
    assert names <= {page.rpartition("/")[2] for page in contents.chapters()}
    assert not set(contents.again()) & set(contents.chapters())


def test_the_study_of_each_is_there():
    studies = {contents.study_of(page) for page in contents.again()}
    assert studies == {"shown/cifar100"}
    assert all((STUDIES / f"{study}.yaml").is_file() for study in studies)


def test_pages_are_left_out_where_their_data_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNEMONICS_DATA", str(tmp_path))
    left = contents.left_out()
    assert left == dict.fromkeys(contents.again(), tmp_path / "cifar-100-python")
    assert contents.told(left) == (
        f"Left out of the book: 5 pages of shown/cifar100, since {tmp_path / 'cifar-100-python'} is not there; "
        "MNEMONICS_DATA names the directory of data sets."
    )
    (tmp_path / "cifar-100-python").mkdir()
    assert contents.left_out() == {}
    assert contents.told({}) == ""
