"""A page of the book that has a widget, executed and put into an HTML file of its own, without the rest of the book."""

from __future__ import annotations

import html
from contextlib import chdir
from pathlib import Path

import nbformat

from mnemonics_lib.edition.notebooks.execute import execute
from tests.extensions import extension

BOOK = Path(__file__).parents[2] / "book"


def widget_files(page: str) -> tuple[str, ...]:
    """What the book's extension has the page load, seen from `_static`."""
    files: tuple[str, ...] = extension("widgets").WIDGETS[f"executed/{page}"]
    return files


def write_page(page: str, folder: Path) -> Path:
    """Write what the cells of `book/<page>.py` show into an HTML file, with the classes of the book.

    They are as they were run for the book, where it was built; otherwise they are run here.

    Args:
        page: its name, such as `toy`.
        folder: where the HTML file is to be.

    Returns:
        The HTML file. Markdown stands in it as its source.
    """
    output = BOOK / "executed" / f"{page}.ipynb"
    if not output.is_file():
        output = folder / f"{page}.ipynb"
        with chdir(folder):
            assert execute(BOOK / f"{page}.py", None, output) is None
    cells = []
    for cell in nbformat.read(output, as_version=4).cells:
        shown = "".join(_shown(each["data"]) for each in cell.get("outputs", []) if "data" in each)
        tags = " ".join(f"tag_{tag}" for tag in cell.metadata.get("tags", []))
        cells.append(f'<div class="cell {tags}"><div class="cell_output">{shown}</div></div>')
    head = ["<!DOCTYPE html>", '<html lang="en">', '<meta charset="utf-8">', f"<title>{page}</title>"]
    for file in widget_files(page):
        url = (BOOK / "_static" / file).as_uri()
        style = f'<link rel="stylesheet" href="{url}">'
        head.append(style if file.endswith(".css") else f'<script defer src="{url}"></script>')
    path = folder / f"{page}.html"
    path.write_text("\n".join([*head, *cells, "</html>"]), encoding="utf-8")
    return path


def _shown(data: dict[str, str]) -> str:
    """An image, HTML or Markdown that a cell shows."""
    if "image/png" in data:
        return f'<img alt="figure" src="data:image/png;base64,{data["image/png"]}">'
    return data.get("text/html") or f"<pre>{html.escape(data.get('text/markdown', ''))}</pre>"
