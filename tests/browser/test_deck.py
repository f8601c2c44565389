"""The slides of the lecture in a browser: each fits its screen, with its formulas, and the speaker's notes open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from mnemonics_lib.edition.deck.page import HEIGHT, WIDTH
from mnemonics_lib.edition.deck.plan import read_plan
from tests.browser.screens import Look, listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SLIDES = Path(__file__).parents[2] / "build" / "deck" / "index.html"

BEYOND = """(name) => {
  Reveal.slide(Reveal.getSlides().findIndex((slide) => slide.id === name));
  const slide = Reveal.getCurrentSlide();
  const foot = slide.querySelector(".link")?.getBoundingClientRect().top ?? innerHeight - 14;
  const inside = (element) => element.closest("aside, .link, svg, mjx-container");
  return [...slide.querySelectorAll("*")]
    .filter((element) => !inside(element) || element.matches("svg, mjx-container"))
    .filter((element) => !element.closest("aside, .link"))
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.height > 0 && (box.right > innerWidth - 30 || box.bottom > foot + 1))
    .map(([element, box]) => `${element.tagName}.${element.className} to ${box.right}, ${box.bottom}`);
}"""

FIGURES = """() => [...Reveal.getCurrentSlide().querySelectorAll(".figure img")].map((image) => image.clientHeight)"""


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[tuple[Page, Look]]:
    """The slides in a window of their size, when their formulas are there."""
    if not SLIDES.is_file():
        pytest.skip(f"no slides: no {SLIDES.relative_to(SLIDES.parents[2])}; `make deck` makes them")
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    look = listen(page)
    page.goto(SLIDES.as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    yield page, look
    page.close()


def test_the_slides_are_those_of_the_plan(opened: tuple[Page, Look]) -> None:
    page, _ = opened
    ids = page.evaluate("Reveal.getSlides().map((slide) => slide.id)")
    assert ids == [slide.name for slide in read_plan().slides]


@pytest.mark.parametrize("name", [slide.name for slide in read_plan().slides])
def test_a_slide_fits_its_screen(opened: tuple[Page, Look], name: str) -> None:
    page, _ = opened
    assert page.evaluate(BEYOND, name) == []
    assert all(height > 200 for height in page.evaluate(FIGURES))  # not pressed flat by the text above


def test_nothing_fails_and_nothing_comes_from_elsewhere(opened: tuple[Page, Look]) -> None:
    page, look = opened
    assert (look.console, look.failed, look.external) == ([], [], [])
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert page.locator("mjx-container").count() > 30
    assert page.evaluate("[...document.images].filter((image) => !image.alt.trim()).length") == 0


def test_every_link_leads_to_a_place_in_the_book(opened: tuple[Page, Look], book: Path) -> None:
    links = opened[0].evaluate("[...document.querySelectorAll('.slides a[href]')].map((link) => link.href)")
    assert len(links) > 25
    for link in links:
        path, _, section = unquote(link).removeprefix("file://").partition("#")
        assert Path(path).is_relative_to(book)
        assert not section or f'id="{section}"' in Path(path).read_text(encoding="utf-8"), link


def test_the_speaker_has_a_second_window_with_the_note(opened: tuple[Page, Look]) -> None:
    page, _ = opened
    page.evaluate("Reveal.slide(0)")
    with page.expect_popup() as opening:
        page.keyboard.press("s")
    opening.value.get_by_text("Minute 0 to").first.wait_for()
    opening.value.close()
