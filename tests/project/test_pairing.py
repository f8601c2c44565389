"""Each notebook is a .py and an .ipynb in step, committed without outputs, in cells small enough to read.

Whoever steps through a notebook in JupyterLab and saves it has outputs in the .ipynb, and all of this still holds.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from mnemonics_lib.edition.notebooks.check import tagged
from mnemonics_lib.edition.notebooks.pairs import as_text_has_it, differences, main, tidied
from mnemonics_lib.edition.parameters import DEFAULTS, assigned

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(NOTEBOOKS.glob("*.py"))
NAMES = ["01_preliminaries", "02_global_bop", "03_local_bop", "04_ablations", "05_visualizations"]


def content(path):
    """What the two halves of a pair have in common."""
    cells = as_text_has_it(jupytext.read(path)).cells
    return [
        (cell.cell_type, cell.source, {key: cell.metadata.get(key) for key in ("tags", "mystnb", "sources")})
        for cell in cells
    ]


def committed(path):
    """A file as git has it, or is about to: what a reader's JupyterLab saved since does not count."""
    command = ["git", "-C", path.parent, "show", f":./{path.name}"]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git, or no repository")


def test_the_five_are_there():
    assert [source.stem for source in SOURCES] == NAMES
    assert [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))] == NAMES


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestNotebook:
    def test_the_pair_is_in_step(self, source):
        assert content(source) == content(source.with_suffix(".ipynb")), "run `make sync`"

    def test_the_ipynb_is_committed_without_outputs(self, source):
        notebook = nbformat.reads(committed(source.with_suffix(".ipynb")), as_version=4)
        nbformat.validate(notebook)
        assert notebook == tidied(notebook), "run `make sync`, and add the result"

    def test_jupytext_pairs_them(self, source):
        config = jupytext.config.load_jupytext_config(str(source))
        assert config.default_formats(str(source)) == "ipynb,py:percent"

    def test_what_is_kept_of_a_cell_is_the_same_by_the_ipynb_and_by_the_project(self, source):
        """Jupytext goes by the ``.ipynb``: what its filter lacks, a sync takes from there, and a change is undone."""
        config = jupytext.config.load_jupytext_config(str(source))
        notebook = nbformat.reads(committed(source.with_suffix(".ipynb")), as_version=4)
        assert notebook.metadata["jupytext"]["cell_metadata_filter"] == config.cell_metadata_filter

    def test_parameters_are_the_same_in_all(self, source):
        declared = tagged(source, "parameters") or ""
        assert declared == tagged(SOURCES[0], "parameters")
        assert list(assigned(declared)) == list(DEFAULTS)
        variables: dict[str, object] = {}
        exec(declared, variables)
        assert {name: variables[name] for name in DEFAULTS} == DEFAULTS

    def test_they_are_resolved_before_anything_else(self, source):
        code = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
        assert [c.metadata.tags[0] for c in code[:3]] == ["colab", "parameters", "resolve"]
        assert re.search(rf'parameters\.resolve\(\s*globals\(\), "{source.stem}"', code[2].source)

    def test_cells_are_small(self, source):
        cells = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
        lines = [c.source.splitlines() for c in cells]
        code = [sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in cell) for cell in lines]
        shown = [count for c, count in zip(cells, code, strict=True) if "hide-input" not in c.metadata.get("tags", [])]
        assert max(map(len, lines)) <= 40
        assert statistics.median(shown) <= 12
        assert max(shown) <= 20


class TestJupyterLab:
    """What JupyterLab does with a pair, through the contents manager that it has from jupytext."""

    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "notebooks"
        folder.mkdir()
        for path in [NOTEBOOKS / "jupytext.toml", *NOTEBOOKS.glob("02_global_bop.*")]:
            shutil.copy(path, folder)
        main([str(folder / "02_global_bop.ipynb")])  # what is committed, though its reader may have saved outputs
        return folder

    @pytest.fixture
    def contents(self, folder):
        return jupytext.TextFileContentsManager(root_dir=str(folder))

    @pytest.fixture(params=["02_global_bop.py", "02_global_bop.ipynb"])
    def opened(self, request):
        """Either half may be the one that is opened."""
        return request.param

    def step_through(self, contents, opened):
        """Run every cell from first to last, which adds an empty one, with a kernel of another name; save."""
        model = contents.get(opened, type="notebook", content=True)
        notebook = model["content"]
        for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
            cell.execution_count, cell.outputs = count, [new_output("stream", text="seen")]
            cell.metadata |= {"trusted": True, "collapsed": False, "execution": {"iopub.status.busy": "2026"}}
        notebook.cells += [new_code_cell("")]
        notebook.metadata.kernelspec.display_name = "Python 3.12 (mine)"
        notebook.metadata.language_info = {"name": "python", "version": "3.12.1"}
        contents.save({"type": "notebook", "format": "json", "content": notebook}, opened)

    def test_saving_keeps_the_pair_in_step_and_sync_gives_what_is_committed(self, contents, opened, folder):
        source, notebook = folder / "02_global_bop.py", folder / "02_global_bop.ipynb"
        before = [half.read_text() for half in (source, notebook)]
        self.step_through(contents, opened)
        assert "seen" in notebook.read_text()
        assert differences(source) is None
        assert content(source) == content(notebook)
        TestNotebook().test_cells_are_small(source)

        shutil.copy(NOTEBOOKS.parent / "Makefile", folder.parent)
        environment = os.environ | {"PYTHONPATH": str(NOTEBOOKS.parent)}
        command = ["make", f"PYTHON={sys.executable}", "sync"]
        subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, check=True)
        assert [half.read_text() for half in (source, notebook)] == before

    def test_an_edit_of_the_py_is_seen_by_whoever_has_the_pair_open(self, contents, opened, folder):
        self.step_through(contents, opened)
        source = folder / "02_global_bop.py"
        source.write_text(source.read_text() + "\n# %%\nprint('edited elsewhere')\n")
        notebook = contents.get(opened, type="notebook", content=True)["content"]
        assert notebook.cells[-1].source == "print('edited elsewhere')"
        assert "seen" in str(notebook.cells)  # the outputs of the other cells stay
