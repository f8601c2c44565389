"""Every "Eq. 9" in the text of a page becomes a link to the equation.

A notebook is read in JupyterLab, too, where a role of Sphinx would stand there as its source. So notebooks write "Eq. 9"
or "Eq. 7 to 10", as the paper does, and the book makes the links.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

COUNTED = r"\w*[\s ](?:a class|epochs|exemplars|points|seeds)"
"""What stands behind a number that is none of an equation, as in "Eq. 4b, 5 a class"."""

NAMED = re.compile(rf"\bEqs?\.[\s ]\d+[ab]?(?:(?:, | and | or | to |-|–)\d+[ab]?(?!{COUNTED}))*")
"""Equations as a text names them; the space may be one that does not break."""

ONE = re.compile(r"(?:Eqs?\.[\s ])?(\d+[ab]?)")
"""One of them: the first with the word, the others a number."""

NOT_IN = (nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def pieces(text: str) -> list[tuple[str, str | None]]:
    """A text cut into pieces, each with the label of the equation that it names, or None."""
    found: list[tuple[str, str | None]] = []
    end = 0
    for named in NAMED.finditer(text):
        for one in ONE.finditer(text, *named.span()):
            found += [(text[end : one.start()], None), (one.group(), f"eq-{one.group(1)}")]
            end = one.end()
    return [(piece, label) for piece, label in [*found, (text[end:], None)] if piece]


def link_equations(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the text of one page where it names equations that the book has."""
    equations: dict[str, tuple[str, Any]] = app.env.get_domain("math").data["objects"]
    for node in list(doctree.findall(nodes.Text)):
        if _inside(node, NOT_IN):
            continue
        cut = [(piece, label if label in equations else None) for piece, label in pieces(str(node))]
        if not any(label for _, label in cut):
            continue
        replaced: list[nodes.Node] = []
        for piece, label in cut:
            if label is None:
                replaced.append(nodes.Text(piece))
            else:
                page = app.builder.get_relative_uri(docname, equations[label][0])
                link = nodes.reference("", piece, internal=True, refuri=f"{page}#equation-{label}")
                replaced.append(link)
        node.parent.replace(node, replaced)


def _inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    parent = node.parent
    while parent is not None and not isinstance(parent, kinds):
        parent = parent.parent
    return parent is not None


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_equations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
