"""Links from a notebook to a page of the book.

A notebook is read in JupyterLab, too, where the page is ``book/toy.py`` and opens as a notebook. So notebooks link to
``../book/toy.py``, and the book makes ``/executed/toy.ipynb`` of it, which is the page.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

PAGE = re.compile(r"\]\(\.\./book/(\w+)\.py\)")


def link_pages(app: Sphinx, docname: str, source: list[str]) -> None:
    """Change the source of one page where it links to others."""
    source[0] = PAGE.sub(r"](/executed/\1.ipynb)", source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", link_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
