"""Paths and settings in a table may break at their joints: `book/records/` `quick/`, `exemplar_level.` `epochs=` `50`.

A cell that cannot break is as wide as what stands in it, and takes the width from its neighbours.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

JOINT = re.compile(r"(?<=\w[/=,])(?=\w)|(?<=[A-Za-z][.-])(?=[A-Za-z])")
"""Behind a sign between two words; the point and the minus of a number are none."""


def pieces(code: str) -> list[str]:
    """The parts between which code may break."""
    return JOINT.split(code)


def break_code(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a place to break between the parts of each piece of code in the tables of one page."""
    for entry in doctree.findall(nodes.entry):
        for code in list(entry.findall(nodes.literal)):
            first, *others = pieces(code.astext())
            code.children = []
            code += nodes.Text(first)
            for piece in others:
                code += [nodes.raw("", "<wbr>", format="html"), nodes.Text(piece)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", break_code)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
