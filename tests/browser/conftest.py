"""A browser and a built book, or the reason why there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnemonics_lib.edition.book.left_out import left_out
from tests.browser.pages import BOOK, NOT_BUILT, html, names
from tests.browser.screens import WIDE

LEFT_OUT = left_out()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table of what pages weigh, and how long they took until their formulas were there. The aim is 2 s."""
    looks = {report.nodeid: dict(report.user_properties) for report in terminalreporter.getreports("passed")}
    weighed = {name: of for name, of in looks.items() if "weight_bytes" in of and f"-{WIDE}]" in name}
    if weighed:
        terminalreporter.section("pages on a wide screen: MB, seconds")
    for name, of in sorted(weighed.items()):
        page = name.partition("[")[2].removesuffix(f"-{WIDE}]")
        terminalreporter.write_line(f"{of['weight_bytes'] / 1e6:6.2f} {of['seconds']:8.2f}  {page}")


@pytest.fixture(scope="session")
def book() -> Path:
    """The folder of the built book."""
    if not (BOOK / "index.html").is_file():
        pytest.skip(NOT_BUILT)
    return BOOK


@pytest.fixture(scope="module", params=names())
def page_path(request: pytest.FixtureRequest, book: Path) -> Path:
    """Each page of the book in turn."""
    if request.param in LEFT_OUT and not html(request.param).is_file():
        pytest.skip(f"no {LEFT_OUT[request.param]}, which this page needs")
    return html(request.param)


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
