"""A page that was not executed is left out of the contents, and one that was is linked from its chapter."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from docutils import nodes
from docutils.utils import new_document

from mnemonics_lib.config import parse_yaml, read_yaml
from tests.extensions import extension

left_out_extension = extension("left_out")
TOC = """
root: intro
parts:
  - chapters:
      - file: executed/quick/a/01_x
        title: X
        options: {numbered: false}
        sections:
          - {file: executed/shown/b/01_x, title: 'B: x'}
  - chapters:
      - file: api/index
        options: {numbered: false}
        sections: [{file: api/runs}]
"""


def write(folder: Path, *pages: str) -> Path:
    for page in pages:
        path = folder / f"{page}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_a_page_that_is_there_stays(tmp_path: Path):
    contents, again = left_out_extension.pruned(parse_yaml(TOC), write(tmp_path, "executed/shown/b/01_x"))
    assert contents == parse_yaml(TOC)
    assert again == {"executed/quick/a/01_x": [("executed/shown/b/01_x", "B: x")]}


def test_one_that_is_not_goes_and_written_pages_stay(tmp_path: Path):
    contents, again = left_out_extension.pruned(parse_yaml(TOC), tmp_path)
    assert contents["parts"][0]["chapters"] == [{"file": "executed/quick/a/01_x", "title": "X"}]
    assert contents["parts"][1] == parse_yaml(TOC)["parts"][1]
    assert again == {}


def test_sphinx_reads_other_contents_where_something_is_left_out(tmp_path: Path):
    book = tmp_path / "book"
    book.mkdir()
    (book / "_toc.yml").write_text(TOC)
    config = SimpleNamespace(external_toc_path="_toc.yml")
    app = SimpleNamespace(srcdir=book, doctreedir=tmp_path / "trees", config=config)
    left_out_extension.prune(app, config)
    read = read_yaml(config.external_toc_path)
    assert read == left_out_extension.pruned(parse_yaml(TOC), book)[0]
    config.external_toc_path = "_toc.yml"
    write(book, "executed/shown/b/01_x")
    left_out_extension.prune(app, config)
    assert config.external_toc_path == "_toc.yml"


def test_a_chapter_leads_to_the_pages_on_which_it_is_run_again():
    config = SimpleNamespace(run_again={"executed/quick/a/01_x": [("executed/shown/b/01_x", "B: x")]})
    builder = SimpleNamespace(get_relative_uri=lambda here, there: f"../../{there}.html")
    for page, expected in (("executed/quick/a/01_x", "The same notebook on other data: B: x."), ("intro", None)):
        document = new_document("page")
        section = nodes.section("", nodes.title("", "A chapter"), nodes.paragraph("", "Text."))
        document += section
        app = SimpleNamespace(env=SimpleNamespace(docname=page), config=config, builder=builder)
        left_out_extension.link(app, document)
        assert section[1].astext() == (expected or "Text.")
