"""Where the project keeps things, found from the library itself, so that notebooks run from any directory."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARAMS = ROOT / "params"
RECORDS = ROOT / "book" / "records"
"""Committed results: the only source of the numbers in the book."""
RUNS = ROOT / "build" / "runs"
"""Checkpoints and records of runs made on this machine."""


def data_root() -> Path:
    """Where downloaded data sets are kept: ``$MNEMONICS_DATA``, or ``data/`` of the project."""
    return Path(os.environ.get("MNEMONICS_DATA") or ROOT / "data")
