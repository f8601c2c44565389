"""A browser and a built book, or the reason why there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import BOOK, NOT_BUILT, chapters


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a page for whoever asks for a ``page_path``."""
    if "page_path" in metafunc.fixturenames:
        pages = chapters() if BOOK.is_dir() else []
        skipped = [pytest.param(None, marks=pytest.mark.skip(reason=NOT_BUILT), id="no book")]
        names = [page.relative_to(BOOK).with_suffix("").as_posix() for page in pages]
        metafunc.parametrize("page_path", pages or skipped, ids=names or None, scope="module")


@pytest.fixture(scope="session")
def book() -> Path:
    """The folder of the built book."""
    if not (BOOK / "index.html").is_file():
        pytest.skip(NOT_BUILT)
    return BOOK


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the system has it, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on the path; Debian has it as the package chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
