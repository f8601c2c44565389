"""The rows of the committed benchmarks, and the words that all their tables share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mnemonics_lib.paths import RECORDS, ROOT

Row = Mapping[str, Any]


def files(kind: str) -> list[Path]:
    """The files of a benchmark in ``book/records/bench``, one per kind of device, in the order of their names.

    Args:
        kind: what their names begin with, such as ``training``.
    """
    return sorted((RECORDS / "bench").glob(f"{kind}*.json"))


def benchmark(kind: str) -> list[Row]:
    """All rows of a benchmark, file by file; none where it was not run.

    Args:
        kind: as in :func:`files`.
    """
    return [row for path in files(kind) for row in json.loads(path.read_text(encoding="utf-8"))]


def named(paths: Iterable[Path]) -> str:
    """Files as a list of Markdown code, from the project's folder on."""
    return ", ".join(f"`{path.relative_to(ROOT).as_posix()}`" for path in paths)


def not_measured(kind: str) -> str:
    """The sentence that stands where a benchmark has no file."""
    return f"**Not measured yet**: there is no `book/records/bench/{kind}.json`."


def threads(row: Row) -> str:
    """On how many threads it was measured."""
    return f"{row['threads']} {'thread' if row['threads'] == 1 else 'threads'}"
