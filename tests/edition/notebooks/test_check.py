"""What a notebook is given, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnemonics_lib.edition.notebooks.check import check_all, check_parameters
from mnemonics_lib.edition.parameters import ParameterError
from mnemonics_lib.paths import PARAMS
from tests.edition.notebooks.made import RESOLVE, notebook


def test_injects_the_path_of_a_file_as_the_notebook_sees_it(params):
    source = notebook(Path("notebooks/n.py"))
    assert check_parameters(source, params) == {"seed": 7, "params": "../params/tiny.yaml"}


def test_injects_the_names_of_a_file_of_the_project(params):
    named = check_parameters(notebook(Path("n.py")), PARAMS / "small" / "cifar100-n10.yaml")
    assert named == {"dataset": "cifar100", "phases": 10, "profile": "small", "seed": 0}


def test_injects_settings(params):
    source, file = notebook(Path("n.py")), PARAMS / "quick" / "digits-n5.yaml"
    given = check_parameters(source, file, ["seed=3", "training.epochs=2"])
    assert given == {"dataset": "digits", "phases": 5, "profile": "quick", "seed": 3} | {
        "overrides": {"training": {"epochs": 2}}
    }


def test_a_setting_that_leaves_the_project_s_names_takes_the_file_by_its_path(params):
    given = check_parameters(notebook(Path("n.py")), PARAMS / "quick" / "digits-n5.yaml", ["phases=1"])
    assert given["overrides"] == {"phases": 1}
    assert Path(given["params"]).resolve() == PARAMS / "quick" / "digits-n5.yaml"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sead: 1", ["tiny.yaml", "sead = 1", "did you mean seed"]),
        ("seed: '1'", ["tiny.yaml", "seed = '1'", "integer"]),
        ("seed: -1", ["tiny.yaml", "seed = -1", "greater than or equal to 0"]),
        ("method: lwff", ["tiny.yaml", "method = 'lwff'", "must be one of lwf, icarl, bic, lucir"]),
        ("phases: 3", ["tiny.yaml", "phases = 3"]),
    ],
)
def test_names_file_field_value_and_what_is_allowed(params, line, said):
    params.write_text(line)
    with pytest.raises(ParameterError) as raised:
        check_parameters(notebook(Path("n.py")), params)
    assert all(words in str(raised.value) for words in said), str(raised.value)


def test_refuses_what_the_notebook_itself_refuses(params):
    source = notebook(Path("n.py"), resolve=RESOLVE.replace("'n'", "'n', [{'adjust': 9}]"))
    with pytest.raises(ParameterError, match=r"params/tiny\.yaml: n runs it with adjust = 9 too, which is refused"):
        check_parameters(source, params)


def test_refuses_a_file_for_a_notebook_that_would_not_read_it(params):
    with pytest.raises(
        ParameterError, match=r"n\.py: has no cell tagged 'parameters', so that params/tiny\.yaml would"
    ):
        check_parameters(notebook(Path("n.py"), resolve=""), params)


def test_a_notebook_that_is_not_there_or_is_none_is_named_with_every_other_problem(params):
    Path("merged.ipynb").write_text("{\n<<<<<<< HEAD\n")
    notebook(Path("merged.py"))
    with pytest.raises(ParameterError) as raised:
        check_all([Path("none.py"), Path("merged.py")], [params])
    said = str(raised.value)
    assert f"none.py: no such notebook, seen from {Path.cwd()}" in said
    assert "merged.ipynb: cannot be read as a notebook: " in said


def test_a_mistake_in_the_cells_that_resolve_is_the_notebook_s(params):
    source = notebook(Path("n.py"), resolve=RESOLVE.replace("config =", "config = undefined and"))
    with pytest.raises(ParameterError, match=r"n\.py: its parameter cells fail: NameError: name 'undefined'"):
        check_parameters(source, params)


def test_runs_two_cells_and_no_more(params):
    check_parameters(notebook(Path("n.py"), "open('ran', 'w')"), params)
    assert not Path("ran").exists()


def test_says_everything_at_once(params):
    other = Path("params/other.yaml")
    params.write_text("sead: 1")
    other.write_text("seed: x")
    with pytest.raises(ParameterError, match=r"(?s)sead.*\n.*other\.yaml.*seed = 'x'"):
        check_all([notebook(Path("a.py")), notebook(Path("b.py"))], [params, other])
