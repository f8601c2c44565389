"""A project with records, and the one that is here."""

from __future__ import annotations

import functools
from pathlib import Path

from mnemonics_lib.durable.records import read_record, write_record
from mnemonics_lib.edition.book.recorded import Recorded
from mnemonics_lib.edition.book.source_line import Page

HERE = Page("params/quick/digits-n5.yaml", code="0123456789")


def read(records: Path) -> Recorded:
    """The project as it is now."""
    return Recorded(lambda text, path: f"[{text}]({path})", "book/list.md", records, records.parent / "studies")


def rewrite(path: Path, commit: str) -> None:
    record = read_record(path)
    code = record.code.model_copy(update={"commit": commit, "dirty": True})
    path.unlink()
    write_record(path, record.model_copy(update={"code": code}))


@functools.cache
def project() -> Recorded:
    return Recorded(lambda text, path: f"[{text}]({path})", "book/run_records.md")
