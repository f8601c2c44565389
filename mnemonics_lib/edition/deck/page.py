"""Slides as one HTML page beside what it needs, so that it opens from a file, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from mnemonics_lib.edition.deck.assets import MATHJAX, REVEAL
from mnemonics_lib.edition.deck.links import to_the_book

TEMPLATES = Path(__file__).parent / "templates"
WIDTH, HEIGHT = 1280, 720
"""Of a slide (pixels)."""


def page(lecture: NotebookNode, links: Mapping[str, tuple[str, str]], book: str) -> str:
    """The HTML page of a lecture.

    Args:
        lecture: made by :func:`~mnemonics_lib.edition.deck.lecture.compose` from executed notebooks.
        links: from the name of a slide to what the link at its foot says and where it leads.
        book: the folder of the built book, as the slides see it, to which links of the chapters lead.

    Raises:
        LectureError: for a link to a file that is no chapter.
    """
    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {"hide-input"}
    config.TagRemovePreprocessor.remove_all_outputs_tags = {"hide-output"}
    config.HTMLExporter.exclude_anchor_links = True
    config.CSSHTMLHeaderPreprocessor.style = "a11y-high-contrast-light"
    exporter = HTMLExporter(config=config, template_name="lecture", extra_template_basedirs=[str(TEMPLATES)])
    lecture_ = {"reveal": REVEAL, "mathjax": MATHJAX, "width": WIDTH, "height": HEIGHT}
    made, _ = exporter.from_notebook_node(_shown(lecture, links, book), {"lecture": lecture_})
    return str(made)


def _shown(lecture: NotebookNode, links: Mapping[str, tuple[str, str]], book: str) -> NotebookNode:
    """A copy of what is on slides, with their links, and each figure with its cell's alt text in its output."""
    kept = [cell for cell in lecture.cells if cell.metadata["slideshow"]["slide_type"] != "skip"]
    copy = nbformat.from_dict({**lecture, "cells": kept})
    for cell in copy.cells:
        if "lecture" in cell.metadata:
            cell.metadata["lecture"]["link"] = links.get(cell.metadata["lecture"]["slide"])
        if cell.cell_type == "markdown":
            cell.source = to_the_book(cell.source, book)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if alt and "image/png" in data:
                output.metadata["image/png"] = {"alt": alt}
            if "text/markdown" in data:
                data["text/markdown"] = to_the_book("".join(data["text/markdown"]), book)
    return copy
