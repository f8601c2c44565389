"""Each notebook runs from top to bottom, also on parameters at the edge of what is allowed."""

from pathlib import Path

import nbformat
import pytest

from mnemonics_lib.notebooks import execute
from mnemonics_lib.paths import PARAMS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.py"))
TINY = [
    "phases=1",
    "budget=1",  # no parts to adjust, one exemplar to show
    "exemplars=herding",  # nothing trained by the run itself
    "network.width=2",
    "training.epochs=2",
    "training.milestones=[1]",
    "exemplar_level.epochs=2",
    "exemplar_level.inner_steps=2",
    "finetuning.epochs=2",
    "finetuning.milestones=[1]",
]


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_on_the_smallest_parameters(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out.ipynb"
    failed = execute(source, PARAMS / "quick" / "digits-n1.yaml", output, TINY)
    assert failed is None, failed
    cells = nbformat.read(output, as_version=4).cells
    assert all(cell.execution_count for cell in cells if cell.cell_type == "code")
    figures = [out for cell in cells for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
    assert figures
