"""A study's file, read as strictly as a configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import ConfigError, write_yaml
from mnemonics_lib.edition.studies import study as module
from mnemonics_lib.edition.studies.study import (
    NAME,
    Study,
    full_name,
    given_name,
    read_study,
    records_of,
    study_file,
    study_files,
)
from mnemonics_lib.paths import RECORDS, STUDIES

SEEDS = "must be a whole number from 1 to 100,000, or a list of different ones from 0 on"
NO_SEEDS: list[Any] = [0, 100_001, True, 2.0, "2", [], [1, 1], [0, -1], [True], [2**63], {}, [[0]]]

VALUES = {
    "title": "t",
    "params": "quick/digits-n5",
    "seeds": 2,
    "arms": {"a": {}, "b": {"seeds": [5, 3], "set": {"budget": 4}}},
}


def study(**changes) -> Study:
    return Study.model_validate(VALUES | changes)


def refusal(tmp_path, **changes) -> str:
    path = tmp_path / "study.yaml"
    path.write_text(write_yaml({name: value for name, value in (VALUES | changes).items() if value is not None}))
    with pytest.raises(ConfigError) as raised:
        read_study(path)
    return str(raised.value).removeprefix(f"{path}: ")


def test_seeds_are_a_number_or_a_list_and_an_arm_may_have_its_own():
    assert study().seeds_of("a") == [0, 1]
    assert study(seeds=[100, 7]).seeds_of("a") == [100, 7]
    assert study().seeds_of("b") == [5, 3]


def test_the_grid_is_every_combination_in_the_order_of_the_file():
    found = study(grid={"method": ["lwf", "lucir"], "budget": [5, 20]}, arms={"a": {}, "b": {}})
    assert list(found.cells()) == [
        {"method": "lwf", "budget": 5},
        {"method": "lwf", "budget": 20},
        {"method": "lucir", "budget": 5},
        {"method": "lucir", "budget": 20},
    ]
    names = [name for name, _, _ in found.members()]
    assert names[:3] == ["lwf-budget=5-a", "lwf-budget=5-b", "lwf-budget=20-a"]
    assert len(set(names)) == 8
    assert [name for name, _, _ in study().members()] == ["a", "b"]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ({"params": "small/cifar100-n5"}, "small_cifar100-n5-x"),
        ({"exemplar_level.beta": 0.003}, "beta=0.003-x"),
        ({"exemplar_level.clip": True}, "clip=true-x"),
        ({"classes": [20, 40]}, "classes=20_40-x"),
        ({"network": {"depth": 8, "width": 4}}, "network=_depth_8_width_4_-x"),
        ({}, "x"),
    ],
)
def test_a_cell_says_what_it_sets(cell, name):
    assert full_name(cell, "x") == name
    assert NAME.fullmatch(name)


def test_each_seed_has_its_slice():
    slices = [[20, 40], [40, 60], [60, 80]]
    found = study(slices=slices)
    assert [found.slice_of(seed) for seed in (0, 1, 2, 3, 100)] == [*slices, slices[0], slices[1]]
    assert study().slice_of(0) is None


@pytest.mark.parametrize("name", ["", ".", "..", "-x", ".x", "a b", "a/b", "{x}", "a'b", "a\nb", "a\n", "ä", "a$b"])
def test_a_name_that_is_no_folder_of_records_is_refused(tmp_path, name):
    told = refusal(tmp_path, arms={name: {}})
    assert told == f"arm = {name!r}: must be letters, digits and . _ + = -, a letter or digit first"


@given(st.from_regex(NAME, fullmatch=True))
def test_any_other_is_one_folder(name):
    assert Path("records", name).name == name
    assert Path("records", name).parent == Path("records")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": None}, "title is missing"),
        *(({"seeds": seeds}, f"seeds = {seeds!r}: {SEEDS}") for seeds in NO_SEEDS),
        ({"arms": {"a": {"seeds": 0}}}, f"arms.a.seeds = 0: {SEEDS}"),
        ({"arms": {}}, "arms = {}: "),
        ({"arms": {"a": {"sets": {}}}}, "arms.a.sets = {}: unknown key (did you mean set?)"),
        ({"arms": {"a": {"set": {"seed": 3}}}}, "seed = 3: must not be set; a study runs over its seeds"),
        ({"set": {"seed": 3}}, "seed = 3: must not be set; a study runs over its seeds"),
        ({"grid": {"seed": [3]}}, "grid.seed = [3]: must not be an axis; use seeds"),
        ({"grid": {"budget": []}}, "grid.budget = []: "),
        ({"grid": {"budget": [1, 2, 1]}}, "grid.budget = [1, 2, 1]: must have each value once, and has 1 twice"),
        ({"slices": [[0, 5], []]}, "slices.1 = []"),
        ({"slices": [[0, 5], [5, 7, 9]]}, "slices.1 = [5, 7, 9]"),
        ({"slices": [[0, 5]], "set": {"classes": [0, 2]}}, "slices = [[0, 5]]: must be empty where classes are set"),
        ({"slices": [[0, 5]], "grid": {"classes": [[0, 2]]}}, "slices = [[0, 5]]: must be empty where classes are set"),
        ({"params": None}, "params = None: must be given once, here or in the grid"),
        ({"grid": {"params": ["quick/digits-n5"]}}, "must be given once, here or in the grid"),
        ({"compare": [{"arm": "a", "minus": "c"}]}, "compare.0.minus = 'c': must be one of the arms, a, b"),
        ({"compare": [{"arm": "a", "minus": "a"}]}, "compare.0.minus = 'a': must be another arm"),
        ({"compare": [{"arm": "a", "minus": "b", "level": 1.0}]}, "compare.0.level = 1.0: "),
        ({"grid": {"method": ["a b", "a/b"]}}, "gives two arms the name 'a_b-a'"),
        ({"keep": {"classes": 9}}, "keep.classes = 9: "),
        ({"grid": {"budget": [2, 3]}}, "arms.b: sets budget, an axis of the grid"),
        (
            {"grid": {"network": [{"depth": 8}]}, "arms": {"a": {"set": {"network.depth": 14}}}},
            "sets network.depth, an axis",
        ),
        ({"grid": {"preset": ["lwf"]}, "arms": {"a": {"preset": "bic"}}}, "arms.a: sets preset, an axis of the grid"),
        ({"grids": {}}, "grids = {}: unknown key (did you mean grid?)"),
    ],
)
def test_what_is_wrong_with_it_is_told_with_its_place(tmp_path, changes, said):
    told = refusal(tmp_path, **changes)
    assert said in told
    assert not re.search(r"\[key\]|constrained|function-", told)  # of pydantic


def test_a_study_is_its_file_or_a_name_or_all_those_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text("")
    assert study_files(own) == [own]
    assert study_files("quick/digits-n5") == [STUDIES / "quick" / "digits-n5.yaml"]
    assert study_files("quick") == sorted((STUDIES / "quick").glob("*.yaml"))
    with pytest.raises(ConfigError, match=r"study = 'quik': no such file or study; there are .*quick/digits-n1, "):
        study_files("quik")
    (tmp_path / "own.yml").write_text("")
    with pytest.raises(ConfigError, match=r"own.yml': must end in .yaml"):
        study_files(tmp_path / "own.yml")
    with pytest.raises(ConfigError, match="no such file or study"):
        study_files("quick/digits")  # the beginning of a name is none


def test_a_hidden_file_is_no_study(tmp_path, monkeypatch):
    """Such as the one that macOS leaves beside a file that it copies, and those that JupyterLab keeps in a folder."""
    monkeypatch.setattr(module, "STUDIES", tmp_path)
    (tmp_path / "own" / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("one.yaml", "._one.yaml", ".ipynb_checkpoints/one-checkpoint.yaml"):
        (tmp_path / "own" / name).write_text("")
    assert study_files("own") == [tmp_path / "own" / "one.yaml"]


def test_one_study_is_not_the_name_of_several(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("")
    assert study_file(own) == own
    assert study_file("shown/cifar100") == STUDIES / "shown" / "cifar100.yaml"
    with pytest.raises(ConfigError) as raised:
        study_file("shown")
    assert str(raised.value) == "study = 'shown': must be one study; there are shown/cifar100, shown/scrubber"


def test_the_projects_records_are_in_the_book_and_others_beside_their_study(tmp_path):
    assert records_of(STUDIES / "quick" / "digits-n5.yaml") == RECORDS / "quick" / "digits-n5"
    assert records_of(tmp_path / "own.yaml") == tmp_path / "own"


def test_a_study_is_called_by_what_the_command_takes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text("")
    for study in (own, *study_files("quick")):
        assert study_files(given_name(study)) == [study]
    assert given_name(STUDIES / "quick" / "digits-n5.yaml") == "quick/digits-n5"
