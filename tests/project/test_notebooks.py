"""Each notebook runs from top to bottom, also on parameters at the edge of what is allowed, and in plain papermill."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from mnemonics_lib.config import load_config
from mnemonics_lib.edition.book.contents import chapters
from mnemonics_lib.edition.notebooks.again import again
from mnemonics_lib.edition.notebooks.check import check_all, check_parameters
from mnemonics_lib.edition.notebooks.clean import WIDTH
from mnemonics_lib.edition.notebooks.execute import execute
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.parameters import ParameterError
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


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_line_of_code_is_wider_than_the_book_shows(source: Path):
    """Strings too, which the formatter leaves as they are."""
    lines = [line for c in read_notebook(source).cells if c.cell_type == "code" for line in c.source.splitlines()]
    assert not [line for line in lines if len(line) > WIDTH]


def test_those_that_show_a_run_without_exemplars_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """03 takes such parameters too, and trains exemplars all the same, so that it runs as on the smallest ones."""
    monkeypatch.chdir(tmp_path)
    without = [*(line for line in TINY if "=herding" not in line), "exemplars=none", "finetune=false"]
    _, global_bop, local_bop, *_ = NOTEBOOKS
    check_parameters(local_bop, PARAMS / "quick" / "digits-n1.yaml", without)
    failed = execute(global_bop, PARAMS / "quick" / "digits-n1.yaml", tmp_path / "out.ipynb", without)
    assert failed is None, failed


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
    """Without exercises, and without what the book shows of its first data set alone: those ran on the smallest."""
    monkeypatch.setenv("MNEMONICS_DATA", str(cifar_root))
    monkeypatch.chdir(tmp_path)
    params, chapter = PARAMS / "underfit" / "cifar100-n5.yaml", chapters()[source.stem]
    config = load_config(params, CIFAR)
    failed = execute(source, params, tmp_path / "out.ipynb", CIFAR, shown=lambda it: again(it, config, chapter))
    assert failed is None, failed


def test_every_notebook_takes_every_parameter_file():
    files = sorted(PARAMS.glob("*/*.yaml"))
    assert {path.parent.name for path in files} == {"quick", "small", "medium", "underfit", "paper"}
    check_all(NOTEBOOKS, files)


def command_line(*arguments: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1", "MPLBACKEND": "agg"}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def joint(tmp_path: Path) -> Path:
    """The upper bound as a parameter file of one's own, made as the book says."""
    made = command_line("mnemonics_lib", "config", PARAMS / "quick/digits-n5.yaml", "--preset", "joint", cwd=ROOT)
    assert made.returncode == 0, made.stderr
    (tmp_path / "mine.yaml").write_text(made.stdout)
    return tmp_path / "mine.yaml"


def test_what_a_notebook_cannot_show_stops_the_check(joint: Path):
    said = {}
    for source in NOTEBOOKS:
        try:
            check_parameters(source, joint)
        except ParameterError as error:
            said[source.stem] = str(error)
    assert list(said) == ["01_preliminaries", "03_local_bop", "04_ablations", "05_visualizations"]
    for name, message in said.items():
        assert f"mine.yaml: {name} runs it with exemplars = " in message
        assert "must be 'none' for joint, which keeps all data" in message


class TestPapermill:
    """Plain papermill, by its command line, on a notebook as JupyterLab has it; above it runs whole ones."""

    def papermill(self, folder: Path, notebook: nbformat.NotebookNode, *arguments: str):
        jupytext.write(notebook, folder / "in.ipynb")
        return command_line("papermill", "in.ipynb", "out.ipynb", *arguments, cwd=folder)

    def whole(self) -> nbformat.NotebookNode:
        return jupytext.read(ROOT / "notebooks" / "02_global_bop.py")

    def resolved(self, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Of the notebook as far as its cell tagged ``resolve``, with what it resolved printed."""
        notebook = self.whole()
        last = next(k for k, cell in enumerate(notebook.cells) if "resolve" in cell.metadata.get("tags", []))
        notebook.cells[last + 1 :] = [nbformat.v4.new_code_cell("print(config.to_yaml())")]
        return self.papermill(folder, notebook, *arguments)

    def printed(self, folder: Path) -> Path:
        """A parameter file of what the last cell printed."""
        (folder / "printed.yaml").write_text(
            nbformat.read(folder / "out.ipynb", as_version=4).cells[-1].outputs[0].text
        )
        return folder / "printed.yaml"

    def test_resolves_overrides(self, tmp_path: Path):
        tiny = {setting.partition("=")[0]: setting.partition("=")[2] for setting in TINY[1:]}
        overrides = "overrides: {" + ", ".join(f"{name}: {value}" for name, value in tiny.items()) + "}"
        done = self.resolved(tmp_path, "-p", "phases", "1", "-p", "profile", "quick", "-y", overrides)
        assert done.returncode == 0, done.stderr
        assert load_config(self.printed(tmp_path)) == load_config(PARAMS / "quick" / "digits-n1.yaml", TINY)

    def test_resolves_another_data_set_and_profile(self, tmp_path: Path):
        done = self.resolved(tmp_path, "-p", "dataset", "cifar100", "-p", "phases", "10", "-p", "profile", "small")
        assert done.returncode == 0, done.stderr
        assert load_config(self.printed(tmp_path)) == load_config(PARAMS / "small" / "cifar100-n10.yaml")

    def test_takes_a_file_of_one_s_own(self, joint: Path, tmp_path: Path):
        done = self.resolved(tmp_path, "-p", "params", "mine.yaml")
        assert done.returncode == 0, done.stderr
        assert load_config(self.printed(tmp_path)) == load_config(joint)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ["-p", "phase", "10", "-p", "method", "bic"],
                [
                    "phase = 10: no such parameter (did you mean phases?)",
                    "method is a field of a run, not a parameter: overrides={'method': 'bic'}",
                ],
            ),
            (["-y", "overrides: {exemplar: none}"], ["exemplar = 'none': unknown key (did you mean exemplars?)"]),
        ],
    )
    def test_stops_before_anything_runs(self, arguments: list[str], said: list[str], tmp_path: Path):
        done = self.papermill(tmp_path, self.whole(), *arguments)
        assert done.returncode != 0
        assert all(line in done.stderr for line in said)
        cells = [c for c in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells if c.cell_type == "code"]
        ran = [cell for cell in cells if cell.execution_count]
        assert "resolve" in ran[-1].metadata.tags
