"""A row names all that its runs change."""

import json

import pytest

from mnemonics_lib.edition.search.changes import NAMED, changes, full_name, unnamed
from mnemonics_lib.edition.search.runs import FILE
from mnemonics_lib.paths import RECORDS


def run(tried, x=None, budget=20, **fields):
    return {"tried": tried, "budget": budget, "set": {key.replace("__", "."): of for key, of in fields.items()}} | {
        "x": x or {}
    }


def test_only_what_differs_from_the_settings_at_first_is_a_change():
    assert changes(run("a", exemplar_level__alpha=0.05, exemplar_level__beta=0.003, budget=20)) == {}
    assert changes(run("a", {"anchor": 0, "half": False, "starts": None})) == {}
    assert changes(run("a", {"half": True}, exemplar_level__alpha=0.02)) == {"exemplar_level.alpha": 0.02, "half": True}


def test_each_field_of_labels_is_a_change():
    found = changes(run("a", {"labels": {"from": "own", "lr": 0, "replay": True}}))
    assert found == {"labels.from": "own", "labels.replay": True}


def test_a_budget_is_a_change_where_it_is_not_that_of_the_row():
    other = {"tried": "herding's exemplars", "budget": 20, "set": {"budget": 40}, "x": {}}
    assert changes(other) == {"budget": 40}
    assert unnamed(other) == ["40 a class"]
    assert unnamed(other | {"tried": "herding's exemplars, 40 a class"}) == []


def test_a_second_change_is_named_and_one_that_the_name_tells_is_not():
    frozen = "convolutions frozen before E_0 is trained"
    assert unnamed(run("Eq. 4b", {"transfer_first": True}, exemplar_level__objective="eq4b")) == [frozen]
    assert unnamed(run(f"Eq. 4b, {frozen}", {"transfer_first": True}, exemplar_level__objective="eq4b")) == []


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("10 inner steps at a rate of 0.1 with momentum", []),
        ("10 inner steps with momentum", ["inner steps at a rate of 0.1"]),
        ("10 inner steps at a rate of 0.12", ["inner steps at a rate of 0.1", "with momentum"]),
        ("110 inner steps at a rate of 0.1 with momentum", ["10 inner steps"]),
    ],
)
def test_a_name_tells_a_number_only_if_it_is_the_whole_one(name, added):
    loop = {f"exemplar_level__{key}": of for key, of in [("inner_steps", 10), ("alpha", 0.1), ("inner_momentum", 0.9)]}
    assert unnamed(run(name, **loop)) == added


def test_the_far_loop_stands_for_its_settings_and_for_no_others():
    loop = {"exemplar_level__inner_steps": 80, "exemplar_level__inner_momentum": 0.9, "exemplar_level__truncate": 10}
    assert unnamed(run("far loop", **loop)) == []
    assert unnamed(run("Eq. 7", **loop)) == ["80 inner steps", "with momentum", "10 of them differentiated"]
    assert unnamed(run("far loop", **loop | {"exemplar_level__inner_steps": 40})) == ["40 inner steps"]


def test_one_change_of_several_fields_is_told_in_one():
    started = run("from networks trained on half", {"forget": {"lr": 0.02, "steps": 20}})
    assert unnamed(started) == ["on half of the classes for 20 steps at a rate of 0.02"]


def test_a_change_without_words_is_not_hidden():
    assert unnamed(run("a", {"new_flag": 3})) == ["`new_flag = 3`"]
    assert unnamed(run("a", exemplar_level__objective="other")) == ["`exemplar_level.objective = other`"]


def test_what_some_runs_of_a_row_alone_change_is_said_so():
    plain, half = run("a"), run("a", {"half": True})
    assert full_name([half, half]) == "a, half of the exemplars of each class"
    assert full_name([plain, half]) == "a, half of the exemplars of each class (in some of its runs)"
    assert full_name([plain]) == "a"


def test_every_change_of_the_record_has_words():
    for each in json.loads((RECORDS / FILE).read_text(encoding="utf-8"))["runs"]:
        for key, value in changes(each).items():
            assert key in NAMED or f"{key}={value}" in NAMED
