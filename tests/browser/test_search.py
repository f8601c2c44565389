"""The search works in a book that is opened from its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.pages import html, names
from tests.browser.screens import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FIRST = html(names()[0])


def test_a_term_of_the_method_is_found_and_leads_to_a_page_that_has_it(browser: Browser, book: Path) -> None:
    page = browser.new_page()
    look = listen(page)
    page.goto(FIRST.as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("hypergradient")
    page.keyboard.press("Enter")
    # The line that says so comes last, and moves the results down: a click before it can fall beside the link.
    page.get_by_text("Search finished").wait_for()
    page.locator("#search-results li a").first.click()
    page.locator(".bd-article h1").first.wait_for()
    assert not page.url.startswith((book / "search.html").as_uri())
    assert "hypergradient" in page.locator(".bd-article").inner_text().lower()
    assert not look.console
    page.close()


def test_a_word_that_no_page_has_is_not_found(browser: Browser, book: Path) -> None:
    page = browser.new_page()
    page.goto((book / "search.html").as_uri() + "?q=zebrafinch")
    page.get_by_text("did not match any documents").wait_for()
    assert page.locator("#search-results li a").count() == 0
    page.close()
