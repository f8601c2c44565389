"""One notebook from a plan and the tagged cells of the notebooks: what the slides are made of, and what runs live.

Each part that has a chapter begins with an empty namespace, as its notebook does, so that names of two chapters never
meet, and a teacher may begin with any part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.edition.deck.chapters import Found, equations, of_part, tags
from mnemonics_lib.edition.deck.plan import Part, Plan, Slide
from mnemonics_lib.edition.notebooks.kernels import KERNEL

EMPTY = "%reset -f"
"""Makes the namespace empty. Modules stay imported, so only the first part waits for them."""


def note(slide: Slide, begins: int) -> str:
    """The speaker's note of a slide, as Markdown.

    Args:
        slide: whose note it is.
        begins: the minute of the lecture at which the slide comes.
    """
    lines = [f"**Minute {begins} to {begins + slide.minutes}.** {slide.say.strip()}"]
    if slide.spare:
        lines.append("**Can be left out.** Nothing later rests on it.")
    if slide.ask:
        lines.append(f"**Ask.** {slide.ask.strip()}")
        lines.append(f"**Expect.** {slide.expect.strip()}")
    if slide.live:
        lines.append(
            "**Live.** Run the cells of this slide in the lecture's notebook. They need all cells of the part that "
            "stand above them, also those of slides that are not run in class."
        )
    return "\n\n".join(lines)


def compose(plan: Plan, notebooks: Mapping[str, NotebookNode]) -> NotebookNode:
    """The lecture as one notebook, with the outputs that its cells have.

    Every cell has the metadata ``slideshow`` of Jupyter's slides: ``slide`` for the text with which a slide begins,
    ``-`` for what is on it, ``notes`` for the speaker, with which it ends, and ``skip`` for what is only run. The text
    and the note also have ``lecture``: the slide's name and, in the text, the title of its part.

    Args:
        plan: the lecture's.
        notebooks: executed or not, by their names without suffix.

    Raises:
        LectureError: where the plan and the notebooks do not agree.
    """
    made = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL, "title": plan.title})
    begins = 0
    for part in plan.parts:
        for cell in _part(part, notebooks, begins):
            cell.id = f"lecture-{len(made.cells)}"
            made.cells.append(cell)
        begins += part.minutes
    return made


def to_run(lecture: NotebookNode) -> NotebookNode:
    """A copy of a lecture to step through: without outputs, with what is hidden on slides folded."""
    copy = nbformat.from_dict(lecture)
    copy.cells = [nbformat.from_dict(cell) for cell in lecture.cells]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if "hide-input" in tags(cell):
                cell.metadata["jupyter"] = {"source_hidden": True}
    return copy


def _part(part: Part, notebooks: Mapping[str, NotebookNode], begins: int) -> Iterator[NotebookNode]:
    found = of_part(part, notebooks)
    if found:
        yield _text(f"# {part.title}", "skip")
        yield nbformat.v4.new_code_cell(EMPTY, metadata={"slideshow": {"slide_type": "skip"}})
    for slide in part.slides:
        shown = [each for each in found if each.slide == slide.name]
        end = found.index(shown[-1]) + 1 if shown else 0
        before, found = [each for each in found[:end] if not each.slide], found[end:]
        yield from (_code(each, "skip") for each in before)
        yield _opening(part, slide, shown)
        yield from (_code(each, "-") for each in shown if each.cell.cell_type == "code")
        yield _text(note(slide, begins), "notes", slide)
        begins += slide.minutes


def _opening(part: Part, slide: Slide, shown: list[Found]) -> NotebookNode:
    """The cell of text with which a slide begins: its title, its points, and the equations of its cells."""
    blocks = [f"## {slide.title}", "\n".join(f"- {point}" for point in slide.points)]
    blocks += [e for each in shown if each.cell.cell_type == "markdown" for e in equations(each.cell.source)]
    cell = _text("\n\n".join(filter(None, blocks)), "slide", slide)
    cell.metadata["slideshow"]["data"] = {"timing": str(60 * slide.minutes)}  # seconds, for the speaker view's clock
    cell.metadata["lecture"]["part"] = part.title
    return cell


def _code(found: Found, kind: str) -> NotebookNode:
    """A cell of code as the notebook has it, outputs included."""
    kept = {key: found.cell.metadata[key] for key in ("tags", "mystnb") if key in found.cell.metadata}
    made = nbformat.v4.new_code_cell(found.cell.source, metadata={**kept, "slideshow": {"slide_type": kind}})
    made.outputs = [nbformat.from_dict(output) for output in found.cell.get("outputs", [])]
    return made


def _text(source: str, kind: str, slide: Slide | None = None) -> NotebookNode:
    of = {"lecture": {"slide": slide.name}} if slide else {}
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}, **of})
