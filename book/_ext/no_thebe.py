"""Leave out the scripts of sphinx-thebe, which Jupyter Book always loads: this book has no kernel to run cells in a page.

Sphinx 7 writes one of them twice into every page, which the browser then reports as an error.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

WRITES_SCRIPTS = ("env-before-read-docs", "doctree-resolved")
"""The events at which sphinx-thebe does."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx, after sphinx-thebe has said which events it waits for."""
    for event in WRITES_SCRIPTS:
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
