"""One zip of a small project: what is in it, that it is the same each time, and what is refused."""

from __future__ import annotations

import re
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from mnemonics_lib.edition import dist
from mnemonics_lib.edition.dist import DistError
from mnemonics_lib.edition.notebooks.students import sources
from mnemonics_lib.paths import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's notebooks, a built book and slides of a line each, and an empty file for all else."""
    root = tmp_path / "project"
    for name in dist.FOLDERS:
        (root / name).mkdir(parents=True)
        (root / name / "file.txt").write_text(name)
    for path in (ROOT / "notebooks").glob("0*"):
        (root / "notebooks" / path.name).write_bytes(path.read_bytes())
    for name in dist.PROJECT:
        (root / name).write_text(name)
    (root / "book" / "toy.py").write_text("# a page")
    for page in sources():
        if page.parent.name == "book":
            shutil.copyfile(page, root / "book" / page.name)
    (root / "mnemonics_lib" / "__pycache__").mkdir()
    (root / "mnemonics_lib" / "__pycache__" / "x.pyc").write_text("")
    (root / dist.BOOK / "executed").mkdir(parents=True)
    (root / dist.BOOK / "index.html").write_text("<p>book</p>")
    (root / dist.BOOK / "executed" / "teaching.html").write_text("<p>teach</p>")
    (root / dist.BOOK / "executed" / "toy.html").write_text("<p>toy</p>")
    (root / dist.DECK).mkdir(parents=True)
    (root / dist.DECK / "lecture.ipynb").write_text("{}")
    (root / dist.DECK / "index.html").write_text('<a href="../../book/_build/html/executed/toy.html#a">toy</a>')
    return root


def packed(root: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert dist.main([], root) == 0, capsys.readouterr().err
    return Path(capsys.readouterr().out.split()[0])


def test_every_link_of_the_first_page_and_of_the_slides_leads_to_what_is_in_the_zip(project, tmp_path, capsys):
    path = packed(project, capsys)
    with zipfile.ZipFile(path) as made:
        made.extractall(tmp_path / "there")
    (folder,) = (tmp_path / "there").iterdir()
    assert folder.name == path.stem
    for page in (folder / "index.html", folder / "deck" / "index.html"):
        links = re.findall(r'(?:href|src)="([^"#]+)', page.read_text())
        assert links
        for link in links:
            assert (page.parent / link).exists(), link


def test_it_holds_notebooks_both_ways_and_copies_without_solutions(project, capsys):
    with zipfile.ZipFile(packed(project, capsys)) as made:
        names = {name.partition("/")[2] for name in made.namelist()}
        copy = made.read(next(name for name in made.namelist() if name.endswith("students/01_preliminaries.ipynb")))
    stems = [path.stem for path in (ROOT / "notebooks").glob("0*.py")]
    assert len(stems) == 5
    for stem in stems:
        assert {f"notebooks/{stem}.py", f"notebooks/{stem}.ipynb", f"students/{stem}.ipynb"} <= names
    assert b"your turn" in copy
    assert {"CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "book/toy.py"} <= names  # to which what is packed leads
    assert {"html/index.html", "deck/reveal/dist/reveal.js", "deck/mathjax/tex-svg.js", "params/file.txt"} <= names
    assert not any("__pycache__" in name for name in names)


def test_the_same_content_gives_the_same_bytes(project, capsys):
    first = packed(project, capsys).read_bytes()
    for path in project.rglob("*"):
        if path.is_file() and "dist" not in path.parts:
            path.touch()
    time.sleep(0.01)
    assert packed(project, capsys).read_bytes() == first
    with zipfile.ZipFile(packed(project, capsys)) as made:
        assert made.namelist() == sorted(made.namelist())
        assert {entry.date_time for entry in made.infolist()} == {dist.DATE}


@pytest.mark.parametrize(
    ("missing", "target"), [(dist.BOOK / "index.html", "make book"), (dist.DECK / "lecture.ipynb", "make deck")]
)
def test_what_was_not_made_is_named_with_its_target(project, missing, target, tmp_path, capsys):
    (project / missing).unlink()
    with pytest.raises(DistError, match=f"{missing}: not there; `{target}` makes it"):
        dist.stage(project, tmp_path / "empty", "1")
    assert dist.main([], project) == 2
    assert target in capsys.readouterr().err
    assert not (project / "build" / "dist").exists()
