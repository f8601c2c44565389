"""The tables of the instructor's page."""

from __future__ import annotations

from mnemonics_lib.edition.deck.plan import read_plan
from mnemonics_lib.edition.deck.teaching import exercise_rows, lecture_rows, read_sources, spare_in_words
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.notebooks.students import exercises, sources
from tests.edition.deck.made import notebooks, plan


def test_a_part_is_a_row_for_each_of_its_slides():
    first, figure = lecture_rows(plan(), plan().parts[0], notebooks(), {"loss": 12.4})
    assert first == {
        "minutes": "0–2",
        "slide": "A loss",
        "in the book": "[Losses](quick/digits-n5/01_preliminaries.ipynb#losses)",
        "run in class": "yes",
        "its cells take": "12 s",
        "ask": "",
    }
    assert (figure["minutes"], figure["run in class"], figure["ask"]) == ("2–5", "", "Why?")
    (end,) = lecture_rows(plan(), plan().parts[2], notebooks(), {})
    assert end["in the book"] == "[A bilevel problem in your hands](toy.ipynb)"


def test_what_was_not_measured_is_said_to_be_run_all_the_same():
    (first, _) = lecture_rows(plan(), plan().parts[0], notebooks(), {})
    assert (first["run in class"], first["its cells take"]) == ("yes", "")
    (first, _) = lecture_rows(plan(), plan().parts[0], notebooks(), {"loss": 0.3})
    assert first["its cells take"] == "under 1 s"


def test_the_project_s_table_has_every_slide_and_ends_in_time():
    read, sources = read_plan(), read_sources()
    rows = [row for part in read.parts for row in lecture_rows(read, part, sources, {})]
    assert [row["slide"] for row in rows] == [slide.title for slide in read.slides]
    assert int(rows[-1]["minutes"].partition("–")[2]) == read.planned


def test_what_can_be_left_out_is_told_with_its_minutes():
    assert spare_in_words(plan()) == ""
    assert spare_in_words(plan("loss", "late")).startswith(
        "**Where questions need more time**, leave out *A loss* (minutes 0 to 2) and *Late* (minutes 5 to 6): nothing"
    )


def test_every_exercise_is_listed_with_its_minutes():
    rows = exercise_rows()
    assert len(rows) == sum(len(exercises(read_notebook(path))) for path in sources())
    assert {row["exercise"].partition(".")[0] for row in rows} > {"{ref}`8", "{ref}`13"}  # of pages, too
    assert rows[0] == {
        "exercise": "{ref}`1.1 <exercise-executed-quick-digits-n5-01-preliminaries-1-1>`",
        "on": "the floor of the distillation loss",
        "minutes": "10",
    }
