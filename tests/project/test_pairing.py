"""Each notebook is a .py and an .ipynb in step, without outputs, in cells small enough to read."""

import statistics
from pathlib import Path

import jupytext
import nbformat
import pytest

from mnemonics_lib.edition.notebooks import tagged
from mnemonics_lib.edition.parameters import DEFAULTS, assigned

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(NOTEBOOKS.glob("*.py"))
NAMES = ["01_preliminaries", "02_global_bop", "03_local_bop", "04_ablations", "05_visualizations"]


def content(notebook):
    kept = ("tags", "mystnb")  # what notebooks/jupytext.toml keeps of a cell's metadata
    return [(c.cell_type, c.source, {key: c.metadata.get(key) for key in kept}) for c in notebook.cells]


def test_the_five_are_there():
    assert [source.stem for source in SOURCES] == NAMES
    assert [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))] == NAMES


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestNotebook:
    def test_the_pair_is_in_step(self, source):
        paired = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        assert content(jupytext.read(source)) == content(paired), "run `make sync`"

    def test_the_ipynb_has_no_outputs(self, source):
        paired = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        nbformat.validate(paired)
        left = [c for c in paired.cells if c.cell_type == "code" and (c.outputs or c.execution_count)]
        assert not left, "run `make sync`"

    def test_jupytext_pairs_them(self, source):
        config = jupytext.config.load_jupytext_config(str(source))
        assert config.default_formats(str(source)) == "ipynb,py:percent"

    def test_parameters_are_the_same_in_all(self, source):
        declared = tagged(source, "parameters") or ""
        assert declared == tagged(SOURCES[0], "parameters")
        assert assigned(declared) == list(DEFAULTS)
        variables: dict[str, object] = {}
        exec(declared, variables)
        assert {name: variables[name] for name in DEFAULTS} == DEFAULTS

    def test_they_are_resolved_before_anything_else(self, source):
        code = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
        assert [c.metadata.tags[0] for c in code[:2]] == ["parameters", "resolve"]
        assert f'parameters.resolve(globals(), "{source.stem}"' in code[1].source

    def test_cells_are_small(self, source):
        cells = [c.source.splitlines() for c in jupytext.read(source).cells if c.cell_type == "code"]
        code = [sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in cell) for cell in cells]
        assert max(map(len, cells)) <= 40
        assert statistics.median(code) <= 12
