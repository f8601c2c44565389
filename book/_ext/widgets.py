"""Widgets on their own pages.

Jupyter Book puts every script and style sheet below ``_static`` on every page. Those of a widget are taken off again,
and put on the page that has the widget. A page that is opened from disk may load plain scripts but no modules, so the
order of the scripts counts.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

COMMON = ("widget/widget.css", "widget/elements.js")
"""What all widgets share, before their own."""

WIDGETS = {
    "executed/toy": (
        *COMMON,
        *("toy/toy.css", "toy/point.js", "toy/classes.js", "toy/selection.js", "toy/shapes.js", "toy/situation.js"),
        *("toy/words.js", "toy/picture.js", "toy/handles.js", "toy/controls.js", "toy/toy.js"),
    ),
    "executed/scrubber": (
        *COMMON,
        *("scrubber/scrubber.css", "scrubber/phase.js", "scrubber/words.js"),
        *("scrubber/pictures.js", "scrubber/curves.js", "scrubber/scrubber.js"),
    ),
}
"""Page -> the files below ``_static`` that it alone loads, in their order."""


def take_off(app: Sphinx, config: Config) -> None:
    """Take the files of widgets from those that every page loads."""
    of_widgets = {file for files in WIDGETS.values() for file in files}
    for name in ("html_css_files", "html_js_files"):
        config[name] = [file for file in config[name] if file not in of_widgets]


def put_on(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Let a page load the files of its widget."""
    for file in WIDGETS.get(page, ()):
        if file.endswith(".css"):
            app.add_css_file(file)
        else:
            app.add_js_file(file, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("config-inited", take_off)
    app.connect("html-page-context", put_on)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
