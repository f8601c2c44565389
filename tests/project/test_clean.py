"""`make clean` removes what a build makes again, and not the runs, which may have taken hours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = ("build/deck/index.html", "build/logs/runs/book.log", "book/_build/html/index.html", "book/executed/toy.ipynb")
KEPT = ("build/runs/quick/a/checkpoint.pt", "book/records/quick/a/arm/seed-0.json", ".venv/installed")


@pytest.mark.parametrize("there", [(), MADE, KEPT, MADE + KEPT])
def test_runs_records_and_the_environment_stay(tmp_path: Path, there: tuple[str, ...]):
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["make", "clean", f"PYTHON={sys.executable}"], cwd=tmp_path, check=True, capture_output=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"Makefile", *KEPT} & {"Makefile", *there}
