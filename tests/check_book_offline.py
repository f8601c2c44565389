"""Does a built book work without a network, and without dead ends?

``python tests/check_book_offline.py book/_build/html`` says so. Every page is read as a browser would fetch it:

* nothing is fetched from elsewhere: scripts, stylesheets, fonts, images, frames;
* what is fetched from the book itself is there;
* every image has an alt text that says something;
* mathematics and roles were rendered, a page with mathematics loads MathJax, and no cell ends in a traceback;
* every link inside the book leads to a page and, if it names one, to an anchor that exist.

With ``--browser chromium`` each page with mathematics is also rendered, and MathJax's own errors are reported.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "icon", "manifest"}
"""Link relations that make a browser fetch, or at least connect."""

CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
SCRIPT_URL = re.compile(r"""(?:\.src\s*=|\bfetch\(|\bimport\(?|\bfrom)\s*["']((?:https?:)?//[^"']+)""")
RAW = re.compile(r"\$\$|\\[A-Za-z]{2,}|\{(?:eq|cite|cite:[pt]|ref|doc|numref|math)\}`?")
"""Mathematics or roles that reached the reader as source text."""

VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link"),
    *("meta", "param", "source", "track", "wbr"),
}
VERBATIM = {"pre", "code", "script", "style", "template", "textarea"}
FAILED_OUTPUT = {"problematic", "system-message", "traceback"}
BROWSER_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--virtual-time-budget=8000", "--dump-dom"),
)


def is_external(url: str) -> bool:
    """Whether fetching ``url`` needs a network."""
    parts = urlsplit(url)
    return bool(parts.netloc) or parts.scheme in {"http", "https", "ftp", "ws", "wss"}


@dataclass
class Page(HTMLParser):
    """What one page fetches, links to, defines and shows."""

    text: str
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    resources: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    images: int = 0
    math: bool = False

    def __post_init__(self) -> None:
        """Parse at once."""
        super().__init__()
        self._open: list[tuple[str, bool]] = []  # tag, and whether its text is shown as it is
        self.feed(self.text)
        self.close()
        if self.math and not any(kind == "script" and "mathjax" in url.lower() for kind, url in self.resources):
            self.problems.append("mathematics, but no MathJax script")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what an element means for the checks."""
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        self.ids.update(values[name] for name in ("id", "name") if name in values)
        self.math |= "math" in classes
        self.problems += [f"a rendered error: class {name}" for name in sorted(classes & FAILED_OUTPUT)]
        self._fetches(tag, values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.links.append(values.get("content", "").partition("=")[2].strip("'\" "))
        if tag == "img":
            self._image(values)
        if tag not in VOID:
            verbatim = tag in VERBATIM or "math" in classes or bool(self._open and self._open[-1][1])
            self._open.append((tag, verbatim))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<path .../>``: opened and closed."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost open element of this name, and those left open in it."""
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth][0] == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        """Look for source text that should have been rendered, and for fetches in styles and scripts."""
        tag, verbatim = self._open[-1] if self._open else ("", False)
        if tag == "style":
            self.resources += [("style", first or second) for first, second in CSS_URL.findall(data)]
        elif tag == "script":
            self.resources += [("inline script", url) for url in SCRIPT_URL.findall(data)]
        elif not verbatim and (found := RAW.search(data)):
            around = " ".join(data[max(0, found.start() - 20) : found.end() + 20].split())
            self.problems.append(f"source text shown to the reader: {around!r}")

    def _fetches(self, tag: str, values: dict[str, str]) -> None:
        names: list[str] = [name for name in ("src", "poster") if name in values]
        if tag == "object":
            names.append("data")
        if tag == "link" and FETCHED.intersection(values.get("rel", "").lower().split()):
            names.append("href")
        self.resources += [(tag, values[name]) for name in names if name in values]
        sources = [part.split()[0] for part in values.get("srcset", "").split(",") if part.strip()]
        self.resources += [(tag, url) for url in sources]
        self.resources += [("style", first or second) for first, second in CSS_URL.findall(values.get("style", ""))]

    def _image(self, values: dict[str, str]) -> None:
        self.images += 1
        source, alt = values.get("src", ""), values.get("alt", "").strip()
        shown = source if len(source) < 80 else source[:77] + "..."
        if not alt:
            self.problems.append(f"an image without alt text: {shown}")
        elif alt == source or alt.split("/")[-1] == source.split("/")[-1]:  # what Sphinx writes when it has none
            self.problems.append(f"an image whose alt text is its file name: {shown}")


@cache
def read_page(path: Path) -> Page:
    """Parse a page once."""
    return Page(path.read_text(encoding="utf-8"))


def check_page(path: Path) -> list[str]:
    """The problems of one page."""
    page = read_page(path)
    problems = list(page.problems)
    for kind, url in page.resources:
        if url.startswith(("data:", "#")) or not url:
            continue
        if is_external(url):
            problems.append(f"fetched from elsewhere by {kind}: {url}")
        elif not (path.parent / unquote(urlsplit(url).path)).is_file():
            problems.append(f"fetched by {kind}, but not there: {url}")
    for link in page.links:
        parts = urlsplit(link)
        if is_external(link) or parts.scheme:
            continue
        target = path.parent / unquote(parts.path) if parts.path else path
        if not target.is_file():
            problems.append(f"a dead link: {link}")
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in read_page(target).ids:
            problems.append(f"a link to an anchor that is not there: {link}")
    return list(dict.fromkeys(problems))


def check_stylesheet(path: Path) -> list[str]:
    """Fetches from elsewhere in a stylesheet: imports, fonts, images."""
    urls = [first or second for first, second in CSS_URL.findall(path.read_text(encoding="utf-8", errors="replace"))]
    return [f"fetched from elsewhere by a stylesheet: {url}" for url in urls if is_external(url)]


def check_mathematics(path: Path, browser: str) -> list[str]:
    """Errors that MathJax reports when a browser renders the page."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *BROWSER_FLAGS, f"--user-data-dir={profile}", path.absolute().as_uri()]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    if "<mjx-container" not in result.stdout:
        return ["mathematics was not rendered by the browser"]
    return [f"MathJax: {error}" for error in re.findall(r'data-mjx-error="([^"]+)"', result.stdout)]


def pages_of(book: Path) -> list[Path]:
    """All pages of a built book; the theme's own templates under _static are none."""
    return sorted(p for p in book.rglob("*.html") if "_static" not in p.relative_to(book).parts)


def check_book(book: Path, browser: str | None = None) -> dict[str, list[str]]:
    """Every file of a built book with problems, and what they are."""
    read_page.cache_clear()
    found: dict[str, list[str]] = {}
    pages = pages_of(book)
    if not pages:
        return {str(book): ["no pages here"]}
    for path in pages:
        problems = check_page(path)
        if browser and read_page(path).math:
            problems += check_mathematics(path, browser)
        found[str(path.relative_to(book))] = problems
    for path in sorted(book.rglob("*.css")):
        found[str(path.relative_to(book))] = check_stylesheet(path)
    return {name: problems for name, problems in found.items() if problems}


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("book", type=Path, help="folder with the built pages, book/_build/html")
    parser.add_argument("--browser", metavar="PROGRAM", help="also render the mathematics in this Chromium")
    options = parser.parse_args(arguments)
    found = check_book(options.book, options.browser)
    for name, problems in found.items():
        for problem in problems:
            print(f"{name}: {problem}")
    pages = pages_of(options.book)
    links = sum(len(read_page(path).links) for path in pages)
    images = sum(read_page(path).images for path in pages)
    count = sum(map(len, found.values()))
    print(f"{len(pages)} pages, {links} links, {images} images: {count or 'no'} problem{'s' if count != 1 else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
