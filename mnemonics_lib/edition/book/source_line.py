"""Where a figure or a table comes from: the line under it.

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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnemonics_lib.durable.commit import SHORT
from mnemonics_lib.edition.book.listing import OVERVIEW
from mnemonics_lib.edition.book.recorded import Recorded, SourceError, named_code, places
from mnemonics_lib.edition.names import several, together
from mnemonics_lib.paths import ROOT

HERE, OWN, ALL = "here", "records", "all"

NOT_RECORDED = "code not recorded"
"""What is said of a measurement whose file does not name the commit of the library."""


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


def line(recorded: Recorded, sources: Sequence[str], page: Page) -> str:
    """One line of Markdown for a cell of a page: what was computed, then records, then files.

    Args:
        recorded: the committed records.
        sources: what the cell names; see above.
        page: the page it is on.

    Raises:
        SourceError: for a source that is no study and no file of the project.
    """
    named = [_own(recorded, page) if source == OWN else source for source in sources or [HERE]]
    studies = [source for source in named if (recorded.studies / f"{source}.yaml").is_file()]
    files = [path for source in named if source not in {HERE, ALL, *studies} for path in _of_project(source)]
    sentences = []
    if HERE in named:
        params = [path for path in files if path.startswith("params/")]
        files = [path for path in files if path not in params]
        sentences.append(_computed(recorded, params, page))
    sentences += _of_studies(recorded, studies)
    if ALL in named:
        sentences.append(_of_all(recorded))
    if files:
        sentences.append(f"From {together([_of_file(recorded, path) for path in files])}.")
    return " ".join(sentences)


def _own(recorded: Recorded, page: Page) -> str:
    """The study of a page, or of its parameter file, where it has records."""
    own = page.study or (page.params or "").removeprefix("params/").removesuffix(".yaml")
    return own if own and recorded.of(own) else HERE


def _computed(recorded: Recorded, params: Sequence[str], page: Page) -> str:
    """What the page computed, from which parameters, and how they were changed."""
    if page.study:
        asked, taken = list(params), f", with finished work of {_records_of(recorded, [page.study])}"
    else:
        asked, taken = [*([page.params] if page.params else []), *params], ""
    changed = f" with `{' '.join(page.overrides)}`" if page.overrides and not page.study else ""
    start = f" from {together([recorded.code_link(path) for path in asked])}{changed}" if asked else ""
    return f"Computed on this page{start}{named_code([page.code] if page.code else [])}{taken}."


def _of_studies(recorded: Recorded, studies: Sequence[str]) -> list[str]:
    """A sentence for those with records, together, and one for each without."""
    made = [place for place in studies if recorded.of(place)]
    waiting = [
        f"Of `{place}` there are no records yet ({', '.join(recorded.origin(place))})."
        for place in studies
        if place not in made
    ]
    return [f"From {_records_of(recorded, made)}.", *waiting] if made else waiting


def _records_of(recorded: Recorded, studies: Sequence[str]) -> str:
    """How many records of studies, with links to all that they are made of."""
    counts = [recorded.link(several(len(recorded.of(place)), "record"), recorded.section(place)) for place in studies]
    links = [
        f"{number} of `{place}` ({recorded.made_of(place)})" for number, place in zip(counts, studies, strict=True)
    ]
    found = [each.record for place in studies for each in recorded.of(place)]
    where = recorded.section(studies[0]) if len(studies) == 1 else f"{recorded.listed}#{OVERVIEW}"
    return together(links) + recorded.code_of(found, where)


def _of_all(recorded: Recorded) -> str:
    """All records at once, whose studies the overview tells apart."""
    studies, where = places(recorded.records), f"{recorded.listed}#{OVERVIEW}"
    found = [each.record for place in studies for each in recorded.of(place)]
    every, of = recorded.link(several(len(found), "record"), recorded.listed), several(len(studies), "study", "studies")
    return (
        f"From all {every} of {of} "
        f"({recorded.link('parameters, studies, by phase', where)}){recorded.code_of(found, where)}."
    )


def _of_file(recorded: Recorded, path: str) -> str:
    """A file of the project, and of a measurement the parameters and the code that its file names."""
    if not (path.startswith("book/records/") and path.endswith(".json")):
        return recorded.code_link(path)
    return f"{recorded.code_link(path)} ({', '.join(_said_by(recorded, path))})"


def _said_by(recorded: Recorded, path: str) -> list[str]:
    measured = json.loads((ROOT / path).read_text(encoding="utf-8"))
    said: dict[str, Any] = measured if isinstance(measured, dict) else {}
    params = [recorded.link("parameters", f"params/{said['params']}.yaml")] if "params" in said else []
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
