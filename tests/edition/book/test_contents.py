"""The numbered chapters of the book, and the addresses of sections."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.book.contents import UnknownChapterError, address, below, chapter, chapters, pages
from mnemonics_lib.paths import ROOT


def test_chapters_have_their_numbers_and_titles():
    numbered = chapters()
    assert numbered["03_local_bop"].number == 3
    assert numbered["03_local_bop"].title == "Exemplars as parameters"
    assert numbered["why"].title == "What Eq. 7 rewards"  # from the page's own heading
    assert address("executed/why", "Two words, 7") == "executed/why.html#two-words-7"


def test_every_page_is_there_once_and_has_a_source():
    named = [*pages(), *below()]
    assert len({*named}) == len(named)
    for page in [page for page in pages() if not page.startswith("executed/")]:
        assert any((ROOT / "book" / f"{page}{suffix}").is_file() for suffix in (".md", ".py")), page


def test_a_chapter_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(UnknownChapterError, match=r"toys: is no chapter of the book: must be one of 01_preliminaries"):
        chapter("toys")
    assert chapter("why") == chapters()["why"]
