"""Tables whose columns have one type each, as text and as files."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd

from mnemonics_lib.durable.files import write_atomically
from mnemonics_lib.errors import ReportedError


class PackageError(ReportedError, ImportError):
    """A package that is not installed, and for what it is needed."""


def typed(rows: Sequence[Mapping[str, Any]], numbers: Collection[str] = ()) -> pd.DataFrame:
    """Rows of plain values as a table; a value that is None is missing.

    Whole numbers are ``Int64``, others ``Float64``, truth values ``boolean``, and all else is ``string``: texts as they
    are, lists and columns of several kinds as JSON.

    Args:
        rows: each with the same names, in the order of the columns.
        numbers: columns that are ``Float64`` where all of their values are missing; others are ``string`` then.
    """
    names = list(rows[0]) if rows else []
    return pd.DataFrame({name: _column([row[name] for row in rows], name in numbers) for name in names})


def _column(values: list[Any], number: bool) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pd.Series(values, dtype="Int64")
    if kinds == {float} or kinds == {int, float} or (number and not kinds):
        return pd.Series(values, dtype="Float64")
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pd.Series(texts, dtype="string")


def aligned(table: pd.DataFrame, forms: Mapping[str, str]) -> str:
    """A table as lines of text; what is missing is a dash.

    Args:
        table: to be shown.
        forms: column -> how its numbers are written, such as ``.2f``; others are written in full.
    """

    def text(value: Any, form: str) -> str:
        return "-" if pd.isna(value) else format(value, form)

    texts = {name: [text(value, forms.get(str(name), "")) for value in table[name]] for name in table}
    return pd.DataFrame(texts).to_string(index=False)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table, whole or not at all.

    Args:
        path: of the file; ``.parquet`` keeps the types of the columns, anything else is CSV.
        table: without an index of its own.

    Raises:
        PackageError: for Parquet without pyarrow.
        OSError: when the file system refuses.
    """

    def write(file: IO[bytes]) -> None:
        if path.suffix != ".parquet":
            table.to_csv(file, index=False)
            return
        try:
            table.to_parquet(file, index=False, engine="pyarrow")
        except ImportError:
            raise PackageError(f"{path}: Parquet needs pyarrow (pip install pyarrow); .csv needs nothing") from None

    write_atomically(path, write)
