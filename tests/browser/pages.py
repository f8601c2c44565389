"""Where the built book lies, and which pages it has."""

from __future__ import annotations

from pathlib import Path

from mnemonics_lib.config import read_yaml

SOURCES = Path(__file__).parents[2] / "book"
BOOK = SOURCES / "_build" / "html"
NOT_BUILT = f"no built book: no {BOOK.relative_to(SOURCES.parent)}/index.html; `make book` makes it"


def names() -> list[str]:
    """The pages that the contents name, in their order; an earlier build may have left others.

    Those that are a chapter run again on other data are left out of the book where that is not there.
    """
    contents = read_yaml(SOURCES / "_toc.yml")
    chapters = [chapter for part in contents["parts"] for chapter in part["chapters"]]
    pages = [page for chapter in chapters for page in (chapter, *chapter.get("sections", []))]
    return [contents["root"], *(page["file"] for page in pages)]


def html(name: str) -> Path:
    """The file of a page."""
    return BOOK / f"{name}.html"
