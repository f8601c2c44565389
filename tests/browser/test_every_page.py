"""Every page, on every screen: what a reader would stumble over. Each is looked at once; tests ask what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import BOOK
from tests.browser.screens import SCREENS, WIDE, Look, Screen, looks_at
from tests.line_parts import missing, of_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LINE = re.compile(r'<small class="sources">(.*?)</small>', re.DOTALL)

WITHOUT_PARAMETERS = {"configuration", "engines", "teaching", "toy", "why"}
"""Pages whose figures and tables no parameter file asked for: the settings stand in their cells."""


@pytest.fixture(scope="module")
def looks(browser: Browser, page_path: Path) -> dict[Screen, Look]:
    return looks_at(browser, page_path)


@pytest.fixture(scope="module", params=SCREENS, ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    return request.param


@pytest.fixture
def look(looks: dict[Screen, Look], screen: Screen) -> Look:
    return looks[screen]


def test_its_console_has_no_error(look: Look) -> None:
    assert not look.console


def test_it_asks_for_nothing_that_is_elsewhere_or_not_there(look: Look) -> None:
    assert not look.external
    assert not look.failed


def test_its_formulas_are_rendered(look: Look) -> None:
    assert not look.seen["errors"]
    assert not look.seen["unrendered"]


def test_its_images_have_alt_texts(look: Look) -> None:
    assert not look.seen["withoutAlt"]


def test_its_figures_and_tables_say_where_they_come_from(look: Look) -> None:
    assert not look.seen["withoutSource"]


def test_the_lines_that_say_so_have_every_part_and_lead_to_files_of_the_book(page_path: Path) -> None:
    """In no browser: what a line has to have does not depend on the screen."""
    page = page_path.relative_to(BOOK)
    for markup in LINE.findall(page_path.read_text(encoding="utf-8")):
        line = of_html(markup)
        assert missing(line, page.stem not in WITHOUT_PARAMETERS) == [], line.text
        for words, target in line.links:
            file = (page_path.parent / target.partition("#")[0]).resolve()
            assert file.is_relative_to(BOOK.resolve()), f"{words}: {target}"
            assert file.is_file(), f"{words}: {target}"


def test_it_does_not_scroll_sideways(look: Look) -> None:
    assert look.seen["beyond"] <= 0


def test_an_audit_of_accessibility_finds_nothing_serious(look: Look) -> None:
    assert not look.audit


def test_its_code_fits_a_wide_screen_and_wraps_on_a_narrow_one(look: Look, screen: Screen) -> None:
    assert not look.seen["brokenLines" if screen.width == WIDE.width else "scrollingCode"]


def test_its_tables_fit_a_wide_screen_and_begin_on_a_narrow_one(look: Look, screen: Screen) -> None:
    wanted = None if screen.width == WIDE.width else 2
    cut = [table["heads"] for table in look.seen["tables"] if table["inView"] < len(table["heads"][:wanted])]
    assert not cut


def test_its_weight_and_load_time_are_reported(look: Look, record_property: Callable[[str, object], None]) -> None:
    """At the end of a run; ``conftest.py`` writes the table."""
    record_property("weight_bytes", look.weight)
    record_property("seconds", look.seconds)
    assert look.weight > 10_000  # the page, its style and its scripts
