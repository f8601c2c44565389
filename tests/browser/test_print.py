"""On paper: folds are open, code and tables are whole, and the page is light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.screens import WHEN_FORMULAS_ARE_THERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTE = """() => addEventListener("beforeprint", () => {
  const all = (selector) => [...document.querySelectorAll(".bd-article " + selector)];
  window.printed = {
    theme: document.documentElement.dataset.theme,
    closed: all("details").filter((fold) => !fold.open).length,
  };
})"""

CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, table, .pst-scrollable-table-container, .output)")]
  .filter((box) => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX != "visible")
  .map((box) => box.textContent.slice(0, 80))"""

A4 = 680  # pixels of 1/96 inch between margins of 1.5 cm


def test_what_is_folded_on_the_screen_is_open_and_light_on_paper(browser: Browser, page_path: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(page_path.as_uri())
    folds = page.locator(".bd-article details")
    before = folds.evaluate_all("folds => folds.map((fold) => fold.open)")
    page.evaluate(NOTE)
    page.pdf()
    assert page.evaluate("window.printed") == {"theme": "light", "closed": 0}
    assert folds.evaluate_all("folds => folds.map((fold) => fold.open)") == before
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_nothing_is_cut_on_paper(browser: Browser, page_path: Path) -> None:
    page = browser.new_page(viewport={"width": A4, "height": 1000})
    page.goto(page_path.as_uri())
    page.evaluate(WHEN_FORMULAS_ARE_THERE)
    page.emulate_media(media="print")
    page.locator(".bd-article details").evaluate_all("folds => folds.forEach((fold) => (fold.open = true))")
    assert not page.evaluate(CUT)
    page.close()
