"""A notebook run again says which page it is, and leaves out what its chapter has."""

from __future__ import annotations

import pytest

from mnemonics_lib.config import load_config
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.edition.book.contents import UnknownChapterError, chapters
from mnemonics_lib.edition.names import DATA, NAMES
from mnemonics_lib.edition.notebooks.again import LOSSES, ONCE, again, departures, execute_again, introduction
from mnemonics_lib.edition.notebooks.pairs import read_notebook
from mnemonics_lib.edition.notebooks.students import kind
from mnemonics_lib.paths import PARAMS, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.py"))
CIFAR = load_config(PARAMS / "small" / "cifar100-n5.yaml", ["budget=5"])


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_title_names_the_data_and_it_leads_to_its_chapter(source):
    notebook, chapter = read_notebook(source), chapters()[source.stem]
    made = again(notebook, CIFAR, chapter)
    before, (title, note, after) = notebook.cells[0].source, made.cells[0].source.split("\n\n", maxsplit=2)
    assert title == f"{before.splitlines()[0]} (CIFAR-100)"
    assert after == before.partition("\n\n")[2]
    assert f"[chapter {chapter.number}](/executed/quick/digits-n5/{source.stem}.ipynb)" in note
    assert "CIFAR-100, 20 classes at 16 × 16, $N = 5$, LUCIR with 5 exemplars a class" in note
    assert departures(CIFAR) in note


@pytest.mark.parametrize(("rule", "words"), [("per_class", "5 exemplars a class"), ("total", "400 exemplars in all")])
def test_a_budget_for_all_classes_together_is_told_as_one(rule, words):
    config = CIFAR.replace(budget_rule=rule, budget=int(words.split()[0]))
    assert f"LUCIR with {words}. " in introduction(config, chapters()["01_preliminaries"], "CIFAR-100")


def test_transfer_adjusting_and_a_loss_of_the_method_s_own_are_told():
    with_ours = CIFAR.replace(weight_transfer=True, adjust=2)
    assert "(weight transfer). Old exemplars are adjusted, in 2 parts (Eq. 10). LUCIR" in departures(with_ours)
    plain = CIFAR.replace(method="lwf", weight_transfer=False, adjust=0)
    assert departures(plain).endswith("(no weight transfer). Old exemplars are not adjusted.")


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_and_what_depends_on_no_parameter_are_left_to_the_chapter(source):
    notebook = read_notebook(source)
    before = [cell.source for cell in notebook.cells]
    made = again(notebook, CIFAR, chapters()[source.stem])
    left = [cell for cell in notebook.cells if kind(cell) or ONCE in cell.metadata.get("tags", [])]
    assert [cell.source for cell in notebook.cells] == before
    assert len(made.cells) == len(before) - len(left)
    assert not any("## Exercises" in cell.source or kind(cell) for cell in made.cells)
    assert not any('report.evidence("small"' in cell.source for cell in made.cells)


def test_a_loss_that_is_told_is_that_of_a_method():
    assert LOSSES.keys() < NAMES.keys()


def test_every_data_set_has_a_name():
    assert DATA.keys() == DATASETS.keys()


def test_a_notebook_that_is_no_chapter_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text("# %%\n1\n")
    with pytest.raises(UnknownChapterError, match="mine: is no chapter of the book: must be one of 01_prel"):
        execute_again(tmp_path / "mine.py", "shown/cifar100", tmp_path / "out.ipynb")
