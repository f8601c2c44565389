"""Under each figure and table one line: where it comes from. And the lists of all studies and run records.

What is a source of a cell, the cell says in its metadata (``mnemonics_lib.edition.book.source_line``). A line is added as an
output of the cell when the page is read, so that notebooks in JupyterLab are as they were executed. All that a line
links to is copied into the book, and works offline.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from mnemonics_lib.edition.book import listing
from mnemonics_lib.edition.book.recorded import Recorded
from mnemonics_lib.edition.book.source_line import Page, line
from mnemonics_lib.edition.notebooks.execute import EXECUTED_WITH

TABLE = re.compile(r"^\|[ :]*-", re.MULTILINE)
"""The line under the head of a table in Markdown."""

LISTED = "book/run_records.md"


def link(text: str, path: str) -> str:
    """A link to a file of the project, from any page: the folder of the book's sources is the root of paths."""
    return f"[{text}](/../{path})" if not path.startswith("book/") else f"[{text}](/{path.removeprefix('book/')})"


RECORDED = Recorded(link, LISTED)


def shows(output: dict[str, Any]) -> bool:
    """Whether an output has a figure or a table."""
    for kind, content in output.get("data", {}).items():
        text = "".join(content) if isinstance(content, list) else str(content)
        if kind.startswith("image/") or (kind == "text/markdown" and TABLE.search(text)):
            return True
        if kind == "text/html" and "<table" in text:
            return True
    return False


def add_lines(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add its line to each cell of a page that shows a figure or a table."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    page = Page(**notebook["metadata"].get(EXECUTED_WITH, {}))
    for cell in notebook["cells"]:
        if any(map(shows, cell.get("outputs", []))):
            said = line(RECORDED, cell["metadata"].get("sources", []), page)
            data = {"text/markdown": f'<small class="sources">{said}</small>'}
            cell["outputs"].append({"output_type": "display_data", "metadata": {}, "data": data})
    source[0] = json.dumps(notebook)


class RecordsDirective(Directive):
    """The list of all records of a folder, by its name; without one a table of all studies."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        parent = nodes.Element()
        folder = next(iter(self.arguments), None)
        lines = (listing.listing(RECORDED, folder) if folder else listing.overview(RECORDED)).splitlines()
        self.state.nested_parse(
            StringList(lines, folder or "all studies"), self.content_offset, parent, match_titles=True
        )
        return parent.children


def write_tables(app: Sphinx) -> None:
    """The tables by phase, and of margins, to which lines link."""
    listing.write_tables(RECORDED, Path(app.srcdir) / "executed" / "phases")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", write_tables)
    app.connect("source-read", add_lines, priority=900)  # after those that change what a cell shows
    app.add_directive("records", RecordsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
