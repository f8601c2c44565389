"""A lecture of three slides, and the two notebooks that it is made from."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.edition.deck.plan import Part, Plan, Slide

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def text(source: str, *tags: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def code(source: str, *tags: str, out: str = "", alt: str = "") -> NotebookNode:
    metadata = {"tags": list(tags), **({"mystnb": {"image": {"alt": alt}}} if alt else {})}
    cell = nbformat.v4.new_code_cell(source, metadata=metadata)
    if out:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=out)]
    if alt:
        cell.outputs.append(nbformat.v4.new_output("display_data", data={"image/png": PIXEL}))
    return cell


def notebooks() -> dict[str, NotebookNode]:
    """Two chapters, in which ``x`` is not the same."""
    first = [
        text("# A title"),
        code("dataset = 'digits'", "parameters"),
        code("x = 1", "live"),
        text("## Losses\n\nSome prose, and\n\n$$y = 2\\,x$$\n\nmore of it.", "slide-loss"),
        code("y = 2 * x\nprint(y)", "slide-loss", out="2\n"),
        code("unused = 1 / 0"),
        text("Words\n\n## Figures"),
        code("print('drawn')", "hide-input", "slide-figure", out="drawn\n", alt="A falling <line>."),
    ]
    second = [text("# Another"), text("## Late"), code("print('x' in globals())", "slide-late", out="False\n")]
    return {
        "01_preliminaries": nbformat.v4.new_notebook(cells=first),
        "02_global_bop": nbformat.v4.new_notebook(cells=second),
    }


def plan(*spare: str) -> Plan:
    """Slides of both, and one with no cells; those that are named can be left out."""
    made = _plan()
    parts = [
        part.model_copy(
            update={"slides": [slide.model_copy(update={"spare": slide.name in spare}) for slide in part.slides]}
        )
        for part in made.parts
    ]
    return made.model_copy(update={"parts": parts})


def _plan() -> Plan:
    return Plan(
        title="A lecture",
        minutes=10,
        parts=[
            Part(
                title="1. First",
                chapter="01_preliminaries",
                slides=[
                    Slide(name="loss", title="A loss", minutes=2, points=["One *point*"], say="Say.", live=True),
                    Slide(name="figure", title="A figure", minutes=3, say="Say more.", ask="Why?", expect="Because."),
                ],
            ),
            Part(
                title="2. Second",
                chapter="02_global_bop",
                slides=[Slide(name="late", title="Late", minutes=1, say="Nothing.")],
            ),
            Part(title="Closing", slides=[Slide(name="end", title="End", minutes=4, say="Bye.", page="executed/toy")]),
        ],
    )
