"""Light and dark: the system's choice at first, then the reader's, on every page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def theme(page: Page) -> str:
    return page.evaluate("document.documentElement.dataset.theme")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_first_page_is_as_the_system_is(browser: Browser, book: Path, colours: Literal["light", "dark"]) -> None:
    page = browser.new_page(color_scheme=colours)
    page.goto((book / "intro.html").as_uri())
    assert theme(page) == colours
    page.close()


def test_a_reader_s_choice_holds_on_the_next_page(browser: Browser, book: Path) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto((book / "intro.html").as_uri())
    page.locator(".theme-switch-button:visible").click()
    assert theme(page) == "dark"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto((book / "bibliography.html").as_uri())
    assert theme(page) == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light != "rgb(255, 255, 255)"
    page.close()
