"""The committed records, study by study: what each is made of, where its list is, and the code that made it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mnemonics_lib.config import read_yaml
from mnemonics_lib.durable.commit import short_commit
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.edition.records.tables import Placed, read_places
from mnemonics_lib.kept import read_kept
from mnemonics_lib.paths import RECORDS, ROOT, STUDIES

NAMED = 2
"""Commits that a line names; of more it says the number, with a link to the list of records, which has them all."""

Link = Callable[[str, str], str]
"""Text and path of a file, as seen from the project's folder -> a link in Markdown."""


class SourceError(ValueError):
    """A source that is not there. The message names it."""


def places(records: Path = RECORDS) -> list[str]:
    """All folders of records, such as ``evidence/primary``, in alphabetical order."""
    return sorted({path.parents[1].relative_to(records).as_posix() for path in records.glob("*/*/*/seed-*.json")})


class Recorded:
    """The records of all studies, each read once.

    Args:
        link: makes the links.
        listed: path of the page that lists all records. It has the table of
            :func:`mnemonics_lib.edition.book.listing.overview`, under the anchor ``OVERVIEW``, and the ``listing`` of
            each folder of studies.
        records: folder of all committed records.
        studies: folder of the studies that make them.
    """

    def __init__(self, link: Link, listed: str, records: Path = RECORDS, studies: Path = STUDIES) -> None:
        self.link, self.listed = link, listed
        self.records, self.studies = records, studies
        self._read: dict[str, list[Placed]] = {}
        self._kept: dict[str, pd.DataFrame] = {}
        self._origins: dict[str, list[str]] = {}

    def of(self, place: str) -> list[Placed]:
        """The records of a study, which is named as a source names it; none where there are none."""
        if place not in self._read:
            there = any((self.records / place).glob("*/seed-*.json"))
            found = read_places([self.records / place]) if there else []
            self._read[place] = [replace(each, study=place) for each in found]
        return self._read[place]

    def margins(self, place: str) -> pd.DataFrame:
        """What its runs have kept of margins, as :func:`margins` gives it."""
        if place not in self._kept:
            self._kept[place] = margins(self.of(place), self.records)
        return self._kept[place]

    def made_of(self, place: str) -> str:
        """Links to the parameters, the study and the tables of a study that has records."""
        links = [*self.origin(place), self.link("by phase", phases_file(place))]
        if len(self.margins(place)):
            links.append(self.link("margins", margins_file(place)))
        return ", ".join(links)

    def origin(self, place: str) -> list[str]:
        """Links to the parameter files of a study and to the study; runs on their own have a parameter file alone."""
        if place not in self._origins:
            self._origins[place] = self._read_origin(place)
        return self._origins[place]

    def _read_origin(self, place: str) -> list[str]:
        study = self.studies / f"{place}.yaml"
        if not study.is_file():
            return [self.link("parameters", f"params/{place}.yaml")]
        asked = read_yaml(study)
        names = [asked["params"]] if "params" in asked else asked["grid"]["params"]
        params = [self.link("parameters", f"params/{name.removesuffix('.yaml')}.yaml") for name in names]
        return [*params, self.link("study", study.relative_to(ROOT).as_posix())]

    def section(self, place: str) -> str:
        """Where the list of all records has a study."""
        return f"{self.listed}#{anchor(place)}"

    def code_of(self, records: Sequence[Record], where: str) -> str:
        """The end of a sentence: which code; of many commits their number, with a link to their names."""
        found = commits(records)
        if len(found) <= NAMED:
            return named_code(found)
        return f", code of {self.link(several(len(found), 'commit'), where)}"

    def code_link(self, path: str) -> str:
        """A link to a file of the project, called by its path."""
        return self.link(f"`{path}`", path)


def margins(records: Iterable[Placed], folder: Path = RECORDS) -> pd.DataFrame:
    """The margins that runs have kept beside their records, as one table; without a row where none has.

    Args:
        records: whose study is its folder as seen from ``folder``.
        folder: of all records.

    Returns:
        A row for each exemplar of each kind: study, arm, seed, phase; ``kind``, ``class`` (position), ``exemplar`` (its
        rank within the two, 0 first); and the numbers of :class:`mnemonics_lib.exemplars.margins.Margins`.

    Raises:
        KeptError: for a file of kept artefacts that is damaged.
    """
    tables = []
    for each in records:
        file = kept_file(each, folder)
        for phase, kept in read_kept(file).phases.items() if file.is_file() else ():
            if kept.margins is None:
                continue
            rank = kept.margins.groupby(["kind", "class"]).cumcount()
            start: dict[str, Any] = {"study": each.study, "arm": each.arm, "seed": each.record.seed, "phase": phase}
            start |= {"kind": kept.margins["kind"], "class": kept.margins["class"], "exemplar": rank}
            numbers = kept.margins.drop(columns=["kind", "class"])
            tables.append(numbers.assign(**start)[[*start, *numbers.columns]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def record_file(placed: Placed, folder: Path = RECORDS) -> Path:
    """Where a record lies, of a study that is named as seen from the folder of all records."""
    return folder / placed.study / placed.arm / f"seed-{placed.record.seed}.json"


def kept_file(placed: Placed, folder: Path = RECORDS) -> Path:
    """Where a run has what it keeps beside its record, if it keeps anything."""
    return record_file(placed, folder).with_suffix(".safetensors")


def anchor(place: str) -> str:
    """Of the section of a study, whose heading is its name, as Markdown makes anchors of headings."""
    return re.sub(r"[^\w\- ]", "", place.lower()).replace(" ", "-")


def phases_file(place: str) -> str:
    """Where the book's build keeps the table of a study by phase, as seen from the project's folder."""
    return f"book/executed/phases/{place}.csv"


def margins_file(place: str) -> str:
    """Where it keeps the margins of a study's exemplars, likewise."""
    return f"book/executed/phases/{place}-margins.csv"


def commits(records: Iterable[Record]) -> list[str]:
    """The commits that records were made at, each once; of an unknown one ``unknown``."""
    return list(dict.fromkeys(short_commit(each.code.commit, each.code.dirty) or "unknown" for each in records))


def named_code(found: Sequence[str]) -> str:
    """The end of a sentence: which code."""
    return f", code {together([f'`{commit}`' for commit in found])}" if found else ""
