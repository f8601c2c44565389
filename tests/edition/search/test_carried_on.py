"""Ideas of the search that studies ask about: what came of them, and how much is there of what is not finished."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.paired.intervals import interval
from mnemonics_lib.edition.search import carried_on
from mnemonics_lib.edition.search.carried_on import ASKED_ELSEWHERE, CARRIED_ON, Asked, came_of, left
from mnemonics_lib.edition.search.ideas import IDEAS
from mnemonics_lib.edition.search.runs import NEAR
from mnemonics_lib.edition.search.table import named_ahead
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file

AHEAD, OTHER = "Eq. 7, judged on augmented batches", "Eq. 7, the exemplars of phase 0 alone"


def comparison(verdicts: list[float]) -> Any:
    return SimpleNamespace(field="average_accuracy", level=0.95, difference=interval(verdicts))


def study(made: int) -> Any:
    """Of 40 runs, in which training gains, as far as all are there."""
    asks = SimpleNamespace(compare=[SimpleNamespace(level=0.95)])
    of = SimpleNamespace(runs=[0] * 40, missing=[0] * (40 - made), study=asks)
    compared = [("lwf-augmented", "lwf-herding", comparison([1.0, 1.1, 0.9]))]
    return SimpleNamespace(plan=of, compared=compared, missing=made < 40)


@pytest.fixture
def studies(monkeypatch):
    """The fourth question is answered, the others are not."""
    made = {"evidence/augmented_judge": 40, "evidence/augmented_20": 2}
    monkeypatch.setattr(carried_on, "studied", lambda name: study(made.get(name, 0)))


@pytest.fixture
def records(tmp_path):
    def run(tried: str, method: str, accuracy: float, **x: Any) -> dict[str, Any]:
        fields = {"tried": tried, "method": method, "control": "herding", "budget": 5, "held_out": 0.2, "seed": 100}
        given = {"exemplar_level.val_augment": True} if tried == AHEAD else {}
        return {**fields, "accuracy": [accuracy], "own_loss": [], "set": given, "x": {}, **x}

    runs = [
        run(tried, method, accuracy, **more)
        for method in ("lucir", "lwf")
        for tried, accuracy, more in (
            (NEAR, 50.0, {}),
            (AHEAD, 51.0, {"script": "later.py"}),
            (OTHER, 52.0, {"script": "later.py", "x": {"only": "first"}}),
        )
    ]
    (tmp_path / "search.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    return tmp_path


def test_what_is_ahead_is_told_with_what_came_of_it(studies, records):
    assert named_ahead(5, records) == [AHEAD, OTHER]
    first, augmented, other = came_of(5, records).replace("\n\n", "\n").split("\n")
    assert first.startswith("Of 2 that were tried with both methods")
    assert augmented.startswith(
        f"- *{AHEAD}*, on other classes: LUCIR and LwF, 5 a class, against herding's exemplars, "
    )
    assert "asked in advance (`evidence/augmented_judge`): worse in none, better in 1 (LwF: augmented" in augmented
    assert "(`evidence/augmented_others`): not finished, 0 of 40 runs; " in augmented
    assert augmented.endswith("20 a class, against herding's exemplars, asked in advance (`evidence/augmented_20`): "
                              "not finished, 2 of 40 runs.")  # fmt: skip
    assert other == f"- *{OTHER}*, on other classes: no study of the book asks for it."


def test_an_idea_that_was_not_tried_is_told_with_the_study_that_asks_for_it(studies, records):
    ideas = left(20, of_20(records))
    assert "a judge on augmented batches (asked on other classes: `evidence/augmented_20`, 2 of 40 runs)" in ideas
    assert "steps that become smaller" in ideas
    assert not any("judge on augmented" in idea for idea in left(5, records))


def of_20(records: Any) -> Any:
    """The same, and a run with 20 a class that has no idea."""
    found = json.loads((records / "search.json").read_text(encoding="utf-8"))
    found["runs"].append({**found["runs"][0], "budget": 20})
    (records / "search.json").write_text(json.dumps(found), encoding="utf-8")
    return records


@pytest.mark.parametrize("asked", [each for of in CARRIED_ON.values() for each in of], ids=lambda asked: asked.study)
def test_of_the_project_studies_have_the_arms_and_numbers_that_are_named(asked: Asked):
    found = plan(study_file(asked.study))
    methods, _, budget = asked.of.partition(", ")
    assert {NAMES[run.config.method] for run in found.runs} == {*methods.split(" and ")}
    assert {f"{run.config.budget} a class" for run in found.runs} == {budget}
    arms = {run.arm.partition("-")[2] for run in found.runs}
    assert {asked.arm.rstrip("$"), asked.minus.rstrip("$")} <= arms


def test_of_the_project_every_idea_has_a_name_of_the_search():
    assert {idea for idea, _ in ASKED_ELSEWHERE} <= IDEAS.keys()
    assert CARRIED_ON.keys() <= {*named_ahead(5), *named_ahead(20)}
