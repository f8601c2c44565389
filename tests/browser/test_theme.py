"""Light and dark: the system's choice at first, then the reader's, on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser.pages import html, names

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("book")
FIRST, LAST = html(names()[0]), html(names()[-1])


def theme(page: Page) -> str:
    return page.evaluate("document.documentElement.dataset.theme")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_first_page_is_as_the_system_is(browser: Browser, colours: Literal["light", "dark"]) -> None:
    page = browser.new_page(color_scheme=colours)
    page.goto(FIRST.as_uri())
    assert theme(page) == colours
    page.close()


def test_a_reader_s_choice_holds_on_the_next_page(browser: Browser) -> None:
    page = browser.new_page(color_scheme="light")
    page.goto(FIRST.as_uri())
    page.locator(".theme-switch-button:visible").click()
    assert theme(page) == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(LAST.as_uri())
    assert theme(page) == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark != "rgb(255, 255, 255)"
    page.close()
