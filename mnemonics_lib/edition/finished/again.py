"""A notebook of the book run once more, on other data: what its page shows, and how it says which page it is."""

from __future__ import annotations

import re

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition.deck.book import Chapter
from mnemonics_lib.edition.report import NAMES
from mnemonics_lib.edition.students import kind

ONCE = "once"
"""The tag of a cell that is the same whatever the parameters are: the book has it in its chapter, and not again."""

DATA = {
    "digits": "scikit-learn's digits",
    "cifar100": "CIFAR-100",
    "tiny_imagenet": "Tiny-ImageNet",
    "tiny_imagenet_100": "100 classes of Tiny-ImageNet",
    "imagenet": "ImageNet",
    "imagenet_subset": "100 classes of ImageNet",
}
"""What people call the data sets."""

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def again(notebook: NotebookNode, config: RunConfig, chapter: Chapter) -> NotebookNode:
    """A copy without exercises and what is shown once, with the data in its title and a word on what it is.

    Args:
        notebook: as it is written.
        config: what it is run with.
        chapter: the chapter of the book in which the notebook is run on the book's own parameters.
    """
    made = nbformat.from_dict({**notebook})
    made.cells = [
        nbformat.from_dict(cell)
        for cell in notebook.cells
        if not kind(cell) and ONCE not in cell.metadata.get("tags", [])
    ]
    name = DATA.get(config.dataset, config.dataset)
    first, note = made.cells[0], introduction(config, chapter, name)
    first.source = TITLE.sub(lambda found: f"# {found[1]} ({name})\n\n{note}", first.source, count=1)
    return made


def introduction(config: RunConfig, chapter: Chapter, name: str) -> str:
    """What the page is, as a note of the book."""
    protocol, (_, height, width) = config.protocol(), config.image_shape
    classes = protocol.seen(config.phases)
    method = NAMES.get(config.method, config.method)
    return (
        f":::{{note}}\nThis is [chapter {chapter.number}](/{chapter.file}.ipynb) with other parameters: {name}, "
        f"{classes} classes at {height} × {width}, $N = {config.phases}$, {method} with {config.budget} exemplars a "
        "class. Its cells are those of the chapter. What depends on no parameter, and the exercises, are there alone."
        "\n:::"
    )
