"""Where the built book lies, and which of its pages are read."""

from __future__ import annotations

from pathlib import Path

from tests.check_book_offline import pages_of

BOOK = Path(__file__).parents[2] / "book" / "_build" / "html"
FORWARDS = 'http-equiv="Refresh"'
NOT_BUILT = f"no built book: no {BOOK.relative_to(BOOK.parents[2])}/index.html; `make book` makes it"


def chapters() -> list[Path]:
    """All pages that are read: not the one that leads to the first, and no index."""
    return [
        page
        for page in pages_of(BOOK)
        if page.with_suffix("").name not in {"genindex", "search", "proof-index"}
        and FORWARDS not in page.read_text(encoding="utf-8")[:200]
    ]
