"""A notebook of the book run once more, on other data: what its page shows, and how it says which page it is."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mnemonics_lib.config import ConfigError, RunConfig
from mnemonics_lib.edition.book.contents import Chapter, chapter
from mnemonics_lib.edition.names import DATA, NAMES
from mnemonics_lib.edition.notebooks.execute import execute
from mnemonics_lib.edition.notebooks.students import kind
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.edition.studies.plan import plan, words
from mnemonics_lib.edition.studies.study import study_file

ONCE = "once"
"""The tag of a cell that is the same whatever the parameters are: the book has it in its chapter, and not again."""

LOSSES = {
    "bic": "BiC weighs the loss of Eq. 1 by the share of old classes, and not by $\\lambda$.",
    "lucir": "LUCIR has no distillation loss (Eq. 1): in its place are a constraint on features and a margin.",
}
"""Of a method whose loss is not Eq. 5 as chapter 1 and 2 write it out, what it is."""

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def execute_again(source: Path, study: str, output: Path) -> Path | None:
    """Run a chapter's notebook with the parameters of a study, of which it takes finished work, as a page of its own.

    Args:
        source: The notebook.
        study: The study's name, such as ``shown/cifar100``.
        output: Where the executed notebook goes.

    Returns:
        As :func:`execute`.

    Raises:
        ParameterError: before anything runs, also for a study that keeps nothing for figures.
        UnknownChapterError: for a notebook that is no chapter.
    """
    try:
        leading = plan(study_file(study)).leading
    except ConfigError as error:
        raise ParameterError(str(error)) from None
    overrides, found = words(leading.settings), chapter(source.stem)
    return execute(source, leading.params, output, overrides, study, lambda it: again(it, leading.config, found))


def again(notebook: NotebookNode, config: RunConfig, of: Chapter) -> NotebookNode:
    """A copy without exercises and what is shown once, with the data in its title and a word on what it is.

    Args:
        notebook: as it is written.
        config: what it is run with.
        of: the chapter of the book in which the notebook is run on the book's own parameters.
    """
    made = nbformat.from_dict({**notebook})
    made.cells = [
        nbformat.from_dict(cell)
        for cell in notebook.cells
        if not kind(cell) and ONCE not in cell.metadata.get("tags", [])
    ]
    name = DATA.get(config.dataset, config.dataset)
    first, note = made.cells[0], introduction(config, of, name)
    first.source = TITLE.sub(lambda found: f"# {found[1]} ({name})\n\n{note}", first.source, count=1)
    return made


def introduction(config: RunConfig, of: Chapter, name: str) -> str:
    """What the page is, as a note of the book."""
    protocol, (_, height, width) = config.protocol(), config.image_shape
    classes = protocol.seen(config.phases)
    method = NAMES.get(config.method, config.method)
    exemplars = f"{config.budget} exemplars {'in all' if config.budget_rule == 'total' else 'a class'}"
    return (
        f":::{{note}}\nThis is [chapter {of.number}](/{of.file}.ipynb) with other parameters: {name}, "
        f"{classes} classes at {height} × {width}, $N = {config.phases}$, {method} with {exemplars}. "
        f"{departures(config)} The cells are those of the chapter. What depends on no parameter, and the "
        "exercises, are there alone.\n:::"
    )


def departures(config: RunConfig) -> str:
    """Weight transfer, adjusting and the loss of a run, in sentences: what its numbers alone do not say."""
    transfer = (
        "Convolutions keep the kernels of phase 0 and learn a factor for each plane (weight transfer)."
        if config.weight_transfer
        else "All of the network is trained in each phase (no weight transfer)."
    )
    adjusting = (
        f"Old exemplars are adjusted, in {config.adjust} parts (Eq. 10)."
        if config.adjust
        else "Old exemplars are not adjusted."
    )
    return " ".join(filter(None, [transfer, adjusting, LOSSES.get(config.method, "")]))
