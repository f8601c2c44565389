"""Each cell of the book that shows a figure or a table gets a line that says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.book.source_line import Page, line
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.paths import ROOT
from tests.extensions import extension

BOOK = Path(__file__).parents[2] / "book"

source_lines = extension("source_lines")

TABLE = {"text/markdown": "| a |\n|:--|\n| 1 |"}


def output(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


@pytest.mark.parametrize(
    ("data", "shows"),
    [
        (TABLE, True),
        ({"text/markdown": ["| a |\n", "|---|\n", "| 1 |"]}, True),
        ({"image/png": "iVBOR"}, True),
        ({"text/html": "<table><tr></tr></table>", "text/plain": "a"}, True),
        ({"text/html": "<svg></svg>"}, False),  # a drawing
        ({"text/markdown": "a | b, and - c"}, False),
        ({"text/plain": "array([1])"}, False),
        ({}, False),
    ],
)
def test_a_figure_or_a_table_is_told_from_the_rest(data, shows):
    assert source_lines.shows(output(data)) is shows


def lines(cells: list[dict[str, Any]], metadata: dict[str, Any], name: str = "page.ipynb") -> list[list[str]]:
    """What is added to each cell of a page."""
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda docname: name))
    source = [json.dumps({"cells": cells, "metadata": metadata})]
    source_lines.add_lines(app, "page", source)
    found = json.loads(source[0])["cells"]
    return [
        [each["data"]["text/markdown"] for each in cell.get("outputs", [])[len(old.get("outputs", [])) :]]
        for cell, old in zip(found, cells, strict=True)
    ]


def test_the_line_stands_under_what_the_cell_shows_and_nowhere_else():
    cells: list[dict[str, Any]] = [
        {"metadata": {}, "source": "words"},
        {"metadata": {}, "source": "", "outputs": []},
        {"metadata": {}, "source": "", "outputs": [output({"image/png": ""}), output(TABLE)]},
        {"metadata": {"sources": ["book/paper/table1.csv"]}, "source": "", "outputs": [output(TABLE)]},
    ]
    executed = {"params": "params/quick/digits-n5.yaml", "overrides": [], "code": "abc"}
    words, nothing, both, named = lines(cells, {"executed_with": executed})
    assert words == nothing == []
    (line,) = both
    assert line.startswith(
        '<small class="sources">Computed on this page from [`params/quick/digits-n5.yaml`](/../params/'
    )
    (line,) = named
    assert line == '<small class="sources">From [`book/paper/table1.csv`](/paper/table1.csv).</small>'


def test_a_page_that_is_no_notebook_is_left_alone():
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda docname: "page.md"))
    source = ["# words"]
    source_lines.add_lines(app, "page", source)
    assert source == ["# words"]


PAGES = sorted([*BOOK.glob("*.py"), *(ROOT / "notebooks").glob("0*.py")])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_source_that_a_cell_names_is_there(path):
    for cell in read_notebook(path).cells:
        if sources := cell.metadata.get("sources"):
            assert line(source_lines.RECORDED, sources, Page("params/quick/digits-n5.yaml")), cell.source
