"""Each notebook runs from top to bottom, also on parameters at the edge of what is allowed."""

from pathlib import Path

import nbformat
import pytest

from mnemonics_lib.edition.notebooks import check_all, execute
from mnemonics_lib.paths import PARAMS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.py"))
TINY = [
    "phases=1",
    "budget=1",  # no parts to adjust, one exemplar to show
    "exemplars=herding",  # nothing trained by the run itself
    "network.width=2",
    "training.epochs=2",
    "training.milestones=[0.5]",
    "exemplar_level.epochs=2",
    "exemplar_level.inner_steps=2",
    "finetuning.epochs=2",
    "finetuning.milestones=[0.5]",
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


CIFAR = [  # a hundred classes at the size of a postage stamp: every cell meets them, in seconds
    "phases=1",
    "resolution=4",
    "network.width=2",
    "training.epochs=1",
    "training.milestones=[]",
    "training.batch_size=500",
    "exemplar_level.epochs=1",
    "exemplar_level.adjust_epochs=1",
    "exemplar_level.inner_steps=1",
    "exemplar_level.val_batch=25000",
    "finetuning.epochs=1",
    "finetuning.milestones=[]",
    "budget=4",
]


@pytest.mark.parametrize("source", [p for p in NOTEBOOKS if p.stem != "04_ablations"], ids=lambda path: path.stem)
def test_it_runs_on_a_hundred_classes_with_ours(source: Path, tmp_path: Path, monkeypatch, cifar_root: Path):
    monkeypatch.setenv("MNEMONICS_DATA", str(cifar_root))
    monkeypatch.chdir(tmp_path)
    failed = execute(source, PARAMS / "small" / "cifar100-n5.yaml", tmp_path / "out.ipynb", CIFAR)
    assert failed is None, failed


def test_every_notebook_takes_every_parameter_file():
    files = sorted(PARAMS.glob("*/*.yaml"))
    assert {path.parent.name for path in files} == {"quick", "small", "paper"}
    check_all(NOTEBOOKS, files)
