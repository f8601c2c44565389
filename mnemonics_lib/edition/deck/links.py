"""Links of a chapter to another, as they are on a slide."""

from __future__ import annotations

import re

from mnemonics_lib.edition.book.contents import address, chapters
from mnemonics_lib.edition.deck.plan import LectureError

LINK = re.compile(r"(?<=\]\()([\w/.-]+)\.(?:ipynb|py|md)(#[\w-]+)?(?=\))")
"""Where a link in Markdown leads that names a chapter's file, as chapters name one another, and a section of it."""


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
