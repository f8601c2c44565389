"""What a lecture's slides took: the record that is written, and the one that is committed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from mnemonics_lib.device.processor import processor_name
from mnemonics_lib.edition.deck import rehearsal
from mnemonics_lib.edition.deck.lecture import compose, to_run
from mnemonics_lib.edition.deck.plan import read_plan
from tests.edition.deck.made import code, notebooks, plan


def test_a_rehearsal_is_written_by_slide_and_not_where_a_cell_fails(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(rehearsal, "RECORD", tmp_path / "lecture.json")
    nbformat.write(to_run(compose(plan(), notebooks())), tmp_path / "good.ipynb")
    rehearsal.rehearse(tmp_path / "good.ipynb", tmp_path / "lecture.json")
    written = json.loads((tmp_path / "lecture.json").read_text())
    assert list(written["seconds"]) == ["loss", "figure", "late"]
    assert (written["cores"], written["processor"]) == (os.cpu_count(), processor_name())
    assert written["runs_made"] == 0
    assert rehearsal.measured(tmp_path / "lecture.json") == written

    made = notebooks()
    made["02_global_bop"].cells.insert(0, code("1 / 0", "live"))
    nbformat.write(to_run(compose(plan(), made)), tmp_path / "bad.ipynb")
    assert rehearsal.main([str(tmp_path / "bad.ipynb")]) == 2
    assert "slide late: '1 / 0': ZeroDivisionError" in capsys.readouterr().err
    assert json.loads((tmp_path / "lecture.json").read_text()) == written


def test_runs_that_the_lecture_makes_are_counted_and_not_those_that_were_there(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(rehearsal, "RUNS", tmp_path / "runs")
    there, new = tmp_path / "runs/quick/there", tmp_path / "runs/quick/new"
    there.mkdir(parents=True)
    (there / "record.json").touch()
    made = notebooks()
    work = f"import pathlib\nnew = pathlib.Path({str(new)!r})\nnew.mkdir()\n(new / 'record.json').touch()"
    made["02_global_bop"].cells.insert(0, code(work, "live"))
    nbformat.write(to_run(compose(plan(), made)), tmp_path / "good.ipynb")
    rehearsal.rehearse(tmp_path / "good.ipynb", tmp_path / "lecture.json")
    assert rehearsal.measured(tmp_path / "lecture.json")["runs_made"] == 1


def test_no_more_is_told_than_the_record_says():
    old = {"cores": 2, "seconds": {}}
    assert rehearsal.told(old) == "on a machine with 2 cores"
    known = old | {"processor": "P", "runs_made": 0}
    assert rehearsal.told(known) == "on a machine with 2 cores (P), where the chapters' runs were there before"
    assert rehearsal.told(known | {"runs_made": 1}).endswith("(P), with 1 run that had to be made on the way")
    assert rehearsal.told(known | {"runs_made": 2}).endswith("(P), with 2 runs that had to be made on the way")


def test_nothing_measured_is_no_seconds(tmp_path: Path):
    assert rehearsal.measured(tmp_path / "none.json") == {"seconds": {}}


def test_the_committed_rehearsal_is_of_the_plan_and_each_slide_ran_within_its_minutes():
    seconds = rehearsal.measured()["seconds"]
    slides = {slide.name: slide for slide in read_plan().slides}
    assert seconds.keys() <= slides.keys()
    assert {name for name, slide in slides.items() if slide.live} <= seconds.keys()
    for name, value in seconds.items():
        assert value <= 60 * slides[name].minutes, name


@pytest.mark.parametrize("slide", ["loss", "figure"])
def test_what_is_only_run_counts_to_the_slide_that_comes_next(slide: str):
    lecture = to_run(compose(plan(), notebooks()))
    by_source = {cell.source: at for cell, at in zip(lecture.cells, rehearsal._slides(lecture), strict=True)}
    assert by_source["x = 1"] == "loss"
    assert slide in by_source.values()


@pytest.mark.parametrize("given", [[], ["one.ipynb", "two.ipynb"]])
def test_it_takes_one_lecture(given: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        rehearsal.main(given)
    assert "LECTURE.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.ipynb", None, "no such notebook"),
        ("n.md", "no notebook\n", "belongs to no slide"),
        ("n.ipynb", "no notebook\n", "cannot be read as a notebook"),
        ("n.py", "# %%\n1\n", "belongs to no slide: must be the notebook that `make deck` writes"),
    ],
)
def test_what_is_no_lecture_is_refused(name: str, content: str | None, said: str, tmp_path: Path, capsys):
    if content is not None:
        (tmp_path / name).write_text(content)
    assert rehearsal.main([str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
