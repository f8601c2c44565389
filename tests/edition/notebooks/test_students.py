"""Exercises: every solution passes its check, no blank does, and a student copy gives nothing away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from mnemonics_lib import losses
from mnemonics_lib.config import read_yaml
from mnemonics_lib.edition.book.contents import chapters
from mnemonics_lib.edition.notebooks import students
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.notebooks.students import Exercise
from mnemonics_lib.edition.paired.intervals import interval, paired
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.paths import ROOT

NOTEBOOKS = students.sources()
ALL = [(path.stem, each) for path in NOTEBOOKS for each in students.exercises(read_notebook(path))]
IDS = [each.title.partition(":")[0] for _, each in ALL]


def run(exercise: Exercise, solution: str) -> None:
    """A solution and the check, with what every notebook has imported."""
    names: dict[str, Any] = {"torch": torch, "np": np, "losses": losses, "interval": interval, "paired": paired}
    for source in (solution, exercise.check):
        exec(compile(source, exercise.title, "exec"), names)


@pytest.mark.parametrize(("stem", "exercise"), ALL, ids=IDS)
def test_a_solution_passes_its_check(stem: str, exercise: Exercise):
    run(exercise, exercise.solution)


@pytest.mark.parametrize(("stem", "exercise"), ALL, ids=IDS)
def test_a_blank_does_not(stem: str, exercise: Exercise):
    with pytest.raises(NotImplementedError):
        run(exercise, students.blank(exercise.solution))


@pytest.mark.parametrize(("stem", "exercise"), ALL, ids=IDS)
def test_a_wrong_answer_does_not(stem: str, exercise: Exercise):
    """Twice the right number, or the right list the other way round."""
    (name,) = [line.split("(")[0].removeprefix("def ") for line in exercise.solution.splitlines() if line[:4] == "def "]

    def wrong(value: Any) -> Any:
        if isinstance(value, list):
            return value[::-1]
        return tuple(map(wrong, value)) if isinstance(value, tuple) else 2 * value + 1

    names: dict[str, Any] = {"torch": torch, "np": np, "losses": losses, "interval": interval, "paired": paired}
    exec(exercise.solution, names)
    right = names[name]
    names[name] = lambda *args, **named: wrong(right(*args, **named))
    with pytest.raises((AssertionError, IndexError)):
        exec(exercise.check, names)


SLIPS = [  # what is easily forgotten, as a change of the solution's text
    ("1.1", "p_hat / tau", "p_hat"),
    ("1.2", "distance[chosen] = torch.inf", "pass"),  # a vector is picked twice
    ("1.2", "int(distance.argmin())", "len(distance) - 1 - int(distance.flip(0).argmin())"),  # the last of two
    ("1.2", "sums / (len(chosen) + 1)", "features"),  # each by itself is near the mean
    ("1.3", "argmax", "argmin"),
    ("2.1", "/ tau\n", "\n"),
    ("2.2", "(K * b + M * n)", "(M * n)"),
    ("2.3", "total // each", "round(total / each)"),
    ("3.1", "(d - r * theta_0) / (1 - r)", "d"),  # the mean of the data
    ("3.2", "v = v - alpha * H @ v", "v = v - alpha * v"),
    ("3.3", "(4 * central(epsilon / 2) - central(epsilon)) / 3", "central(epsilon / 2)"),
    ("3.3", "(4 * central(epsilon / 2) - central(epsilon)) / 3", "2 * central(epsilon / 2) - central(epsilon)"),
    ("3.4", "(1 - alpha) ** k", "(1 - alpha) ** (T - k)"),
    ("4.1", "ddof=1", "ddof=0"),
    ("4.2", "(1 - rho)", "(1 - rho**2)"),
    ("4.3", "1 - (1 - together) / count", "together ** (1 / count)"),
    ("5.1", "pi.scatter(1, labels[:, None], 0.0)", "pi"),  # the best of all
    ("5.2", "points.mean(dim=0)", "0 * point"),  # from the origin
    ("5.2", "dim=1) <", "dim=1) <="),  # the point itself counts as nearer
    ("5.3", "points - points.mean(dim=0)", "points"),
    ("8.1", "count * (1 - level)", "1 - level"),  # of one
    ("8.1", "1 - level**count", "min(1, count * (1 - level))"),  # the bound of Bonferroni
    ("12.1", "ddof=1", "ddof=0"),
    ("12.1", "2, freedom)", "2, len(one) + len(other) - 2)"),  # as if both were spread alike
    ("13.1", "torch.linalg.solve(H_D, g_D)", "g_D"),  # a gradient step
    ("13.1", "torch.linalg.solve(H_D, g_D)", "H_D @ g_D"),
    ("13.1", "0.5 * g_D @ s", "g_D @ s"),  # without what the curvature costs
    ("17.1", "-(-T // c)", "T // c"),  # the last stretch may be shorter
    ("17.1", " - 1", ""),  # the kept one of the stretch counts twice
    ("23.1", "one.keys() | other.keys()", "one"),  # what the other has alone
    ("23.1", 'f"{name}.{field}" for field in what_differs(a, b)', 'f"{name}.{k}" for k in a if a[k] != b.get(k)'),
]


@pytest.mark.parametrize(("number", "right", "wrong"), SLIPS, ids=[f"{number}: {slip}" for number, _, slip in SLIPS])
def test_a_slip_does_not_pass(number: str, right: str, wrong: str):
    (exercise,) = [each for _, each in ALL if each.title.startswith(f"Exercise {number}:")]
    assert right in exercise.solution
    with pytest.raises(AssertionError):
        run(exercise, exercise.solution.replace(right, wrong))


def test_every_part_has_exercises_numbered_by_its_chapter():
    assert len(ALL) >= 15
    parts: Any = read_yaml(ROOT / "book" / "_toc.yml")["parts"]
    with_exercises = {path.stem for path in NOTEBOOKS}
    for part in parts:
        files = {Path(chapter["file"]).name for chapter in part["chapters"]}
        assert files & with_exercises or part["caption"] == "Appendices", part["caption"]
    for path in NOTEBOOKS:
        number = chapters()[path.stem].number
        titles = [each.title for stem, each in ALL if stem == path.stem]
        assert titles
        expected = [f"Exercise {number}.{k}: " for k in range(1, len(titles) + 1)]
        assert [title[: len(start)] for title, start in zip(titles, expected, strict=True)] == expected


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_copy_has_the_same_cells_but_for_the_answers(path: Path, tmp_path: Path):
    source = read_notebook(path)
    if path.parent.name == "book":  # of whose copy the rest would need the records
        source = students.exercises_alone(source)
    (written,) = students.copies([path], tmp_path / "new" / "folder", book="pages")
    made = nbformat.read(written, as_version=4)
    nbformat.validate(made)
    assert len(made.cells) == len(source.cells)
    for old, new in zip(source.cells, made.cells, strict=True):
        if students.kind(old) == "solution":
            assert students.YOUR_TURN in new.source
            assert "hide-input" not in new.metadata.tags
        else:
            assert new.source == old.source.replace("](../book/", "](pages/")
    answers = [each.solution for stem, each in ALL if stem == path.stem]
    text = "\n".join(cell.source for cell in made.cells)
    for line in (line.strip() for answer in answers for line in answer.splitlines()):
        if line.startswith("return "):
            assert line not in text


def test_a_copy_leads_to_the_pages_of_the_project(tmp_path: Path):
    (path,) = (path for path in NOTEBOOKS if path.stem == "03_local_bop")
    (written,) = students.copies([path], tmp_path / "new")
    leads = re.findall(r"\]\((\S+/book/\w+\.py)\)", written.read_text(encoding="utf-8"))
    assert leads
    for lead in leads:
        assert (written.parent / lead).resolve().is_file()


SOLUTION = '''def area(a, b):
    """Of a rectangle."""
    c = a * b
    return c


def volume(a, b, c):
    return area(a, b) * c'''


def test_a_blank_keeps_names_arguments_and_docstrings():
    assert students.blank(SOLUTION) == (
        'def area(a, b):\n    """Of a rectangle."""\n    raise NotImplementedError  # your turn\n\n\n'
        "def volume(a, b, c):\n    raise NotImplementedError  # your turn"
    )


def test_a_solution_without_a_function_would_be_given_away():
    with pytest.raises(ParameterError, match="solution 'answer = 42': must hold a function"):
        students.blank("answer = 42")


def cell(tag: str, source: str, *more: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": [tag, *more]})


def test_an_exercise_without_a_check_is_an_error():
    notebook = nbformat.v4.new_notebook(cells=[cell("exercise", "### One\ntext"), cell("solution", "def f(): pass")])
    with pytest.raises(ParameterError, match="exercise at '### One': has cells exercise, solution: must be exercise, "):
        students.exercises(notebook)


@pytest.mark.parametrize("more", [(), ("minutes-",), ("minutes-5", "minutes-10")])
def test_an_exercise_that_does_not_say_how_long_it_takes_is_an_error(more: tuple[str, ...]):
    cells = [cell("exercise", "### One\ntext", *more), cell("solution", "def f(): pass"), cell("check", "f()")]
    with pytest.raises(ParameterError, match="exercise at '### One': must have one tag such as minutes-15"):
        students.exercises(nbformat.v4.new_notebook(cells=cells))


def test_the_command_says_what_it_wrote_and_what_it_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert students.main([str(NOTEBOOKS[0]), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / '01_preliminaries.ipynb'}\n"
    assert students.main([str(tmp_path / "none.py"), "--out", str(tmp_path)]) == 2
    assert "no such notebook" in capsys.readouterr().err


def test_without_names_there_is_a_copy_of_everything_with_exercises(tmp_path: Path):
    assert students.main(["--out", str(tmp_path)]) == 0
    assert {path.stem for path in tmp_path.glob("*.ipynb")} == {path.stem for path in NOTEBOOKS}


def test_of_a_page_a_copy_has_its_title_and_its_exercises():
    made = students.exercises_alone(read_notebook(ROOT / "book" / "why.py"))
    assert made.cells[0].source == "# What Eq. 7 rewards"
    assert [students.kind(cell) for cell in made.cells[1:]] == list(students.KINDS)


@pytest.mark.parametrize(
    ("solution", "said"),
    [("def f(:\n    pass", "is no Python: line 1"), ("", "solution '': must hold a function")],
)
def test_a_solution_that_is_no_function_is_named(solution: str, said: str):
    with pytest.raises(ParameterError, match=re.escape(said)):
        students.blank(solution)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ParameterError, match="out: is a file: must be a folder"):
        list(students.copies([], tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "mine"


def test_a_page_without_a_heading_has_one_in_its_copy():
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("no heading")])
    assert [cell.source for cell in students.exercises_alone(page).cells] == ["# Exercises"]
