"""What the book's contents name, and what of it can be made here: pages on data that are not there are left out.

A page below a chapter that is executed, ``executed/shown/cifar100/01_preliminaries``, is the chapter's notebook run
again on the parameters of a study. It needs the study's data set, which is nothing that the project may hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnemonics_lib.config import read_yaml
from mnemonics_lib.config.shipped import parameter_file
from mnemonics_lib.paths import ROOT, STUDIES, data_root

CONTENTS = ROOT / "book" / "_toc.yml"
FOLDERS = {
    "cifar100": "cifar-100-python",
    "tiny_imagenet": "tiny-imagenet-200",
    "tiny_imagenet_100": "tiny-imagenet-100",
}
"""Where in the directory of data sets each lies that a page below a chapter may need."""


def chapters() -> list[str]:
    """The root and the chapters, in order."""
    contents = read_yaml(CONTENTS)
    return [contents["root"], *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"])]


def again() -> list[str]:
    """The pages that are a chapter's notebook run again, in order."""
    parts = read_yaml(CONTENTS)["parts"]
    below = [page for part in parts for chapter in part["chapters"] for page in chapter.get("sections", [])]
    return [page["file"] for page in below if page["file"].startswith("executed/")]


def study_of(page: str) -> str:
    """The study whose parameters and finished work such a page has: ``shown/cifar100``."""
    return page.removeprefix("executed/").rpartition("/")[0]


def missing_data(page: str) -> Path | None:
    """The folder of the data set of such a page, where it is not there; None where it is, or none is needed."""
    study: dict[str, Any] = read_yaml(STUDIES / f"{study_of(page)}.yaml")
    dataset = read_yaml(parameter_file(study["params"]))["dataset"]
    folder = data_root() / FOLDERS[dataset] if dataset in FOLDERS else None
    return None if folder is None or folder.is_dir() else folder


def left_out() -> dict[str, Path]:
    """The pages that cannot be made here, each with the folder that is missing."""
    return {page: folder for page in again() if (folder := missing_data(page)) is not None}


def told(pages: dict[str, Path]) -> str:
    """What is left out and why, in a line; "" for nothing."""
    if not pages:
        return ""
    studies, folders = sorted({study_of(page) for page in pages}), sorted({str(folder) for folder in pages.values()})
    return (
        f"Left out of the book: {len(pages)} pages of {', '.join(studies)}, since {', '.join(folders)} is not there; "
        "MNEMONICS_DATA names the directory of data sets."
    )
