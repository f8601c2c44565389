"""Where a figure or a table comes from: the line under it, and the list of all run records.

A cell of a page names its sources in its metadata, as a list called ``sources``:

* ``here``: what the page computes, from its parameter file if it has one; that is so where a cell names none;
* ``records``: the committed records of the page's own parameter file;
* ``evidence/primary``: the records of a study, a folder of ``book/records``;
* ``all``: all records;
* ``book/paper/table1.csv``: a file of the project; with a ``*`` several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnemonics_lib.config import read_yaml
from mnemonics_lib.durable.commit import short_commit
from mnemonics_lib.durable.records import Record
from mnemonics_lib.edition.columns import write_table
from mnemonics_lib.edition.tables import Placed, read_places, table
from mnemonics_lib.paths import RECORDS, ROOT, STUDIES

HERE, OWN, ALL = "here", "records", "all"

NAMED = 2
"""Commits that a line names; of more it says the number, and the list of records has them all."""

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
    """The committed records, each read once, as lines under figures, as a list, and as tables.

    Args:
        link: makes the links.
        listed: path of the page that lists all records, which has a section for each folder of studies.
        records: folder of all committed records.
        studies: folder of the studies that make them.
    """

    def __init__(self, link: Link, listed: str, records: Path = RECORDS, studies: Path = STUDIES) -> None:
        self._link, self._listed = link, listed
        self._records, self._studies = records, studies
        self._read: dict[str, list[Placed]] = {}

    def line(self, sources: Sequence[str], page: Page) -> str:
        """One line of Markdown for a cell of a page.

        Args:
            sources: what the cell names; see above.
            page: the page it is on.

        Raises:
            SourceError: for a source that is no study and no file of the project.
        """
        named = [self._own(page) if source == OWN else source for source in sources or [HERE]]
        studies = [source for source in named if (self._studies / f"{source}.yaml").is_file()]
        if len(studies) < 2:
            return " ".join(self._sentence(source, page) for source in named)
        files = [self._sentence(source, page) for source in named if source not in studies]
        return " ".join([self._of_studies(studies), *files])

    def _own(self, page: Page) -> str:
        """The study of a page, or of its parameter file, where it has records."""
        own = page.study or (page.params or "").removeprefix("params/").removesuffix(".yaml")
        return own if own and self._of(own) else HERE

    def _sentence(self, source: str, page: Page) -> str:
        if source == HERE:
            if page.study:
                taken = f", with finished work of {self._records_of(page.study)}"
                return f"Computed on this page{_code([page.code])}{taken}."
            return f"Computed on this page{self._asked(page)}{_code([page.code])}."
        if (self._studies / f"{source}.yaml").is_file():
            return self._of_study(source)
        if source == ALL:
            return f"From {self._link('all run records', self._listed)}."
        if files := _of_project(source):
            return f"From {', '.join(self._code_link(file.relative_to(ROOT).as_posix()) for file in files)}."
        raise SourceError(f"sources = {source!r}: must be {HERE}, {OWN}, {ALL}, a study or a file of the project")

    def _asked(self, page: Page) -> str:
        """From which parameters, and how they were changed."""
        if not page.params:
            return ""
        changed = f" with `{' '.join(page.overrides)}`" if page.overrides else ""
        return f" from {self._code_link(page.params)}{changed}"

    def _of_study(self, place: str) -> str:
        if not self._of(place):
            return f"Of `{place}` there are no records yet ({self._origin(place)})."
        return f"From {self._records_of(place)}."

    def _records_of(self, place: str) -> str:
        """How many records of a study, with links to all that it is made of."""
        found, anchor = self._of(place), place.split("/")[0]
        count = f"{len(found)} record{'s' if len(found) > 1 else ''}"
        return (
            f"{self._link(count, f'{self._listed}#{anchor}')} of `{place}` ({self._origin(place)}, "
            f"{self._link('by phase', phases_file(place))}){_code(commits(each.record for each in found))}"
        )

    def _of_studies(self, places: Sequence[str]) -> str:
        """Of several together, which the list of records tells apart."""
        named = [f"`{place}` ({len(self._of(place))})" for place in places]
        found = [each.record for place in places for each in self._of(place)]
        return (
            f"From {self._link('the records', self._listed)} of {', '.join(named[:-1])} and {named[-1]}"
            f"{_code(commits(found))}."
        )

    def _origin(self, place: str) -> str:
        """Links to a study and to its parameter files."""
        study = self._studies / f"{place}.yaml"
        asked = read_yaml(study)
        names = [asked["params"]] if "params" in asked else asked["grid"]["params"]
        params = [self._link("parameters", f"params/{name.removesuffix('.yaml')}.yaml") for name in names]
        return ", ".join([*params, self._link("study", study.relative_to(ROOT).as_posix())])

    def _of(self, place: str) -> list[Placed]:
        if place not in self._read:
            there = any((self._records / place).glob("*/seed-*.json"))
            self._read[place] = read_places([self._records / place]) if there else []
        return self._read[place]

    def _code_link(self, path: str) -> str:
        return self._link(f"`{path}`", path)

    def listing(self, folder: str) -> str:
        """All records of a folder of studies, in Markdown: for each study a line, and a table with a row for each arm.

        Args:
            folder: such as ``evidence``.

        Raises:
            SourceError: for a folder without records.
        """
        here = [place for place in places(self._records) if place.split("/")[0] == folder]
        if not here:
            raise SourceError(f"folder = {folder!r}: has no records in {self._records}")
        return "\n\n".join(map(self._list, here))

    def _list(self, place: str) -> str:
        of_arms: dict[str, list[Record]] = {}
        for each in self._of(place):
            of_arms.setdefault(each.arm, []).append(each.record)
        lines = [
            f"**`{place}`**: {len(self._of(place))} records ({self._origin(place)}, "
            f"{self._link('by phase', phases_file(place))})\n",
            "| arm | seeds | code |",
            "|:--|:--|:--|",
        ]
        base = (self._records / place).relative_to(ROOT).as_posix()
        for arm, found in of_arms.items():
            seeds = " ".join(self._link(str(one.seed), f"{base}/{arm}/seed-{one.seed}.json") for one in found)
            lines.append(f"| `{arm}` | {seeds} | {', '.join(f'`{commit}`' for commit in commits(found))} |")
        return "\n".join(lines)

    def write_phases(self, folder: Path) -> None:
        """Write a table for each study, a row for each run and phase, to ``folder`` / ``evidence/primary.csv``."""
        for place in places(self._records):
            path = folder / f"{place}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_table(path, table(self._of(place), by="phase"))


def phases_file(place: str) -> str:
    """Where the book's build keeps the table of a study by phase, as seen from the project's folder."""
    return f"book/executed/phases/{place}.csv"


def commits(records: Iterable[Record]) -> list[str]:
    """The commits that records were made at, each once; of an unknown one ``unknown``."""
    return list(dict.fromkeys(short_commit(each.code.commit, each.code.dirty) or "unknown" for each in records))


def _code(found: Sequence[str | None]) -> str:
    """The end of a sentence: which code."""
    known = [commit for commit in found if commit]
    if not known:
        return ""
    if len(known) > NAMED:
        return f", code of {len(known)} commits"
    return f", code {' and '.join(f'`{commit}`' for commit in known)}"


def _of_project(pattern: str) -> list[Path]:
    """The project's files of a pattern; none for what is no pattern of one, such as "" or a path from the root."""
    try:
        return sorted(ROOT.glob(pattern))
    except (ValueError, NotImplementedError):
        return []
