"""Which cells a lecture takes from the notebooks, and that plan and tags agree."""

from __future__ import annotations

import pytest

from mnemonics_lib.edition.deck import chapters
from mnemonics_lib.edition.deck.plan import LectureError, read_plan
from mnemonics_lib.edition.deck.teaching import read_sources
from tests.edition.deck.made import code, notebooks, plan

LONGEST, WIDEST = 16, 100
"""Lines of code that a slide has room for, and letters of one."""


def test_tagged_cells_are_found_with_their_sections():
    found = chapters.cells(notebooks()["01_preliminaries"])
    assert [(each.slide, each.section) for each in found] == [
        (None, ""),
        (None, ""),
        ("loss", "Losses"),
        ("loss", "Losses"),
        ("figure", "Figures"),
    ]


def test_code_that_begins_like_a_heading_belongs_to_the_section_before():
    made = notebooks()["01_preliminaries"]
    made.cells.append(code("## not a heading", "slide-figure"))
    assert chapters.cells(made)[-1].section == "Figures"


def test_a_slide_s_section_is_that_of_its_first_cell():
    assert chapters.sections(plan(), notebooks()) == {"loss": "Losses", "figure": "Figures", "late": "Late"}


def test_displayed_equations_are_all_that_a_text_gives():
    text = "Words $a$.\n\n$$a\n= b \\tag{1}$$\n\nWords.\n\n$$c$$"
    assert chapters.equations(text) == ["$$a\n= b \\tag{1}$$", "$$c$$"]


def test_a_tag_that_the_plan_does_not_know_is_refused():
    made = notebooks()
    made["02_global_bop"].cells.append(code("1", "slide-lost"))
    with pytest.raises(
        LectureError, match="02_global_bop: cells are tagged slide-lost, a slide that the plan does not"
    ):
        chapters.sections(plan(), made)


def test_slides_in_another_order_than_their_cells_are_refused():
    made = notebooks()
    made["01_preliminaries"].cells.reverse()
    with pytest.raises(LectureError, match="01_preliminaries: its cells have the slides in the order figure, loss"):
        chapters.sections(plan(), made)


def test_a_cell_on_two_slides_is_refused():
    with pytest.raises(LectureError, match="cell 'x = 1': is on slides a and b"):
        chapters.slide_of(code("x = 1", "slide-a", "slide-b"))


def test_a_chapter_that_is_not_there_is_refused():
    made = notebooks()
    del made["02_global_bop"]
    with pytest.raises(LectureError, match="02_global_bop: no such notebook; there are 01_preliminaries"):
        chapters.sections(plan(), made)


def test_each_slide_of_the_project_that_is_run_live_has_cells_of_code():
    sources = read_sources()
    with_code = {
        each.slide
        for part in read_plan().parts
        for each in chapters.of_part(part, sources)
        if each.cell.cell_type == "code"
    }
    assert len(with_code) > 20
    assert {slide.name for slide in read_plan().slides if slide.live} <= with_code


def test_no_slide_of_the_project_shows_long_code():
    for part in read_plan().parts:
        shown = [e for e in chapters.of_part(part, read_sources()) if e.slide and e.cell.cell_type == "code"]
        for slide in part.slides:
            code = [e.cell.source for e in shown if e.slide == slide.name and "hide-input" not in chapters.tags(e.cell)]
            lines = [line for source in code for line in source.splitlines()]
            assert len(lines) <= LONGEST, slide.name
            assert max(map(len, lines), default=0) <= WIDEST, slide.name
