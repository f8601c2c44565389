"""Both halves of a pair hold one notebook, or the check says so: a batch runs the .py alone."""

from __future__ import annotations

import os
from pathlib import Path

import jupytext
import nbformat
import pytest

from mnemonics_lib.edition.notebooks.check import check_all
from mnemonics_lib.edition.notebooks.kernels import KERNEL
from mnemonics_lib.edition.notebooks.pairs import differences, main, tidied
from mnemonics_lib.edition.parameters import ParameterError

TEXT = '# %% tags=["parameters"]\nx = 1\n\n# %%\nprint("one")\n\n# %%\nprint("two")\n'


@pytest.fixture
def pair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = Path("n.py")
    source.write_text(TEXT)
    jupytext.write(jupytext.read(source), source.with_suffix(".ipynb"))
    return source, source.with_suffix(".ipynb")


def edit(half: Path, newer: int) -> None:
    half.write_text(half.read_text().replace("two", "three"))
    os.utime(half, ns=(newer, newer))


def test_in_step_is_silent(pair):
    assert differences(pair[0]) is None
    check_all(pair[:1], [])


def test_text_may_differ(pair):
    pair[0].write_text("# %% [markdown]\n# A word\n\n" + pair[0].read_text())
    assert differences(pair[0]) is None


def test_the_ipynb_edited_alone_stops_the_check(pair):
    edit(pair[1], newer=2**62)
    with pytest.raises(ParameterError) as raised:
        check_all(pair[:1], [])
    said = str(raised.value)
    assert "n.ipynb and n.py differ from code cell 3 on, and a batch runs the .py" in said
    assert "`make sync` gives both the code of n.ipynb, the newer" in said
    assert "for that of n.py: jupytext --to ipynb --update n.py" in said


def test_the_newer_half_is_named(pair):
    edit(pair[0], newer=2**62)
    said = differences(pair[0]) or ""
    assert "the code of n.py, the newer (for that of n.ipynb: jupytext --to py:percent n.ipynb)" in said


def test_a_cell_more_counts(pair):
    pair[0].write_text(pair[0].read_text() + "\n# %%\nprint('more')\n")
    assert "from code cell 4 on" in (differences(pair[0]) or "")


def test_the_same_cells_in_another_order_are_other_code(pair):
    pair[0].write_text(TEXT.replace("one", "0").replace("two", "one").replace("0", "two"))
    assert "from code cell 2 on" in (differences(pair[0]) or "")


SAVED = [
    "y = 1\n",
    "y = 1\n\n\n",
    "\n\ny = 1",
    "y = 1   ",
    "",
    "\n",
    "y = 1\n# %%\nz = 2",
    "%timeit 1",
    "await y",
    "'''\n# %%\n'''",
]


@pytest.mark.parametrize("source", SAVED)
@pytest.mark.parametrize("last", [True, False])
def test_one_notebook_saved_as_both_is_in_step_whatever_its_cells_hold(pair, source, last):
    notebook = nbformat.read(pair[1], as_version=4)
    notebook.cells.insert(len(notebook.cells) if last else 1, nbformat.v4.new_code_cell(source))
    for half in pair:
        jupytext.write(notebook, half, fmt="py:percent" if half.suffix == ".py" else "ipynb")
    assert differences(pair[0]) is None


class TestTidy:
    @pytest.fixture
    def saved(self, pair):
        """The ``.ipynb`` as JupyterLab leaves it after a reader stepped through."""
        notebook = nbformat.read(pair[1], as_version=4)
        notebook.metadata |= {"kernelspec": {"name": "mine", "display_name": "Mine"}, "widgets": {}}
        notebook.metadata |= {"language_info": {"name": "python", "version": "3.11.7"}}
        for number, cell in enumerate(notebook.cells, start=1):
            cell.execution_count, cell.outputs = number, [nbformat.v4.new_output("stream", text="x")]
            cell.metadata |= {"collapsed": True, "jupyter": {"outputs_hidden": True}}
        notebook.cells[1].metadata |= {"tags": []}
        notebook.cells[2].metadata |= {"lines_to_next_cell": 2}
        notebook.cells += [nbformat.v4.new_code_cell(text) for text in ("", "\n")]
        nbformat.write(notebook, pair[1])
        return pair[1]

    def test_leaves_what_the_author_wrote(self, saved):
        before = nbformat.read(saved, as_version=4)
        assert main([str(saved)]) == 0
        after = nbformat.read(saved, as_version=4)
        nbformat.validate(after)
        assert [(cell.id, cell.source) for cell in after.cells] == [(c.id, c.source) for c in before.cells[:3]]
        assert [cell.metadata for cell in after.cells] == [{"tags": ["parameters"]}, {}, {"lines_to_next_cell": 2}]
        assert all(cell.execution_count is None and not cell.outputs for cell in after.cells)
        assert after.metadata == {"kernelspec": KERNEL, "jupytext": before.metadata.jupytext}

    def test_keeps_an_empty_cell_between_others(self, saved):
        notebook = nbformat.read(saved, as_version=4)
        notebook.cells = [notebook.cells[3], notebook.cells[0], nbformat.v4.new_markdown_cell("")]
        made = tidied(notebook)
        assert [cell.source for cell in made.cells] == ["", "x = 1", ""]
        assert notebook.cells[1].outputs  # a copy was tidied

    def test_writes_only_what_was_untidy(self, saved):
        assert main([str(saved)]) == 0
        os.utime(saved, ns=(5, 5))
        assert main([str(saved)]) == 0
        assert saved.stat().st_mtime_ns == 5

    def test_names_what_it_cannot_read(self, pair, capsys):
        pair[1].write_text("{\n<<<<<<< HEAD\n")
        assert main([str(pair[1])]) == 2
        assert "n.ipynb: cannot be read as a notebook: " in capsys.readouterr().err
