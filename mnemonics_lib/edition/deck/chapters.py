"""The cells of the notebooks that a lecture shows or needs, by their tags.

A cell tagged ``slide-NAME`` is shown on the slide of that name. A cell of code tagged ``live`` is run before the slides
that come after it and is not shown; so are the two cells with which every notebook begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from nbformat import NotebookNode

from mnemonics_lib.edition.deck.plan import LectureError, Part, Plan

PREFIX = "slide-"
LIVE = {"parameters", "resolve", "live"}
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
EQUATION = re.compile(r"\$\$.+?\$\$", re.DOTALL)


class Found(NamedTuple):
    """A cell that a lecture takes from a notebook: the slide that shows it, or None for one that is only run."""

    cell: NotebookNode
    slide: str | None
    section: str


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def slide_of(cell: NotebookNode) -> str | None:
    """The slide that a cell is shown on.

    Raises:
        LectureError: for a cell with two of such tags.
    """
    names = [tag.removeprefix(PREFIX) for tag in tags(cell) if tag.startswith(PREFIX)]
    if len(names) > 1:
        raise LectureError(f"cell {cell.source.partition(chr(10))[0]!r}: is on slides {' and '.join(names)}")
    return names[0] if names else None


def cells(notebook: NotebookNode) -> list[Found]:
    """The cells of a notebook that a lecture shows or runs, in order, each with the section that it stands in."""
    found, section = [], ""
    for cell in notebook.cells:
        headings = HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        name = slide_of(cell)
        if name or LIVE.intersection(tags(cell)):
            # A cell that begins with a heading belongs to it, and any other to the one before.
            own = headings[0] if headings and cell.source.startswith("## ") else section
            found.append(Found(cell, name, own))
        section = headings[-1] if headings else section
    return found


def equations(text: str) -> list[str]:
    """The displayed equations of a cell of text, with their dollars."""
    return EQUATION.findall(text)


def of_part(part: Part, notebooks: Mapping[str, NotebookNode]) -> list[Found]:
    """The cells of a part's chapter, after a check that they and the part's slides agree.

    Raises:
        LectureError: for a chapter that is not there, a tag that the plan does not know, and slides in another order
            than their cells, which could then not be run one after the other.
    """
    if not part.chapter:
        return []
    if part.chapter not in notebooks:
        raise LectureError(f"{part.chapter}: no such notebook; there are {', '.join(sorted(notebooks))}")
    found = cells(notebooks[part.chapter])
    in_cells = list(dict.fromkeys(each.slide for each in found if each.slide))
    planned = [slide.name for slide in part.slides]
    unknown = [name for name in in_cells if name not in planned]
    if unknown:
        raise LectureError(
            f"{part.chapter}: cells are tagged {PREFIX}{unknown[0]}, a slide that the plan does not have"
        )
    if [name for name in planned if name in in_cells] != in_cells:
        raise LectureError(f"{part.chapter}: its cells have the slides in the order {', '.join(in_cells)}")
    return found


def sections(plan: Plan, notebooks: Mapping[str, NotebookNode]) -> dict[str, str]:
    """The section of its chapter that each slide with cells shows, by the slide's name.

    Raises:
        LectureError: as :func:`of_part`.
    """
    found: dict[str, str] = {}
    for part in plan.parts:
        for each in of_part(part, notebooks):
            if each.slide:
                found.setdefault(each.slide, each.section)
    return found
