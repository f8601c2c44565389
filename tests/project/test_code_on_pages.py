"""The code that pages show, before a browser has drawn it."""

import pytest

from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.paths import ROOT

PAGES = sorted([*(ROOT / "book").glob("*.py"), *(ROOT / "notebooks").glob("0*.py")])
FITS = 81
"""Characters of the longest line seen to fit by ``make browser``. Code is broken before it, but no text."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_line_of_code_is_wider_than_a_page(path):
    cells = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    shown = [cell for cell in cells if not {"remove-input", "remove-cell"}.intersection(cell.metadata.get("tags", []))]
    assert not [line for cell in shown for line in cell.source.splitlines() if len(line) > FITS]


LONGEST = 40
"""Lines of a cell of a notebook, which is read and stepped through."""


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("0*.py")), ids=lambda path: path.stem)
def test_no_cell_of_a_notebook_is_too_long_to_be_read(path):
    cells = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    assert cells
    assert not [source for source in cells if len(source.splitlines()) > LONGEST]
