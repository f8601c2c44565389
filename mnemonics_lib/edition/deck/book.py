"""Where in the book a slide's subject stands: chapters, their numbers, and the addresses of sections."""

from __future__ import annotations

import re
from typing import NamedTuple

from docutils.nodes import make_id

from mnemonics_lib.config import read_yaml
from mnemonics_lib.edition.deck.plan import LectureError
from mnemonics_lib.paths import ROOT

BOOK = ROOT / "book"
CONTENTS = "_toc.yml"
TITLE = {".md": re.compile(r"^# (.+)$", re.MULTILINE), ".py": re.compile(r"^# # (.+)$", re.MULTILINE)}
"""The first heading of a page, in Markdown and in the comments of a notebook."""
LINK = re.compile(r"(?<=\]\()([\w/.-]+)\.(?:ipynb|py|md)(#[\w-]+)?(?=\))")
"""Where a link in Markdown leads that names a chapter's file, as chapters name one another, and a section of it."""


class Chapter(NamedTuple):
    """A chapter of the book: its page as the contents name it, its number, and its title."""

    file: str
    number: int
    title: str


def chapters() -> dict[str, Chapter]:
    """The numbered chapters, by the last part of their page's name, such as ``01_preliminaries``."""
    parts = read_yaml(BOOK / CONTENTS)["parts"]
    listed = [chapter for part in parts if part.get("numbered", True) for chapter in part["chapters"]]
    made = [
        Chapter(each["file"], number, each.get("title") or _heading(each["file"]))
        for number, each in enumerate(listed, start=1)
    ]
    return {chapter.file.rpartition("/")[2]: chapter for chapter in made}


def _heading(file: str) -> str:
    """The first heading of a page that is written, or of the source of one that is executed."""
    executed = file.startswith("executed/")
    source = BOOK / (f"{file.removeprefix('executed/')}.py" if executed else f"{file}.md")
    found = TITLE[source.suffix].search(source.read_text(encoding="utf-8")) if source.is_file() else None
    return found[1] if found else file.rpartition("/")[2]


def address(file: str, section: str = "") -> str:
    """A page of the built book, seen from its folder, and a section of it."""
    return f"{file}.html" + (f"#{make_id(section)}" if section else "")


def to_the_book(text: str, book: str) -> str:
    """Markdown whose links to chapters lead to their pages in the built book.

    A chapter's cell names another by its file, from the folder that the chapter lies in, and a slide lies elsewhere.

    Args:
        text: Markdown, such as a cell displays.
        book: the folder of the built book, as the slides see it.

    Raises:
        LectureError: for a link to a file that is no chapter.
    """
    numbered = chapters()

    def page(link: re.Match[str]) -> str:
        name = link[1].rpartition("/")[2]
        if name not in numbered:
            raise LectureError(f"a link to {link[0]}: no chapter of the book has this name")
        return f"{book}/{address(numbered[name].file)}{link[2] or ''}"

    return LINK.sub(page, text)
