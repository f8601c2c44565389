"""The pages that the book's contents name, its numbered chapters, and the addresses of sections."""

from __future__ import annotations

import re
from typing import NamedTuple

from docutils.nodes import make_id

from mnemonics_lib.config import read_yaml
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT

BOOK = ROOT / "book"
CONTENTS = BOOK / "_toc.yml"
TITLE = {".md": re.compile(r"^# (.+)$", re.MULTILINE), ".py": re.compile(r"^# # (.+)$", re.MULTILINE)}
"""The first heading of a page, in Markdown and in the comments of a notebook."""


class UnknownChapterError(ReportedError, ValueError):
    """A name that is no chapter's."""


class Chapter(NamedTuple):
    """A chapter of the book: its page as the contents name it, its number, and its title."""

    file: str
    number: int
    title: str


def pages() -> list[str]:
    """The root and the pages below it, in order; what lies below one of them is not among them."""
    contents = read_yaml(CONTENTS)
    return [contents["root"], *(page["file"] for part in contents["parts"] for page in part["chapters"])]


def below() -> list[str]:
    """The pages that lie below one of those, in order."""
    parts = read_yaml(CONTENTS)["parts"]
    return [page["file"] for part in parts for above in part["chapters"] for page in above.get("sections", [])]


def chapters() -> dict[str, Chapter]:
    """The numbered chapters, by the last part of their page's name, such as ``01_preliminaries``."""
    parts = read_yaml(CONTENTS)["parts"]
    listed = [chapter for part in parts if part.get("numbered", True) for chapter in part["chapters"]]
    made = [
        Chapter(each["file"], number, each.get("title") or _heading(each["file"]))
        for number, each in enumerate(listed, start=1)
    ]
    return {chapter.file.rpartition("/")[2]: chapter for chapter in made}


def chapter(name: str) -> Chapter:
    """A numbered chapter, by the last part of its page's name.

    Raises:
        UnknownChapterError: for another name.
    """
    numbered = chapters()
    if name not in numbered:
        raise UnknownChapterError(f"{name}: is no chapter of the book: must be one of {', '.join(numbered)}")
    return numbered[name]


def _heading(file: str) -> str:
    """The first heading of a page that is written, or of the source of one that is executed."""
    executed = file.startswith("executed/")
    source = BOOK / (f"{file.removeprefix('executed/')}.py" if executed else f"{file}.md")
    found = TITLE[source.suffix].search(source.read_text(encoding="utf-8")) if source.is_file() else None
    return found[1] if found else file.rpartition("/")[2]


def address(file: str, section: str = "") -> str:
    """A page of the built book, seen from its folder, and a section of it."""
    return f"{file}.html" + (f"#{make_id(section)}" if section else "")
