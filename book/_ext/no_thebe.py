"""Leave out sphinx-thebe, which Jupyter Book always loads: this book has no kernel to run cells in a page.

Its script is declared twice by Sphinx 7, which every page then reports as an error.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx, after sphinx-thebe has said which events it waits for."""
    for listeners in list(app.events.listeners.values()):
        for listener in list(listeners):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
