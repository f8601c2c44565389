"""Names and roles in a page's text that a screen reader needs, where the writers of HTML give other ones."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

GIVEN = {
    # myst-nb: a fold is called by what stands on it, "Show code cell source".
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # docutils: a list holds list items, and this role is not one any more (DPUB-ARIA 1.1).
    'role="doc-biblioentry"': 'role="listitem"',
}


SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
"""The head of a function in the API reference."""


LISTS = {
    "<dl>": '<span class="sig-lines">',
    "<dd>": '<span class="sig-line">',
    "</dl>": "</span>",
    "</dd>": "</span>",
}


def without_list(signature: re.Match[str]) -> str:
    """Arguments that stand one on a line, as lines: Sphinx makes them a list of definitions that has no terms."""
    return re.sub("</?d[ld]>", lambda tag: LISTS[tag.group()], signature.group())


def mend(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Replace what is in the text of one page."""
    if "body" in context:
        for given, ours in GIVEN.items():
            context["body"] = context["body"].replace(given, ours)
        context["body"] = SIGNATURE.sub(without_list, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
