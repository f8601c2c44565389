"""Where things lie: in the project's folder, found from the library itself, so that notebooks run from any directory.

A library that is installed has no project around it. What it makes then goes to the current folder, never beside the
library: that folder belongs to an environment, and may be read-only.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def checkout(package: Path = PACKAGE) -> Path | None:
    """The project's folder around the library; None where the library is installed without it.

    Args:
        package: the folder of the library.
    """
    root = package.resolve().parent
    file = root / "pyproject.toml"  # read as text: an edit that breaks its syntax must not move anyone's runs
    return root if file.is_file() and 'name = "mnemonics-book"' in file.read_text(encoding="utf-8") else None


PROJECT = checkout()
ROOT = PROJECT or Path()
"""The project's folder, or the current one at the time of use."""
PARAMS = PROJECT / "params" if PROJECT else PACKAGE / "params"
"""The project's parameter files; a wheel has a copy of them."""
RECORDS = ROOT / "book" / "records"
"""Committed results: the only source of the numbers in the book."""
STUDIES = ROOT / "book" / "studies"
"""The studies that make them."""
RUNS = Path(os.environ.get("MNEMONICS_RUNS") or ROOT / "build" / "runs")
"""Checkpoints and records of runs made on this machine: ``$MNEMONICS_RUNS``, or ``build/runs``."""


def data_root() -> Path:
    """Where downloaded data sets are kept: ``$MNEMONICS_DATA``, or ``data/`` of the project or the current folder."""
    return Path(os.environ.get("MNEMONICS_DATA") or ROOT / "data")


def visible(folder: Path, pattern: str) -> list[Path]:
    """The files below a folder that a pattern of ``glob`` names, sorted, but hidden ones and those in hidden folders.

    Such as the copies that JupyterLab keeps in ``.ipynb_checkpoints`` of what is saved in it, and the ``._`` files that
    macOS leaves beside those that it copies.
    """
    return [
        path
        for path in sorted(folder.glob(pattern))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.is_file()
    ]
