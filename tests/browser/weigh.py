"""How heavy each page of a built book is, and how long it takes until its formulas are there.

``python -m tests.browser.weigh`` prints a table, of one load each. Times are of this machine, so nothing is asserted.
The aim is 2 s.
"""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import sync_playwright

from tests.browser.pages import BOOK, NOT_BUILT, html, names
from tests.browser.screens import WIDE, look_at


def main() -> None:
    """Print the table."""
    program = shutil.which("chromium")
    if program is None or not BOOK.is_dir():
        sys.exit("no chromium on the path" if program is None else NOT_BUILT)
    print(f"{'page':<45} {'MB':>6} {'seconds':>8}")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name in names():
            look = look_at(browser, html(name), WIDE)
            print(f"{name:<45} {look.weight / 1e6:6.2f} {look.seconds:8.2f}")


if __name__ == "__main__":
    main()
