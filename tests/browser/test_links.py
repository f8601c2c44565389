"""No link or anchor of the built book is dead, whether a reader follows it or not."""

from __future__ import annotations

from pathlib import Path

from tests.check_book_offline import check_book


def test_the_built_book_has_no_dead_end(book: Path) -> None:
    assert not check_book(book)
