"""What of the book can be made here: pages on data that are not there are left out.

A page below a chapter that is named after a study, ``executed/shown/cifar100/01_preliminaries``, is the chapter's
notebook run again on the parameters of that study. It needs the study's data set, which is nothing that the project
may hold.
"""

from __future__ import annotations

from pathlib import Path

from mnemonics_lib.edition.book.contents import below
from mnemonics_lib.edition.names import several
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from mnemonics_lib.paths import data_root

FOLDERS = {
    "cifar100": ["cifar-100-python"],
    "tiny_imagenet": ["tiny-imagenet-200"],
    "tiny_imagenet_100": ["tiny-imagenet-100", "tiny-imagenet-200"],
    "imagenet_subset": ["imagenet"],
    "imagenet": ["imagenet"],
}
"""Where in the directory of data sets each may lie, for what need not import PyTorch to know it."""


def again() -> list[str]:
    """The pages that are a chapter's notebook run again, in order."""
    return [page for page in below() if page.startswith("executed/") and study_of(page)]


def study_of(page: str) -> str:
    """The study whose parameters and finished work such a page has: ``shown/cifar100``."""
    return page.removeprefix("executed/").rpartition("/")[0]


def missing_data(page: str) -> Path | None:
    """The folder of the data set of such a page, where it is not there; None where it is, or none is needed.

    Raises:
        ConfigError: for a study that is refused, or keeps nothing for figures.
    """
    dataset = plan(study_file(study_of(page))).leading.config.dataset
    folders = [data_root() / folder for folder in FOLDERS.get(dataset, [])]
    return None if not folders or any(folder.is_dir() for folder in folders) else folders[0]


def left_out() -> dict[str, Path]:
    """The pages that cannot be made here, each with the folder that is missing."""
    return {page: folder for page in again() if (folder := missing_data(page)) is not None}


def told(pages: dict[str, Path]) -> str:
    """What is left out and why, in a line; "" for nothing."""
    if not pages:
        return ""
    studies, folders = sorted({study_of(page) for page in pages}), sorted({str(folder) for folder in pages.values()})
    return (
        f"Left out of the book: {several(len(pages), 'page')} of {', '.join(studies)}, since {', '.join(folders)} is "
        "not there; MNEMONICS_DATA names the directory of data sets."
    )
