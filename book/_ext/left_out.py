"""Pages that are a chapter's notebook run again on other data: left out where they are not made, linked where they are.

They need a data set that not everybody has. The contents name them below their chapter. One that was not executed is taken
out of the contents before they are read, and under the title of its chapter there is a line with those that were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

BEFORE_THE_CONTENTS = 100
"""Smaller than the priority with which sphinx-external-toc reads them."""


def pruned(contents: dict[str, Any], folder: Path) -> tuple[dict[str, Any], dict[str, list[tuple[str, str]]]]:
    """Contents without what is not there.

    Args:
        contents: of the book; changed in place.
        folder: of its sources.

    Returns:
        The contents; and for each chapter that is run again, names and titles of the pages that are there.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for chapter in (chapter for part in contents["parts"] for chapter in part["chapters"]):
        pages = chapter.get("sections", [])
        there = [page for page in pages if not page["file"].startswith("executed/") or _is_made(folder, page["file"])]
        if there != pages:
            chapter["sections"] = there
        if not there:
            for key in ("sections", "options"):
                chapter.pop(key, None)
        again = [(page["file"], page["title"]) for page in there if page["file"].startswith("executed/")]
        if again:
            found[chapter["file"]] = again
    return contents, found


def _is_made(folder: Path, page: str) -> bool:
    return (folder / f"{page}.ipynb").is_file()


def prune(app: Sphinx, config: Config) -> None:
    """Give Sphinx contents of the pages that are there."""
    folder = Path(app.srcdir)
    text = (folder / "_toc.yml").read_text(encoding="utf-8")
    contents, again = pruned(yaml.safe_load(text), folder)
    app.config.run_again = again
    if contents != yaml.safe_load(text):
        path = Path(app.doctreedir) / "contents.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")
        config.external_toc_path = path.absolute().as_posix()


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Under the title of a chapter, links to the pages on which it is run again."""
    page = app.env.docname
    title = next(iter(doctree.findall(nodes.title)), None)
    pages = app.config.run_again.get(page, [])
    if not pages or title is None:
        return
    row = nodes.paragraph("", "The same notebook on other data: ", classes=["run-by"])
    for name, words in pages:
        address = app.builder.get_relative_uri(page, name)
        row += [nodes.reference("", words, internal=True, refuri=address), nodes.Text("; ")]
    row[-1] = nodes.Text(".")
    title.parent.insert(title.parent.index(title) + 1, row)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_config_value("run_again", {}, "env")
    app.connect("config-inited", prune, priority=BEFORE_THE_CONTENTS)
    app.connect("doctree-read", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
