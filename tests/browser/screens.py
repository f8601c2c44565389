"""The screens on which every page is looked at, and what one look at a page finds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass(frozen=True)
class Screen:
    """How wide a window is (pixels), which colours its system prefers, and what axe is asked there."""

    width: int
    colours: Literal["light", "dark"]
    audit: dict[str, Any] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.width} px, {self.colours}"


NAMES = {"label-content-name-mismatch": {"enabled": True}}
# A dark screen differs from a wide one in its colours alone, and a narrow one in all but them: colours are half of an
# audit's time.
WIDE = Screen(1300, "light", {"rules": NAMES})
DARK = Screen(1300, "dark", {"runOnly": ["color-contrast"]})
NARROW = Screen(500, "light", {"rules": {**NAMES, "color-contrast": {"enabled": False}}})
SCREENS = (WIDE, DARK, NARROW)
IS_DARK = """() => document.documentElement.dataset.theme === "dark"
  && document.getAnimations().every((animation) => animation.playState === "finished")"""

WHEN_FORMULAS_ARE_THERE = "async () => { await window.MathJax?.startup?.promise }"

SEEN = """() => {
  const root = document.scrollingElement, article = document.querySelector(".bd-article") ?? document.body;
  const all = (selector) => [...article.querySelectorAll(selector)];
  const scrolls = (element) => element.scrollWidth > element.clientWidth;
  const longest = (pre) => pre.textContent.split("\\n").reduce((one, two) => (two.length > one.length ? two : one));
  const breaks = (pre) => {
    pre.style.whiteSpace = "pre";
    const found = scrolls(pre);
    pre.style.whiteSpace = "";
    return found;
  };
  const columns = (table) => {
    const cells = [...table.querySelector("tr").children];
    const edge = table.parentElement.getBoundingClientRect().right + 1;
    const inView = cells.filter((cell) => cell.getBoundingClientRect().right <= edge).length;
    return { heads: cells.map((cell) => cell.innerText), inView };
  };
  return {
    beyond: root.scrollWidth - innerWidth,
    errors: all("mjx-merror, [data-mjx-error]").map((error) => error.textContent),
    unrendered: all("span.math, div.math").filter((math) => !math.querySelector("mjx-container")).length,
    brokenLines: all(".cell_input pre, .output pre").filter(breaks).map(longest),
    scrollingCode: all(".highlight pre").filter((pre) => !pre.closest(".output") && scrolls(pre)).map(longest),
    tables: all("table").map(columns),
    withoutSource: all(".cell_output")
      .filter((output) => output.querySelector("img, table") && !output.querySelector("small.sources"))
      .map((output) => output.textContent.trim().slice(0, 60)),
    withoutAlt: [...document.images].filter((image) => !image.alt.trim()).map((image) => image.currentSrc),
  };
}"""

# Not within formulas, of which a page may have hundreds of elements each: MathJax speaks for them.
AUDIT = """async (asked) => {
  const options = { preload: false, resultTypes: ["violations"], ...asked };
  const { violations } = await axe.run({ exclude: ["mjx-math", "mjx-assistive-mml"] }, options);
  return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.html) }));
}"""


@dataclass
class Look:
    """What one look at a page found."""

    console: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    external: list[str] = field(default_factory=list)
    weight: int = 0  # bytes of the page and of all that it fetches
    seconds: float = 0.0  # until its formulas are there
    seen: dict[str, Any] = field(default_factory=dict)
    audit: list[str] = field(default_factory=list)


def listen(page: Page) -> Look:
    """A look that writes down from now on what a page says, and what it asks for."""
    look = Look()
    page.on("console", lambda said: look.console.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: look.console.append(str(error)))
    page.on("requestfailed", lambda request: look.failed.append(request.url))
    page.on("request", lambda request: _asked(look, request.url))
    return look


def _asked(look: Look, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"file", "data", "blob"}:
        look.external.append(url)
    elif parts.scheme == "file" and (path := Path(unquote(parts.path))).is_file():
        look.weight += path.stat().st_size


def looks_at(browser: Browser, path: Path) -> dict[Screen, Look]:
    """Open a page from its file on a wide screen and on a narrow one, and look at it on each.

    For the dark one it is not opened again: its system prefers dark colours from then on, and the page follows.
    """
    found = {}
    for screen in (WIDE, NARROW):
        context = browser.new_context(viewport={"width": screen.width, "height": 900}, color_scheme=screen.colours)
        page = context.new_page()
        found[screen] = look = listen(page)
        start = time.monotonic()
        page.goto(path.as_uri())
        page.evaluate(WHEN_FORMULAS_ARE_THERE)
        look.seconds = time.monotonic() - start
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
        _see(page, screen, look)
        if screen == WIDE:
            found[DARK] = dark = listen(page)
            page.emulate_media(color_scheme=DARK.colours)
            page.wait_for_function(IS_DARK)
            dark.weight = look.weight
            _see(page, DARK, dark)
        context.close()
    return found


def _see(page: Page, screen: Screen, look: Look) -> None:
    """Write down what is there to see."""
    look.seen = page.evaluate(SEEN)
    for found in page.evaluate(AUDIT, screen.audit):
        if found["impact"] in {"serious", "critical"}:
            look.audit += [f"{found['id']}: {html[:200]}" for html in found["nodes"]]
