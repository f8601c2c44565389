"""Parameter files of the project by name."""

from __future__ import annotations

import os

import pytest

from mnemonics_lib.config import ConfigError
from mnemonics_lib.config.shipped import parameter_file
from mnemonics_lib.paths import PARAMS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", sorted(PARAMS.glob("*/*.yaml")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_goes_by_its_folder_and_stem_from_anywhere(file):
    assert parameter_file(f"{file.parent.name}/{file.stem}") == file


def test_a_file_that_is_there_is_taken_even_where_it_has_such_a_name(elsewhere):
    mine = elsewhere / "quick" / "digits-n5"
    mine.parent.mkdir()
    mine.write_text("seed: 1")
    assert parameter_file("quick/digits-n5").samefile(mine)
    assert parameter_file(mine) == mine


def test_what_a_shell_hands_over_in_the_place_of_a_file_is_taken(elsewhere):
    """Of ``<(sed ... file)``, which is no regular file."""
    pipe = elsewhere / "pipe"
    os.mkfifo(pipe)
    assert parameter_file(pipe) == pipe


def test_a_folder_of_that_name_is_none(elsewhere):
    (elsewhere / "quick" / "digits-n5").mkdir(parents=True)  # as among the records
    assert parameter_file("quick/digits-n5") == PARAMS / "quick" / "digits-n5.yaml"


@pytest.mark.parametrize("given", ["quick/digits-n5.yaml", "params/quick/digits-n5.yaml", "params/quick/digits-n5"])
def test_a_path_that_is_not_there_is_no_name(given, elsewhere):
    with pytest.raises(ConfigError) as raised:
        parameter_file(given)
    said = str(raised.value)
    assert said.startswith(f"{given}: no such file, seen from {elsewhere}; by name there are ")
    assert all(f"{file.parent.name}/{file.stem}" in said for file in PARAMS.glob("*/*.yaml"))


def test_a_folder_is_told_and_so_is_that_nothing_is_shipped(elsewhere):
    with pytest.raises(ConfigError, match=r"is a folder, seen from .*; by name there are none"):
        parameter_file(elsewhere, shipped=elsewhere / "none")
