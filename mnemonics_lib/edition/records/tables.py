"""Any records as one tidy table: a row per run, or per run and phase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from mnemonics_lib.durable.commit import SHORT, short_commit
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.records.arms import SEED_NAME, RecordFile, arm_of, read_files, record_paths
from mnemonics_lib.edition.records.columns import typed
from mnemonics_lib.edition.records.measures import OF_PHASE, OF_RUN, rows_of
from mnemonics_lib.edition.records.settings import Settings, flat, settings
from mnemonics_lib.edition.records.source import source_of

MAIN = ("dataset", "phases", "method", "exemplars")
"""Settings that every table has; ``phases`` is N."""


@dataclass(frozen=True)
class Placed:
    """A record and where it lies: its folder is its arm's, and the folders above that are its study's."""

    study: str
    arm: str
    record: Record


def read_places(places: Sequence[Path]) -> list[Placed]:
    """The records of files and folders, by study, arm and seed; a file that is found twice is taken once.

    Args:
        places: files of records, and folders that are searched. A study is named as seen from the folder, where that
            is the only place, and otherwise by its path as it is given; that folder itself by its name.

    Raises:
        ArmError: for a place without records, and a folder of seeds that is no arm
            (:func:`mnemonics_lib.edition.records.arms.arm_of`).
        RecordError: for a file that is no record.
    """
    found = {path.resolve(): path for place in places for path in record_paths(place)}
    files = read_files(sorted(found.values()))
    _refuse_mixed(files)
    alone = len(places) == 1 and places[0].is_dir()
    placed = []
    for file in files:
        arm = file.path.resolve().parent
        study = (file.path.relative_to(places[0]) if alone else file.path).parent.parent.as_posix()
        placed.append(Placed(arm.parent.name if study == "." else study, arm.name, file.record))
    return sorted(placed, key=lambda each: (each.study, each.arm, each.record.seed))


def _refuse_mixed(files: Iterable[RecordFile]) -> None:
    """Refuse a folder of seeds that is no arm."""
    by_folder: dict[Path, list[RecordFile]] = {}
    for file in files:
        if file.path.match(SEED_NAME):
            by_folder.setdefault(file.path.parent, []).append(file)
    for of_folder in by_folder.values():
        arm_of(of_folder)


def table(records: Sequence[Placed], by: Literal["run", "phase"] = "run", all_fields: bool = False) -> pd.DataFrame:
    """A row per run, or per run and phase; each column has one type, and what a record does not say is missing.

    Args:
        records: of :func:`read_places`.
        by: what a row is of.
        all_fields: with all fields of the configurations; otherwise with those settings in which the records differ.
    """
    fields = [flat(each.record.config) if all_fields else settings(each.record.config) for each in records]
    names = list(dict.fromkeys(name for of_one in fields for name in of_one if name not in {"seed", *MAIN}))
    if not all_fields:
        names = [name for name in names if _varies(name, fields)]
    measures = OF_RUN if by == "run" else {"phase": "", "classes_seen": "", **OF_PHASE}
    rows: list[dict[str, Any]] = []
    for each, of_one in zip(records, fields, strict=True):
        record = each.record
        start = {"study": each.study, "arm": each.arm, **{name: getattr(record, name) for name in ("seed", *MAIN)}}
        start |= {name: of_one.get(name) for name in names}
        measured = [dict(record)] if by == "run" else rows_of(record)
        rows += [start | {name: row[name] for name in measures} | _made(record) for row in measured]
    return typed(rows, numbers=measures)


def _varies(name: str, fields: Iterable[Settings]) -> bool:
    known = [of_one[name] for of_one in fields if name in of_one]
    return any(value != known[0] for value in known)


def _made(record: Record) -> dict[str, str | None]:
    """What a record was made by."""
    commit, source = short_commit(record.code.commit, record.code.dirty), source_of(record)
    return {"device": record.device, "commit": commit, "source": source and source[:SHORT]}
