"""An exercise of a notebook, a heading and its text in a cell tagged ``exercise``, becomes the book's own kind of box.

In JupyterLab a directive of Sphinx would stand there as its source. The box has the number that the heading gives, since
sphinx-exercise counts by chapters, as the notebooks do.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sphinx.application import Sphinx

HEADING = re.compile(r"#+ Exercise (\d+)\.(\d+): (.+)\n")


def box(text: str, page: str) -> str:
    """The text of a cell as a directive; its label has the page in it, for one notebook may be several pages."""
    heading = HEADING.match(text)
    if not heading:
        return text
    chapter, number, title = heading.groups()
    label = re.sub(r"[^a-z0-9]+", "-", f"{page}-{chapter}-{number}".lower())
    return f"````{{exercise}} {title}\n:label: exercise-{label}\n\n{text[heading.end() :].strip()}\n````"


def box_exercises(app: Sphinx, docname: str, source: list[str]) -> None:
    """Change the cells of one page before it is read."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "exercise" in tags:
            cell["source"] = box("".join(cell["source"]), docname)
        if "solution" in tags:
            shown = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
            cell["metadata"].setdefault("mystnb", {}).update(shown)
    source[0] = json.dumps(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", box_exercises)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
