"""What scrolls on a narrow screen can be reached with the keyboard, and what does not scroll is no stop on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.screens import WHEN_FORMULAS_ARE_THERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCROLLS = """() => [...document.querySelectorAll(".bd-article .pst-scrollable-table-container")]
  .map((box) => [box.scrollWidth > box.clientWidth, box.tabIndex == 0])"""


def test_a_table_is_a_stop_only_while_it_scrolls(browser: Browser, book: Path) -> None:
    page = browser.new_page(viewport={"width": 300, "height": 900})
    page.goto((book / "method" / "notation.html").as_uri())
    page.evaluate(WHEN_FORMULAS_ARE_THERE)
    page.wait_for_function("document.querySelector('.pst-scrollable-table-container[tabindex]')")
    narrow = page.evaluate(SCROLLS)
    assert [True, True] in narrow
    assert all(scrolls == stop for scrolls, stop in narrow)
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_function("!document.querySelector('.pst-scrollable-table-container[tabindex]')")
    assert not any(scrolls for scrolls, _ in page.evaluate(SCROLLS))
    page.close()
