"""The lists of all studies and of all run records, and their tables for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.book.recorded import Recorded, SourceError, commits, kept_file, places, record_file
from mnemonics_lib.edition.names import several
from mnemonics_lib.edition.records.columns import write_table
from mnemonics_lib.edition.records.tables import Placed, table
from mnemonics_lib.paths import ROOT

OVERVIEW = "all-studies"
"""Anchor, on the page that lists all records, of the table with a row for each study."""


def overview(recorded: Recorded) -> str:
    """A table in Markdown with a row for each study that has records: how many, made of what, by which code."""
    lines = ["| study | records | made of | code |", "|:--|--:|:--|:--|"]
    for place in places(recorded.records):
        found = [each.record for each in recorded.of(place)]
        study = recorded.link(f"`{place}`", recorded.section(place))
        lines.append(f"| {study} | {len(found)} | {recorded.made_of(place)} | {_named(found)} |")
    return "\n".join(lines)


def listing(recorded: Recorded, folder: str) -> str:
    """All records of a folder of studies, in Markdown: for each study a section with a row for each arm.

    Args:
        recorded: the committed records.
        folder: such as ``evidence``.

    Raises:
        SourceError: for a folder without records that is not one of parameter files either.
    """
    here = [place for place in places(recorded.records) if place.split("/")[0] == folder]
    if not here and (ROOT / "params" / folder).is_dir():
        return "There are none yet."
    if not here:
        raise SourceError(f"folder = {folder!r}: has no records in {recorded.records}")
    return "\n\n".join(_list(recorded, place) for place in here)


def _list(recorded: Recorded, place: str) -> str:
    """The section of a study."""
    of_arms: dict[str, list[Placed]] = {}
    for each in recorded.of(place):
        of_arms.setdefault(each.arm, []).append(each)
    found = [each.record for each in recorded.of(place)]
    keeps = any(kept_file(each, recorded.records).is_file() for each in recorded.of(place))
    rows = (
        ["| arm | seeds | kept | code |", "|:--|:--|:--|:--|"] if keeps else ["| arm | seeds | code |", "|:--|:--|:--|"]
    )
    for arm, of_arm in of_arms.items():
        files = [record_file(each, recorded.records) for each in of_arm]
        kept = [kept_file(each, recorded.records) for each in of_arm]
        cells = [f"`{arm}`", _by_seed(recorded, of_arm, files), *([_by_seed(recorded, of_arm, kept)] if keeps else [])]
        rows.append(f"| {' | '.join(cells)} | {_named(each.record for each in of_arm)} |")
    head = f"{several(len(found), 'record')} ({recorded.made_of(place)}), code {_named(found)}."
    return "\n".join([f"### {place}\n", f"{head}\n", *rows])


def _by_seed(recorded: Recorded, of_arm: Sequence[Placed], files: Sequence[Path]) -> str:
    """Links to those files of an arm's runs that are there, each called by its seed."""
    return " ".join(
        recorded.link(str(each.record.seed), file.relative_to(ROOT).as_posix())
        for each, file in zip(of_arm, files, strict=True)
        if file.is_file()
    )


def write_tables(recorded: Recorded, folder: Path) -> None:
    """Write a table for each study, a row for each run and phase, to ``folder`` / ``evidence/primary.csv``.

    Of a study whose runs keep the margins of exemplars, they are written beside it: ``boundary-margins.csv``.
    """
    for place in places(recorded.records):
        path = folder / f"{place}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(path, table(recorded.of(place), by="phase"))
        if len(kept := recorded.margins(place)):
            write_table(folder / f"{place}-margins.csv", kept)


def _named(records: Iterable[Record]) -> str:
    return ", ".join(f"`{commit}`" for commit in commits(records))
