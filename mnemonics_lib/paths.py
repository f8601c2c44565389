"""Where the project keeps things, found from the library itself, so that notebooks run from any directory."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARAMS = ROOT / "params"
RECORDS = ROOT / "book" / "records"
"""Committed results: the only source of the numbers in the book."""
RUNS = ROOT / "build" / "runs"
"""Checkpoints and records of runs made on this machine."""
