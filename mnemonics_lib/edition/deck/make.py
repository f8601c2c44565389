"""The files of a lecture: slides that open from a file, and a notebook to step through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.edition.book.contents import address, chapter
from mnemonics_lib.edition.deck.assets import copy_assets
from mnemonics_lib.edition.deck.chapters import sections
from mnemonics_lib.edition.deck.lecture import compose, to_run
from mnemonics_lib.edition.deck.page import page
from mnemonics_lib.edition.deck.plan import Plan, read_plan
from mnemonics_lib.edition.notebooks.pairs import read_notebook

SLIDES, LECTURE = "index.html", "lecture.ipynb"
IN_THE_PROJECT = "../../book/_build/html"
"""The folder of the built book, as seen from ``build/deck``."""


def links(plan: Plan, notebooks: Mapping[str, NotebookNode], book: str) -> dict[str, tuple[str, str]]:
    """From each slide that has a place in the book to what a link to it says, and its address.

    Args:
        plan: the lecture's.
        notebooks: by their names without suffix.
        book: the folder of the built book, as the slides see it.

    Raises:
        UnknownChapterError: for a slide whose page, or a part whose chapter, is none of the book.
        LectureError: as :func:`mnemonics_lib.edition.deck.chapters.sections`.
    """
    where = sections(plan, notebooks)
    found = {}
    for part in plan.parts:
        for slide in part.slides:
            if slide.page:
                of = chapter(slide.page.rpartition("/")[2])
                found[slide.name] = (f"Chapter {of.number}: {of.title}", f"{book}/{address(of.file)}")
            elif slide.name in where:
                of, section = chapter(part.chapter), where[slide.name]
                target = f"{book}/{address(of.file, section)}"
                found[slide.name] = (f"Chapter {of.number}: {section}", target)
    return found


def write_deck(notebooks: Sequence[Path], folder: Path, book: str) -> list[Path]:
    """Write slides, what they need, and the lecture's notebook. Returns the two files to open.

    Args:
        notebooks: the executed chapters.
        folder: which is made where it is not there.
        book: the folder of the built book, as seen from ``folder``.

    Raises:
        LectureError: where plan, notebooks and installed packages do not agree.
        UnknownChapterError: as :func:`links`.
        ParameterError: for what is no notebook.
    """
    plan, read = read_plan(), {path.stem: read_notebook(path) for path in notebooks}
    lecture = compose(plan, read)
    folder.mkdir(parents=True, exist_ok=True)
    copy_assets(folder)
    slides, live = folder / SLIDES, folder / LECTURE
    slides.write_text(page(lecture, links(plan, read, book), book), encoding="utf-8")
    nbformat.write(to_run(lecture), live)
    return [slides, live]
