"""Exercises of a notebook as the book shows them."""

import json
from types import SimpleNamespace

from tests.extensions import extension

boxes = extension("exercise_boxes")

TEXT = "### Exercise 2.1: which way\n\nWork out $p$.\n"


def read(page: str, cells: list[dict], suffix: str = ".ipynb") -> list[dict]:
    """The cells of a page after the book has read it."""
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: name + suffix))
    source = [json.dumps({"cells": cells})]
    boxes.box_exercises(app, page, source)
    return json.loads(source[0])["cells"]


def cell(source: list[str], *tags: str) -> dict:
    return {"source": source, "metadata": {"tags": list(tags)}}


def test_an_exercise_becomes_a_box_with_a_label_of_its_page():
    (made,) = read("executed/quick/digits-n5/02_global_bop", [cell(TEXT.splitlines(keepends=True), "exercise")])
    assert made["source"] == (
        "````{exercise} which way\n:label: exercise-executed-quick-digits-n5-02-global-bop-2-1\n\nWork out $p$.\n````"
    )


def test_a_solution_says_what_its_fold_holds():
    (made,) = read("page", [cell(["x = 1"], "solution", "hide-input")])
    assert made["source"] == ["x = 1"]
    assert made["metadata"]["mystnb"]["code_prompt_show"] == "Show the solution"


def test_other_cells_and_pages_stay_as_they_are():
    others = [cell([TEXT]), cell(["No heading"], "exercise")]
    assert [made["source"] for made in read("page", others)] == [[TEXT], "No heading"]
    assert read("page", [cell([TEXT], "exercise")], ".md") == [cell([TEXT], "exercise")]
