"""Columns have one type each, on the screen and in files."""

import sys
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.edition.records.columns import PackageError, aligned, typed, write_table

ROWS: list[dict[str, Any]] = [
    {"name": "a", "count": 1, "share": 0.5, "on": True, "list": [1, 2], "mixed": 1, "nothing": None, "number": None},
    {"name": None, "count": None, "share": 1, "on": None, "list": None, "mixed": "x", "nothing": None, "number": None},
]
TYPES = {
    "name": "string",
    "count": "Int64",
    "share": "Float64",
    "on": "boolean",
    "list": "string",
    "mixed": "string",
    "nothing": "string",
    "number": "Float64",
}


def test_each_column_has_one_type_and_none_is_missing():
    table = typed(ROWS, numbers=["number"])
    assert {name: str(kind) for name, kind in table.dtypes.items()} == TYPES
    assert table["list"][0] == "[1, 2]"
    assert list(table["mixed"]) == ["1", "x"]
    assert table.isna().sum().to_dict() == {
        **dict.fromkeys(TYPES, 1),
        "share": 0,
        "mixed": 0,
        "nothing": 2,
        "number": 2,
    }


def test_whole_numbers_beyond_64_bits_are_kept_as_text():
    assert list(typed([{"a": 2**63}, {"a": 1}])["a"]) == [str(2**63), "1"]
    assert str(typed([{"a": 2**63 - 1}])["a"].dtype) == "Int64"


def test_no_rows_are_an_empty_table():
    assert typed([]).empty


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
def test_numbers_are_kept_as_they_are(values):
    kept = typed([{"a": value} for value in values], numbers=["a"])["a"]
    assert [None if pd.isna(value) else value for value in kept] == values


def test_parquet_and_csv_give_the_table_back(tmp_path):
    table = typed(ROWS, numbers=["number"])
    write_table(tmp_path / "t.parquet", table)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    write_table(tmp_path / "t.csv", table)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv", dtype=TYPES), table)


def test_parquet_without_pyarrow_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "t.parquet"
    with pytest.raises(PackageError) as caught:
        write_table(path, typed(ROWS))
    assert str(caught.value) == f"{path}: Parquet needs pyarrow (pip install pyarrow); .csv needs nothing"
    assert list(tmp_path.iterdir()) == []


def test_text_is_aligned_and_what_is_missing_is_a_dash():
    text = aligned(typed([{"arm": "a", "x": 1.25, "n": 1}, {"arm": "long", "x": None, "n": 20}]), {"x": ".1f"})
    assert text.splitlines() == [" arm   x  n", "   a 1.2  1", "long   - 20"]
