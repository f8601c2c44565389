"""One JSON record per run: every axis resolved, every number measured, and what made it.

A record is the only source of a number in the book. Two runs with one seed on one machine give the same bytes, but for
the fields in ``VOLATILE``, which measure the machine rather than the method.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mnemonics_lib.durable.files import write_atomically

VOLATILE = ("seconds", "phase_seconds", "peak_memory_mb")
"""Fields that differ from one run to the next: wall time and memory."""

REQUIRED = {
    "dataset": str,
    "profile": str,
    "phases": int,
    "method": str,
    "exemplars": str,
    "adjust": int,
    "recipe": str,
    "weight_transfer": bool,
    "finetune": bool,
    "budget": int,
    "seed": int,
    "accuracy": list,
    "first_classes_accuracy": list,
    "average_accuracy": float,
    "forgetting": float,
    "device": str,
    "seconds": float,
    "peak_memory_mb": float,
    "code": dict,
    "versions": dict,
    "config": dict,
}
"""Top-level fields that every record has, and their types; more may be there."""

PACKAGE = Path(__file__).parents[1]


class RecordError(ValueError):
    """A file that is not a run record. The message names the file and the field."""


PRESENTATION = ("__main__", "bench", "edition")
"""Modules and packages that show runs but take no part in them."""


@functools.cache
def source_digest() -> str:
    """SHA-256 (hex) of the source a run is made by: a run made by other code is not taken for finished."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        if Path(path.relative_to(PACKAGE).parts[0]).stem in PRESENTATION:
            continue
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@functools.cache
def code_version() -> dict[str, Any]:
    """Git commit and whether the library was modified since (None outside a checkout), and the source digest."""

    def git(*arguments: str) -> str | None:
        try:
            return subprocess.run(
                ["git", "-C", str(PACKAGE), *arguments], capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    status = git("status", "--porcelain", "--", ".")
    return {
        "commit": git("rev-parse", "HEAD"),
        "dirty": None if status is None else bool(status),
        "source": source_digest(),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the numbers."""
    packages = ("torch", "torchvision", "higher", "numpy", "scikit-learn")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def canonical(record: dict[str, Any]) -> bytes:
    """The record's bytes without its ``VOLATILE`` fields: equal for equal runs."""
    return dumps({key: value for key, value in record.items() if key not in VOLATILE})


def dumps(record: dict[str, Any]) -> bytes:
    """The record as it is written to disk: sorted keys, one line per entry, NaN refused."""
    return (json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Check a record and write it atomically."""
    check(record, str(path))
    write_atomically(path, lambda file: file.write(dumps(record)))


def read_record(path: str | Path) -> dict[str, Any]:
    """Read and check one record.

    Raises:
        RecordError: for a file that cannot be read, or a record with a missing or mistyped field.
    """
    try:
        record = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: cannot be read as JSON: {error}") from None
    check(record, str(path))
    return record


def check(record: Any, source: str) -> None:
    """Raise RecordError unless the record has every ``REQUIRED`` field and one accuracy per phase."""
    if not isinstance(record, dict):
        raise RecordError(f"{source}: must be a JSON object, not {type(record).__name__}")
    for field, kind in REQUIRED.items():
        if field not in record:
            raise RecordError(f"{source}: {field} is missing")
        value = record[field]
        mistyped = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if mistyped or (isinstance(value, float) and not math.isfinite(value)):
            raise RecordError(f"{source}: {field} = {value!r}: must be {kind.__name__}")
    for field in ("accuracy", "first_classes_accuracy"):
        values = record[field]
        if len(values) != record["phases"] + 1 or not all(isinstance(v, float) and 0 <= v <= 100 for v in values):
            raise RecordError(f"{source}: {field} = {values!r}: must be {record['phases'] + 1} numbers in 0..100")
