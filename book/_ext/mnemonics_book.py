"""Three things the book needs and Sphinx does not give.

1. **The paper's equation numbers.** A labelled equation ``eq-7a`` is numbered 7a, as in the paper, and ``eq-7`` is a
   second name for the place where 7a stands. A label that is not the paper's (``eq-forgetting``) is numbered M1, M2
   and so on, in order.
2. **Alt texts of computed figures.** A cell says ``display(figure, metadata={"image/png": {"alt": "..."}})``; myst-nb
   reads an alt text from the cell's own metadata only, so it is copied there.
3. **Drawings in the page.** ``{drawing} global_bop`` puts a drawing of ``mnemonics_lib.edition.drawings`` into the page
   itself and not into an image, so that it has the colours of the page's theme.
"""

from __future__ import annotations

import json
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from mnemonics_lib.edition import drawings

PAPER_LABEL = re.compile(r"eq-(\d+)([a-z]?)")


def equation_number(label: str, ours: int) -> str:
    """The number printed for a label: the paper's own, or M and the position among ours (counted from 1)."""
    match = PAPER_LABEL.fullmatch(label)
    return match.group(1) + match.group(2) if match else f"M{ours}"


def number_equations(app: Sphinx, doctree: nodes.document) -> None:
    """Give every labelled equation of one page its number, and `eq-7` a place at `eq-7a`."""
    domain = app.env.get_domain("math")
    equations: dict[str, tuple[str, Any]] = domain.data["objects"]
    ours = 0
    for node in list(doctree.findall(nodes.math_block)):
        label = node.get("label")
        if not label:
            continue
        match = PAPER_LABEL.fullmatch(label)
        ours += match is None
        node["number"] = equation_number(label, ours)
        equations[label] = (app.env.docname, node["number"])
        if match and match.group(2) == "a":
            whole = f"eq-{match.group(1)}"
            equations[whole] = (app.env.docname, match.group(1))
            node.parent.insert(node.parent.index(node), nodes.target("", "", ids=[f"equation-{whole}"]))


def copy_alt_texts(app: Sphinx, docname: str, source: list[str]) -> None:
    """Copy the alt text of an image output to its cell's metadata, where myst-nb looks for it."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for kind, metadata in output.get("metadata", {}).items():
                if kind.startswith("image/") and isinstance(metadata, dict) and metadata.get("alt"):
                    image = cell["metadata"].setdefault("mystnb", {}).setdefault("image", {})
                    image.setdefault("alt", metadata["alt"])
    source[0] = json.dumps(notebook)


class DrawingDirective(Directive):
    """A drawing, by its name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            drawing = drawings.drawing(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from None
        return [nodes.raw("", drawing.svg(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", number_equations)
    app.connect("source-read", copy_alt_texts)
    app.add_directive("drawing", DrawingDirective)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
