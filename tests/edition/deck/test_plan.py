"""The plan of a lecture: what it refuses, and that the project's own fits and says nothing that it should read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mnemonics_lib.edition.deck.plan import LectureError, read_plan
from tests.edition.deck.made import plan

GOOD = """title: T
minutes: 5
parts:
  - title: P
    slides:
      - {name: a, title: A, minutes: 2, say: words}
      - {name: b, title: B, minutes: 3, say: words}
"""


def test_the_project_s_lecture_fits_into_ninety_minutes():
    read = read_plan()
    assert read.minutes == 90
    assert sum(slide.minutes for slide in read.slides) == read.planned <= 90
    assert all(slide.say for slide in read.slides)


def test_no_result_is_typed_into_the_project_s_plan():
    """A number with a decimal point or a per cent sign could only be one; 95 % is a level."""
    for slide in read_plan().slides:
        words = " ".join([slide.title, *slide.points, slide.say, slide.ask, slide.expect])
        words = re.sub(r"\$[^$]*\$|Exercise \d\.\d|95 %", "", words)
        assert not re.findall(r"\d\.\d|\d\s*%", words), slide.name


def test_a_clock_runs_through_the_slides():
    assert [(part.title, slide.name, begins) for part, slide, begins in plan().clock()] == [
        ("1. First", "loss", 0),
        ("1. First", "figure", 2),
        ("2. Second", "late", 5),
        ("Closing", "end", 6),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes: 5", "minutes: 4", "its slides take 5 minutes: must be at most 4"),
        ("name: b", "name: a", "slides of the same name: a"),
        ("minutes: 3", "minutes: 0", "parts.0.slides.1.minutes = 0: must be greater than or equal to 1"),
        ("title: B", "titel: B", "parts.0.slides.1.titel = 'B': unknown key (did you mean title?)"),
        ("name: a", "name: A b", "parts.0.slides.0.name = 'A b': string should match pattern"),
        ("minutes: 3", "minutes: 3, ask: Why?", "slide b: ask and expect: must both be there, or neither"),
        ("minutes: 3", "minutes: 3, expect: So.", "slide b: ask and expect: must both be there, or neither"),
        (", minutes: 3", "", "parts.0.slides.1.minutes is missing"),
        ("parts:", "parts: [", "plan.yaml"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, said: str):
    assert GOOD.count(old) == 1
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD)
    assert read_plan(path).planned == 5
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(LectureError) as refused:
        read_plan(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_plan_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(LectureError, match=r"none\.yaml: cannot be read as YAML: No such file"):
        read_plan(tmp_path / "none.yaml")
