"""The slides as a page: what is on each, and nothing that is fetched from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from mnemonics_lib.edition.deck import assets, make
from mnemonics_lib.edition.deck.__main__ import main
from mnemonics_lib.edition.deck.chapters import of_part
from mnemonics_lib.edition.deck.lecture import compose
from mnemonics_lib.edition.deck.links import to_the_book
from mnemonics_lib.edition.deck.page import page
from mnemonics_lib.edition.deck.plan import LectureError, read_plan
from mnemonics_lib.edition.deck.teaching import read_sources
from tests.edition.deck.made import notebooks, plan


class Slides(HTMLParser):
    """The text of each section of a page, of its notes, its images, and all that a browser would fetch."""

    def __init__(self, text: str):
        super().__init__()
        self.shown: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.images: list[tuple[str, str]] = []
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.at, self.into = "", self.shown
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "section":
            self.at, self.into = values["id"], self.shown
        elif tag == "aside":
            self.into = self.notes
        elif tag == "img":
            self.images.append((self.at, values["alt"]))
        elif tag == "a":
            self.links.append(values["href"])
        if "src" in values or tag == "link":
            self.fetched.append(values.get("src") or values["href"])

    def handle_data(self, data: str) -> None:
        if self.at:
            self.into[self.at] = self.into.get(self.at, "") + data


@pytest.fixture
def slides() -> Slides:
    links = {"loss": ("Chapter 1: Losses", "../book/one.html#losses")}
    return Slides(page(compose(plan(), notebooks()), links, "../book"))


def test_each_slide_is_a_section_with_its_note(slides: Slides):
    assert list(slides.shown) == list(slides.notes) == ["loss", "figure", "late", "end"]
    assert "Minute 0 to 2." in slides.notes["loss"]
    assert "Minute" not in slides.shown["loss"]


def test_code_is_shown_unless_it_is_hidden_and_what_is_only_run_is_not(slides: Slides):
    assert "y = 2 * x" in " ".join(slides.shown["loss"].split())
    assert "drawn" in slides.shown["figure"]
    assert "print" not in slides.shown["figure"]
    assert not any("x = 1" in text or "%reset" in text or "dataset" in text for text in slides.shown.values())


def test_equations_reach_the_page_as_mathjax_reads_them(slides: Slides):
    assert "$$y = 2\\,x$$" in slides.shown["loss"]
    assert "Some prose" not in slides.shown["loss"]


def test_a_figure_has_the_alt_text_of_its_cell(slides: Slides):
    assert slides.images == [("figure", "A falling <line>.")]


def test_a_slide_links_to_its_place_in_the_book(slides: Slides):
    assert slides.links == ["../book/one.html#losses"]


def saying(*lines: str) -> dict[str, NotebookNode]:
    """The two notebooks, of which a cell on a slide displays these lines as Markdown."""
    made = notebooks()
    made["01_preliminaries"].cells[-1].outputs += [
        nbformat.v4.new_output("display_data", data={"text/markdown": line, "text/plain": "<Markdown>"})
        for line in lines
    ]
    return made


def test_a_link_that_a_cell_displays_leads_to_the_book_too():
    """A chapter names another by its file beside it, where no slide lies."""
    made = saying(
        "See [chapter 4](04_ablations.ipynb), [there](04_ablations.ipynb#paired-differences) or [here](#a-title).",
        "And [another page](../book/toy.py), or [the paper](https://example.org/a.md).",
    )
    chapters = "../html/executed/quick/digits-n5"
    assert Slides(page(compose(plan(), made), {}, "../html")).links == [
        f"{chapters}/04_ablations.html",
        f"{chapters}/04_ablations.html#paired-differences",
        "#a-title",
        "../html/executed/toy.html",
        "https://example.org/a.md",
    ]
    shown = made["01_preliminaries"].cells[-1].outputs[-2].data["text/markdown"]
    assert shown.startswith("See [chapter 4](04_ablations.ipynb)")  # the chapter itself stays as it was


def test_a_link_to_what_is_no_chapter_is_named():
    lecture = compose(plan(), saying("See [chapter 9](09_none.ipynb)."))
    with pytest.raises(LectureError, match=r"09_none\.ipynb: no chapter"):
        page(lecture, {}, "../html")


def test_whatever_the_project_s_slides_display_links_to_chapters():
    """Those that stand in the source of a cell, which may not display them this time."""
    notebooks = read_sources()
    for part in read_plan().parts:
        for each in of_part(part, notebooks):
            if each.slide:
                said = to_the_book(each.cell.source, "html")  # stops at what is no chapter
                assert not re.search(r"\]\([^:)]+\.(ipynb|py|md)\b", said), each.cell.source


def test_all_that_is_fetched_lies_beside_the_page(slides: Slides, tmp_path: Path):
    assets.copy_assets(tmp_path)
    wanted = [url for url in slides.fetched if not url.startswith("data:")]
    assert len(wanted) == 5
    assert all((tmp_path / url).is_file() for url in wanted)


def test_a_package_without_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(assets, "NEEDED", {"nbformat": {"x.js": "dist/reveal.js"}})
    with pytest.raises(LectureError, match=r"nbformat: has no dist/reveal\.js"):
        assets.copy_assets(tmp_path)


def test_links_name_the_chapter_by_its_number_and_title():
    found = make.links(plan(), notebooks(), "../html")
    assert found["loss"] == (
        "Chapter 1: Losses",
        "../html/executed/quick/digits-n5/01_preliminaries.html#losses",
    )
    assert found["end"][0].endswith(": A bilevel problem in your hands")
    assert found["end"][1] == "../html/executed/toy.html"


def test_the_command_writes_the_project_s_slides_and_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for stem, notebook in read_sources().items():
        nbformat.write(notebook, tmp_path / f"{stem}.ipynb")
    paths = sorted(map(str, tmp_path.glob("0*.ipynb")))
    out = tmp_path / "deck"
    assert main([*paths, "--out", str(out)]) == 0
    assert capsys.readouterr().out.split() == [str(out / "index.html"), str(out / "lecture.ipynb")]
    nbformat.validate(nbformat.read(out / "lecture.ipynb", as_version=4))
    assert main([*paths[:1], "--out", str(out)]) == 2
    assert "02_global_bop: no such notebook" in capsys.readouterr().err
