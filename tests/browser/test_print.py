"""On paper: folds are open, code and tables are whole, and the page is light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.screens import WHEN_FORMULAS_ARE_THERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STATE = """() => ({
  theme: document.documentElement.dataset.theme,
  open: [...document.querySelectorAll(".bd-article details")].map((fold) => fold.open),
})"""

CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, table, .pst-scrollable-table-container, .output)")]
  .filter((box) => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX != "visible")
  .map((box) => box.textContent.slice(0, 80))"""

FADING = """folds => folds
  .map((fold) => { fold.open = true; return fold; })
  .flatMap((fold) => [...fold.children])
  .filter((child) => getComputedStyle(child).animationName != "none").length"""

A4 = 680  # pixels of 1/96 inch between margins of 1.5 cm


@pytest.fixture(scope="module")
def states(browser: Browser, page_path: Path) -> dict[str, Any]:
    """How a page is before, while and after it is printed from a dark screen, and what is cut on the paper."""
    page = browser.new_page(viewport={"width": A4, "height": 1000}, color_scheme="dark")
    page.goto(page_path.as_uri())
    page.evaluate(WHEN_FORMULAS_ARE_THERE)
    found = {"before": page.evaluate(STATE)}
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = ({STATE})(); }})")
    page.pdf()
    found |= {"printed": page.evaluate("window.printed"), "after": page.evaluate(STATE)}
    page.emulate_media(media="print")
    found["fading"] = page.locator(".bd-article details").evaluate_all(FADING)
    found["cut"] = page.evaluate(CUT)
    page.close()
    return found


def test_paper_is_light_and_its_folds_are_open(states: dict[str, Any]) -> None:
    assert states["printed"]["theme"] == "light"
    assert all(states["printed"]["open"])
    assert not states["fading"]


def test_the_screen_is_as_before_once_it_was_printed(states: dict[str, Any]) -> None:
    assert states["before"]["theme"] == "dark"
    assert states["after"] == states["before"]


def test_nothing_is_cut_on_paper(states: dict[str, Any]) -> None:
    assert not states["cut"]
