"""Where a figure or a table comes from: the line under it, and the list of all run records.

A cell of a page names its sources in its metadata, as a list called ``sources``:

* ``here``: what the page computes, from its parameter file if it has one; that is so where a cell names none. Parameter
  files that a cell names beside it, such as ``params/quick/digits-n1.yaml``, are what it is computed from;
* ``records``: the committed records of the page's own parameter file;
* ``evidence/primary``: the records of a study, a folder of ``book/records``;
* ``all``: all records;
* ``book/paper/table1.csv``: a file of the project; with a ``*`` several.

A line names parameter files, studies, records, tables by phase and commits, as far as its sources have them. Where one
would be too long to read, it links to the list of all run records, which has them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mnemonics_lib.config import read_yaml
from mnemonics_lib.durable.commit import SHORT, short_commit
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.columns import write_table
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.tables import Placed, read_places, table
from mnemonics_lib.kept import read_kept
from mnemonics_lib.paths import RECORDS, ROOT, STUDIES

HERE, OWN, ALL = "here", "records", "all"

NAMED = 2
"""Commits that a line names; of more it says the number, with a link to the list of records, which has them all."""

OVERVIEW = "all-studies"
"""Anchor, on the page that lists all records, of the table with a row for each study."""

NOT_RECORDED = "code not recorded"
"""What is said of a measurement whose file does not name the commit of the library."""

Link = Callable[[str, str], str]
"""Text and path of a file, as seen from the project's folder -> a link in Markdown."""


class SourceError(ValueError):
    """A source that is not there. The message names it."""


@dataclass(frozen=True)
class Page:
    """What a page was executed with.

    Attributes:
        params: its parameter file, as seen from the project's folder; None without one.
        overrides: what was changed of that file, each ``key=value``.
        study: whose finished work it took; "" for none.
        code: commit of the library, as :func:`~mnemonics_lib.durable.commit.short_commit` writes it; None where it is
            not known.
    """

    params: str | None = None
    overrides: Sequence[str] = ()
    study: str = ""
    code: str | None = None


def places(records: Path = RECORDS) -> list[str]:
    """All folders of records, such as ``evidence/primary``, in alphabetical order."""
    return sorted({path.parents[1].relative_to(records).as_posix() for path in records.glob("*/*/*/seed-*.json")})


class Sources:
    """The committed records, each read once, as lines under figures, as lists, and as tables.

    Args:
        link: makes the links.
        listed: path of the page that lists all records. It has the table of :meth:`overview`, under the anchor
            ``OVERVIEW``, and the :meth:`listing` of each folder of studies.
        records: folder of all committed records.
        studies: folder of the studies that make them.
    """

    def __init__(self, link: Link, listed: str, records: Path = RECORDS, studies: Path = STUDIES) -> None:
        self._link, self._listed = link, listed
        self._records, self._studies = records, studies
        self._read: dict[str, list[Placed]] = {}
        self._kept: dict[str, pd.DataFrame] = {}
        self._origins: dict[str, list[str]] = {}

    # -- the line under a figure ---------------------------------------------------------------------------------------

    def line(self, sources: Sequence[str], page: Page) -> str:
        """One line of Markdown for a cell of a page: what was computed, then records, then files.

        Args:
            sources: what the cell names; see above.
            page: the page it is on.

        Raises:
            SourceError: for a source that is no study and no file of the project.
        """
        named = [self._own(page) if source == OWN else source for source in sources or [HERE]]
        studies = [source for source in named if (self._studies / f"{source}.yaml").is_file()]
        files = [path for source in named if source not in {HERE, ALL, *studies} for path in _of_project(source)]
        sentences = []
        if HERE in named:
            params = [path for path in files if path.startswith("params/")]
            files = [path for path in files if path not in params]
            sentences.append(self._computed(params, page))
        sentences += self._of_studies(studies)
        if ALL in named:
            sentences.append(self._of_all())
        if files:
            sentences.append(f"From {together([self._of_file(path) for path in files])}.")
        return " ".join(sentences)

    def _own(self, page: Page) -> str:
        """The study of a page, or of its parameter file, where it has records."""
        own = page.study or (page.params or "").removeprefix("params/").removesuffix(".yaml")
        return own if own and self._of(own) else HERE

    def _computed(self, params: Sequence[str], page: Page) -> str:
        """What the page computed, from which parameters, and how they were changed."""
        if page.study:
            asked, taken = list(params), f", with finished work of {self._records_of([page.study])}"
        else:
            asked, taken = [*([page.params] if page.params else []), *params], ""
        changed = f" with `{' '.join(page.overrides)}`" if page.overrides and not page.study else ""
        start = f" from {together([self._code_link(path) for path in asked])}{changed}" if asked else ""
        return f"Computed on this page{start}{_code([page.code] if page.code else [])}{taken}."

    def _of_studies(self, studies: Sequence[str]) -> list[str]:
        """A sentence for those with records, together, and one for each without."""
        made = [place for place in studies if self._of(place)]
        waiting = [
            f"Of `{place}` there are no records yet ({', '.join(self._origin(place))})."
            for place in studies
            if place not in made
        ]
        return [f"From {self._records_of(made)}.", *waiting] if made else waiting

    def _records_of(self, studies: Sequence[str]) -> str:
        """How many records of studies, with links to all that they are made of."""
        counts = [self._link(_count(self._of(place), "record"), self._section(place)) for place in studies]
        links = [f"{count} of `{place}` ({self._made_of(place)})" for count, place in zip(counts, studies, strict=True)]
        found = [each.record for place in studies for each in self._of(place)]
        where = self._section(studies[0]) if len(studies) == 1 else f"{self._listed}#{OVERVIEW}"
        return together(links) + self._code_of(found, where)

    def _of_all(self) -> str:
        """All records at once, whose studies the overview tells apart."""
        studies, where = places(self._records), f"{self._listed}#{OVERVIEW}"
        found = [each.record for place in studies for each in self._of(place)]
        return (
            f"From all {self._link(_count(found, 'record'), self._listed)} of {_count(studies, 'study', 'studies')} "
            f"({self._link('parameters, studies, by phase', where)}){self._code_of(found, where)}."
        )

    def _of_file(self, path: str) -> str:
        """A file of the project, and of a measurement the parameters and the code that its file names."""
        if not (path.startswith("book/records/") and path.endswith(".json")):
            return self._code_link(path)
        return f"{self._code_link(path)} ({', '.join(self._said_by(path))})"

    def _said_by(self, path: str) -> list[str]:
        measured = json.loads((ROOT / path).read_text(encoding="utf-8"))
        said: dict[str, Any] = measured if isinstance(measured, dict) else {}
        params = [self._link("parameters", f"params/{said['params']}.yaml")] if "params" in said else []
        script = [f"script `{said['script']}`"] if "script" in said else []
        lists = [found for found in said.values() if isinstance(found, list)]
        of_records = [of["commit"] for found in lists for of in found if isinstance(of, dict) and "commit" in of]
        if "library" in said:
            code = f"code `{said['library']}`"
        elif of_records:  # that were made again since, and lie in the history of the repository
            named = together([f"`{commit[:SHORT]}`" for commit in dict.fromkeys(of_records)])
            code = f"records, with their code, in {named}"
        else:
            code = NOT_RECORDED
        return [*params, code, *script]

    # -- what a study is made of ---------------------------------------------------------------------------------------

    def _made_of(self, place: str) -> str:
        """Links to the parameters, the study and the tables of a study that has records."""
        links = [*self._origin(place), self._link("by phase", phases_file(place))]
        if len(self._margins(place)):
            links.append(self._link("margins", margins_file(place)))
        return ", ".join(links)

    def _origin(self, place: str) -> list[str]:
        """Links to the parameter files of a study and to the study; runs on their own have a parameter file alone."""
        if place not in self._origins:
            self._origins[place] = self._read_origin(place)
        return self._origins[place]

    def _read_origin(self, place: str) -> list[str]:
        study = self._studies / f"{place}.yaml"
        if not study.is_file():
            return [self._link("parameters", f"params/{place}.yaml")]
        asked = read_yaml(study)
        names = [asked["params"]] if "params" in asked else asked["grid"]["params"]
        params = [self._link("parameters", f"params/{name.removesuffix('.yaml')}.yaml") for name in names]
        return [*params, self._link("study", study.relative_to(ROOT).as_posix())]

    def _of(self, place: str) -> list[Placed]:
        """The records of a study, which is named as a source names it; none where there are none."""
        if place not in self._read:
            there = any((self._records / place).glob("*/seed-*.json"))
            found = read_places([self._records / place]) if there else []
            self._read[place] = [replace(each, study=place) for each in found]
        return self._read[place]

    def _margins(self, place: str) -> pd.DataFrame:
        if place not in self._kept:
            self._kept[place] = margins(self._of(place), self._records)
        return self._kept[place]

    def _section(self, place: str) -> str:
        """Where the list of all records has a study."""
        return f"{self._listed}#{anchor(place)}"

    def _code_of(self, records: Sequence[Record], where: str) -> str:
        """The end of a sentence: which code; of many commits their number, with a link to their names."""
        found = commits(records)
        return _code(found) if len(found) <= NAMED else f", code of {self._link(_count(found, 'commit'), where)}"

    def _code_link(self, path: str) -> str:
        return self._link(f"`{path}`", path)

    # -- the list of all records ---------------------------------------------------------------------------------------

    def overview(self) -> str:
        """A table in Markdown with a row for each study that has records: how many, made of what, by which code."""
        lines = ["| study | records | made of | code |", "|:--|--:|:--|:--|"]
        for place in places(self._records):
            found = [each.record for each in self._of(place)]
            study = self._link(f"`{place}`", self._section(place))
            lines.append(f"| {study} | {len(found)} | {self._made_of(place)} | {_named(found)} |")
        return "\n".join(lines)

    def listing(self, folder: str) -> str:
        """All records of a folder of studies, in Markdown: for each study a section with a row for each arm.

        Args:
            folder: such as ``evidence``.

        Raises:
            SourceError: for a folder without records that is not one of parameter files either.
        """
        here = [place for place in places(self._records) if place.split("/")[0] == folder]
        if not here and (ROOT / "params" / folder).is_dir():
            return "There are none yet."
        if not here:
            raise SourceError(f"folder = {folder!r}: has no records in {self._records}")
        return "\n\n".join(map(self._list, here))

    def _list(self, place: str) -> str:
        of_arms: dict[str, list[Placed]] = {}
        for each in self._of(place):
            of_arms.setdefault(each.arm, []).append(each)
        found = [each.record for each in self._of(place)]
        keeps = any(kept_file(each, self._records).is_file() for each in self._of(place))
        rows = (
            ["| arm | seeds | kept | code |", "|:--|:--|:--|:--|"]
            if keeps
            else ["| arm | seeds | code |", "|:--|:--|:--|"]
        )
        for arm, of_arm in of_arms.items():
            files = [record_file(each, self._records) for each in of_arm]
            kept = [kept_file(each, self._records) for each in of_arm]
            cells = [f"`{arm}`", self._by_seed(of_arm, files), *([self._by_seed(of_arm, kept)] if keeps else [])]
            rows.append(f"| {' | '.join(cells)} | {_named(each.record for each in of_arm)} |")
        head = f"{_count(found, 'record')} ({self._made_of(place)}), code {_named(found)}."
        return "\n".join([f"### {place}\n", f"{head}\n", *rows])

    def _by_seed(self, of_arm: Sequence[Placed], files: Sequence[Path]) -> str:
        """Links to those files of an arm's runs that are there, each called by its seed."""
        return " ".join(
            self._link(str(each.record.seed), file.relative_to(ROOT).as_posix())
            for each, file in zip(of_arm, files, strict=True)
            if file.is_file()
        )

    # -- tables for a spreadsheet --------------------------------------------------------------------------------------

    def write_tables(self, folder: Path) -> None:
        """Write a table for each study, a row for each run and phase, to ``folder`` / ``evidence/primary.csv``.

        Of a study whose runs keep the margins of exemplars, they are written beside it: ``boundary-margins.csv``.
        """
        for place in places(self._records):
            path = folder / f"{place}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_table(path, table(self._of(place), by="phase"))
            if len(kept := self._margins(place)):
                write_table(folder / f"{place}-margins.csv", kept)


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


def _named(records: Iterable[Record]) -> str:
    return ", ".join(f"`{commit}`" for commit in commits(records))


def _code(found: Sequence[str]) -> str:
    """The end of a sentence: which code."""
    return f", code {together([f'`{commit}`' for commit in found])}" if found else ""


def _count(found: Sequence[object], one: str, more: str = "") -> str:
    return f"{len(found)} {one if len(found) == 1 else more or f'{one}s'}"


def _of_project(pattern: str) -> list[str]:
    """The project's files of a pattern, as seen from its folder.

    Raises:
        SourceError: for a pattern without files, and for what is no pattern, such as "" or a path from the root.
    """
    try:
        found = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    except (ValueError, NotImplementedError):
        found = []
    if not found:
        raise SourceError(f"sources = {pattern!r}: must be {HERE}, {OWN}, {ALL}, a study or a file of the project")
    return found
