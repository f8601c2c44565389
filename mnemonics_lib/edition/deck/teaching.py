"""The tables of the instructor's page, from the plan and the tags that the slides are made from.

Links are such as Sphinx resolves on a page that lies in ``book/executed``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from docutils.nodes import make_id
from nbformat import NotebookNode

from mnemonics_lib.edition.book.contents import chapter as chapter_of
from mnemonics_lib.edition.deck.chapters import sections
from mnemonics_lib.edition.deck.plan import Part, Plan
from mnemonics_lib.edition.names import together
from mnemonics_lib.edition.notebooks import students
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.paths import ROOT

SOURCES = ROOT / "notebooks"


def read_sources() -> dict[str, NotebookNode]:
    """The notebooks by their names without suffix, in order; not executed."""
    return {path.stem: read_notebook(path) for path in sorted(SOURCES.glob("0*.py"))}


def to_section(chapter: str, section: str) -> str:
    """A link to a section of a chapter, as Markdown.

    Args:
        chapter: the last part of its page's name, such as ``03_local_bop``.
        section: its heading; the page itself where it is empty.
    """
    found = chapter_of(chapter)
    file = found.file.removeprefix("executed/")
    return f"[{section}]({file}.ipynb#{make_id(section)})" if section else f"[{found.title}]({file}.ipynb)"


def lecture_rows(
    plan: Plan, part: Part, notebooks: Mapping[str, NotebookNode], seconds: Mapping[str, float]
) -> list[dict[str, str]]:
    """A part of the lecture as rows of a table, one a slide.

    Args:
        plan: the lecture's.
        part: one of its parts.
        notebooks: by their names.
        seconds: what the cells of a slide took, by its name; slides that were not measured are missing.
    """
    where = sections(plan, notebooks)
    rows = []
    for of, slide, begins in plan.clock():
        if of != part:
            continue
        if slide.page:
            link = to_section(slide.page.rpartition("/")[2], "")
        else:
            link = to_section(part.chapter, where[slide.name]) if slide.name in where else ""
        rows.append(
            {
                "minutes": f"{begins}–{begins + slide.minutes}",
                "slide": slide.title,
                "in the book": link,
                "run in class": "yes" if slide.live else "",
                "its cells take": _seconds(seconds.get(slide.name)),
                "ask": slide.ask,
            }
        )
    return rows


def spare_in_words(plan: Plan) -> str:
    """Which slides can be left out where questions need more time, in a sentence; "" for none."""
    spare = [(slide, begins) for _, slide, begins in plan.clock() if slide.spare]
    if not spare:
        return ""
    named = together([f"*{slide.title}* (minutes {begins} to {begins + slide.minutes})" for slide, begins in spare])
    return f"**Where questions need more time**, leave out {named}: nothing later rests on what they show."


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else "under 1 s" if seconds < 1 else f"{seconds:.0f} s"


def exercise_rows() -> list[dict[str, str]]:
    """The exercises of notebooks and pages as rows of a table, each with a link to its box in the book."""
    rows = []
    for path in students.sources():
        stem = path.stem
        for exercise in students.exercises(read_notebook(path)):
            heading = re.fullmatch(r"Exercise ((\d+)\.(\d+)): (.+)", exercise.title)
            if heading:
                label = make_id(f"exercise-{chapter_of(stem).file}-{heading[2]}-{heading[3]}")
                rows.append(
                    {
                        "exercise": f"{{ref}}`{heading[1]} <{label}>`",
                        "on": heading[4],
                        "minutes": str(exercise.minutes),
                    }
                )
    return rows
