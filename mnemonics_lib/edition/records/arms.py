"""Record files, and the arms they make up: an arm is one way of doing things, the same for all of its seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnemonics_lib.durable.records import Record, read_record
from mnemonics_lib.edition.records.settings import settings, told
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import visible

SEED_NAME = "seed-*.json"
NAMES = (SEED_NAME, "record.json")
"""What a file of a record is called: one of an arm's folder, and the one in a run's directory."""

FREE = "classes"
"""The one setting in which the records of an arm may differ: the part of the class order that is used."""


class ArmError(ReportedError, ValueError):
    """Records that are not there, or not of one arm. The message names the files, the field and its values."""


@dataclass(frozen=True)
class RecordFile:
    """A record and the file that it was read from."""

    path: Path
    record: Record


Arm = dict[int, RecordFile]
"""Seed -> record, seeds in increasing order."""


def record_paths(place: Path) -> list[Path]:
    """The files of records in a folder, below it too, sorted; of a file, whatever it is called, itself.

    Raises:
        ArmError: where there is nothing of that name, or no record in the folder.
    """
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise ArmError(f"{place}: no such file or folder, seen from {Path.cwd()}")
    found = sorted(path for name in NAMES for path in visible(place, f"**/{name}"))
    if not found:
        raise ArmError(f"{place}: no records here: must hold files called {' or '.join(NAMES)}, in folders of it too")
    return found


def read_files(paths: Iterable[Path]) -> list[RecordFile]:
    """The records of files. One that is asked for again, and has not changed since, is not parsed again.

    Raises:
        RecordError: for a file that is no record.
    """
    return [RecordFile(path, _read(path)) for path in paths]


_PARSED: dict[Path, tuple[tuple[int, int], Record]] = {}
"""File -> when it was changed and its size, and the record that was in it then. A page asks for most of them twice."""


def _read(path: Path) -> Record:
    try:
        found = path.stat()
    except OSError:
        return read_record(path)  # which says what is wrong
    stamp = found.st_mtime_ns, found.st_size
    known = _PARSED.get(path.absolute())
    if known is None or known[0] != stamp:
        known = _PARSED[path.absolute()] = (stamp, read_record(path))
    return known[1]


def arm_of(files: Iterable[RecordFile]) -> Arm:
    """Records as one arm.

    Raises:
        ArmError: for two records of one seed, a file that is named after another seed than its record's, and two
            records that differ in a setting other than the seed and the classes.
    """
    arm: Arm = {}
    known: dict[str, tuple[Path, Any]] = {}  # where each field was first seen, because an older record lacks some
    for file in files:
        seed = file.record.seed
        if seed in arm:
            raise ArmError(f"{arm[seed].path} and {file.path}: seed = {seed} in both: an arm has one record a seed")
        arm[seed] = file
        _refuse_misnamed(file)
        for field, value in settings(file.record.config).items():
            first, before = known.setdefault(field, (file.path, value))
            if before != value and field != FREE:
                raise ArmError(
                    f"{first} and {file.path}: {told({field: (before, value)})}: must be equal within an arm, "
                    f"whose records may differ in seed and {FREE} alone"
                )
    return dict(sorted(arm.items()))


def _refuse_misnamed(file: RecordFile) -> None:
    due = f"seed-{file.record.seed}.json"
    if file.path.match(SEED_NAME) and file.path.name != due:
        raise ArmError(f"{file.path}: seed = {file.record.seed}: a record of this seed must be called {due}")
