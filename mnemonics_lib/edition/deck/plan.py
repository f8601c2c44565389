"""The plan of a lecture: its slides, how long each takes, and what is said.

``book/lecture.yaml`` holds it. The words are there and not in the notebooks, which are read and not listened to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, model_validator

from mnemonics_lib.config import ConfigError, Strict, read_yaml
from mnemonics_lib.config.errors import validate
from mnemonics_lib.errors import ReportedError
from mnemonics_lib.paths import ROOT

PLAN = ROOT / "book" / "lecture.yaml"


class LectureError(ReportedError, ValueError):
    """A lecture that cannot be made: what is wrong, and where."""


class Slide(Strict):
    """One slide.

    Attributes:
        name: cells tagged ``slide-NAME`` in the part's chapter are shown on it.
        title: its heading.
        minutes: how long it takes, questions included.
        points: short lines of Markdown, shown on it.
        say: what the teacher says; a speaker's note.
        ask: what the class is asked; likewise.
        expect: what to answer, or where the answer is found; with each question, and with nothing else.
        live: whether its cells are run in front of the class.
        page: a page of the book that it links to, as the contents name it, in the place of the section of its cells.
        spare: whether it can be left out where questions need more time, since nothing later rests on it.
    """

    name: str = Field(pattern="^[a-z0-9-]+$")
    title: str
    minutes: int = Field(ge=1, le=15)
    points: list[str] = Field(default_factory=list)
    say: str
    ask: str = ""
    expect: str = ""
    live: bool = False
    page: str = ""
    spare: bool = False

    @model_validator(mode="after")
    def _answered(self) -> Slide:
        if bool(self.ask) != bool(self.expect):
            raise ValueError(f"slide {self.name}: ask and expect: must both be there, or neither")
        return self


class Part(Strict):
    """Slides that belong together.

    Attributes:
        title: of the part.
        chapter: the notebook whose cells its slides show, without its suffix; none where they show no cells.
        slides: in their order.
    """

    title: str
    chapter: str = ""
    slides: list[Slide] = Field(min_length=1)

    @property
    def minutes(self) -> int:
        """How long its slides take."""
        return sum(slide.minutes for slide in self.slides)


class Plan(Strict):
    """A lecture.

    Attributes:
        title: of the lecture.
        minutes: what it may take.
        parts: in their order.
    """

    title: str
    minutes: int = Field(ge=1)
    parts: list[Part] = Field(min_length=1)

    @property
    def slides(self) -> list[Slide]:
        """All slides, in order."""
        return [slide for part in self.parts for slide in part.slides]

    @property
    def planned(self) -> int:
        """Minutes of all slides."""
        return sum(part.minutes for part in self.parts)

    def clock(self) -> Iterator[tuple[Part, Slide, int]]:
        """Each slide with its part and the minute at which it begins."""
        begins = 0
        for part in self.parts:
            for slide in part.slides:
                yield part, slide, begins
                begins += slide.minutes

    @model_validator(mode="after")
    def _fits(self) -> Plan:
        if self.planned > self.minutes:
            raise ValueError(f"its slides take {self.planned} minutes: must be at most {self.minutes}")
        twice = sorted(name for name, count in Counter(slide.name for slide in self.slides).items() if count > 1)
        if twice:
            raise ValueError(f"slides of the same name: {', '.join(twice)}")
        return self


def read_plan(path: Path = PLAN) -> Plan:
    """The plan in a file.

    Raises:
        LectureError: for a file that is not there or is no YAML, for fields that a plan does not have or that are out
            of range, and for slides that take longer than the lecture may.
    """
    try:
        return validate(Plan, read_yaml(path), str(path))
    except ConfigError as error:
        raise LectureError(str(error)) from None
