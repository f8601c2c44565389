"""By which source a record was made, and whether two were made by the same."""

from __future__ import annotations

from mnemonics_lib.durable.records import Record


def source_of(record: Record) -> str | None:
    """The digest of the source that a record was made by; that of one without an identity is of the whole library."""
    return record.identity.source if record.identity else record.code.source


def same_source(one: Record, other: Record) -> bool:
    """Whether two records were made by the same source; an old record and a new one say it differently, and are not."""
    if one.identity and other.identity:
        return one.identity.source == other.identity.source
    return one.code.source is not None and one.code.source == other.code.source
