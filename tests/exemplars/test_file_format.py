"""The parts of the format of exemplar files that can be told without a file; the rest is in test_files.py."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.exemplars.file_format import class_folder, digits_of, greys, json_text


@pytest.mark.parametrize("white", range(1, 256))
def test_every_level_has_a_grey_of_its_own_the_nearest_to_its_share_of_white(white):
    found = greys(white).tolist()
    assert (found[0], found[-1]) == (0, 255)
    assert len(set(found)) == white + 1
    assert all(abs(grey - level * 255 / white) <= 0.5 for level, grey in enumerate(found))


def test_255_levels_are_the_greys_themselves():
    assert torch.equal(greys(255), torch.arange(256).to(torch.uint8))


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_numbers_of_so_many_digits_sort_as_text(numbers):
    digits = digits_of(numbers)
    assert digits >= 3
    assert sorted(f"{number:0{digits}d}" for number in numbers) == [f"{n:0{digits}d}" for n in sorted(numbers)]


JSON = st.recursive(
    st.integers() | st.booleans() | st.text() | st.floats(allow_nan=False) | st.lists(st.integers()),
    lambda inner: st.dictionaries(st.text(), inner, min_size=1),
)


@given(JSON)
def test_the_text_is_json_of_the_same_value(value):
    assert json.loads(json_text(value)) == value


def test_the_text_has_a_line_for_each_key():
    assert json_text({"a": [1, 2], "b": {"c": 3}}) == '{\n  "a": [1, 2],\n  "b": {\n    "c": 3\n  }\n}'


@pytest.mark.parametrize("folder", ["000-0", "012-sweet pepper", "003-tench, Tinca tinca", "000-é", "1000000-a-b"])
def test_names_of_data_sets_are_folders(folder):
    assert class_folder(folder) == folder
