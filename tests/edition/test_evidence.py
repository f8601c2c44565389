"""The plan of records, read as strictly as a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnemonics_lib.config import ConfigError, write_yaml
from mnemonics_lib.edition.evidence import ARM, Arm, check_plan, read_plan, unusable
from mnemonics_lib.paths import PARAMS


@pytest.fixture
def plan(tmp_path):
    """Writes a plan and reads it."""
    path = tmp_path / "evidence.yaml"

    def read(values):
        path.write_text(write_yaml(values))
        return read_plan(path)

    return read


def refusal(plan, values) -> str:
    with pytest.raises(ConfigError) as raised:
        check_plan(plan(values), "quick", source=Path("evidence.yaml"))
    return str(raised.value)


def test_an_arm_has_seeds_and_may_have_a_preset_and_settings(plan):
    arms = plan({"quick": {"digits-n5": {"a": {"seeds": 2}, "b": {"seeds": 1, "preset": "lwf", "set": ["budget=4"]}}}})
    assert arms == {"quick": {"digits-n5": {"a": Arm(seeds=2), "b": Arm(seeds=1, preset="lwf", set=["budget=4"])}}}
    first, second = arms["quick"]["digits-n5"].values()
    assert (first.preset_arguments(), first.settings(1)) == ([], ["seed=1"])
    assert (second.preset_arguments(), second.settings(0)) == (["--preset", "lwf"], ["budget=4", "seed=0"])
    check_plan(arms, "quick")
    check_plan(arms, "small")  # of which nothing is asked for


@pytest.mark.parametrize("name", ["", ".", "..", "-x", ".x", "a b", "a/b", "{x}", "a'b", "a\nb", "a\n", "ä", "a$b"])
def test_a_name_that_is_no_folder_of_records_is_refused(plan, name):
    assert f"quick.digits-n5.{name}: arm = {name!r}: must be letters" in refusal(
        plan, {"quick": {"digits-n5": {name: {"seeds": 1}}}}
    )


@given(st.from_regex(ARM, fullmatch=True))
def test_any_other_is_one_folder(name):
    assert Path("records", name).name == name
    assert Path("records", name).parent == Path("records")


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        (3, "must be a mapping of field names to values, not 3"),
        ({}, "seeds = {}: field required"),
        ({"seeds": 0}, "seeds = 0: "),
        ({"seeds": "2"}, "seeds = '2': "),
        ({"seeds": 1, "set": "budget=2"}, "set = 'budget=2': "),
        ({"seeds": 1, "set": [3]}, "set.0 = 3: "),
        ({"seeds": 1, "sets": []}, "sets = []: unknown key (did you mean set?)"),
        ({"seeds": 1, "preset": "lwff"}, "preset = 'lwff'"),
        ({"seeds": 1, "set": ["budget"]}, "override 'budget': must be KEY=VALUE"),
        ({"seeds": 1, "set": ["--out=/"]}, "--out = '/': unknown key"),
        ({"seeds": 1, "set": [""]}, "override '': must be KEY=VALUE"),
        ({"seeds": 1, "set": ["budget=many"]}, "budget = 'many': "),
        ({"seeds": 1, "set": ["seed=4"]}, "set = ['seed=4']: must not set the seed"),
    ],
)
def test_what_is_wrong_with_an_arm_is_told_with_its_place(plan, arm, said):
    found = refusal(plan, {"quick": {"digits-n5": {"a": arm}}})
    assert "evidence.yaml: quick.digits-n5.a: " in found
    assert said in found


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "evidence.yaml: must be a mapping of names, not []"),
        ({"quick": None}, "evidence.yaml: quick: must be a mapping of names, not None"),
        ({"quick": {"digits-n5": [1]}}, "evidence.yaml: quick.digits-n5: must be a mapping of names, not [1]"),
        ({"quick": {5: {}}}, "evidence.yaml: quick: 5: must be a name"),
    ],
)
def test_what_is_not_of_the_form_is_told_with_its_place(plan, values, said):
    assert said in refusal(plan, values)


def test_a_parameter_file_that_is_not_there_is_told_with_those_that_are(plan):
    said = refusal(plan, {"quick": {"digits-n3": {"a": {"seeds": 1}}}})
    assert f"quick.digits-n3: no such parameter file as {PARAMS / 'quick' / 'digits-n3.yaml'}" in said
    assert said.endswith("there are digits-n1, digits-n5")


def test_everything_is_told_at_once(plan):
    said = refusal(plan, {"quick": {"digits-n5": {"a b": {"seeds": 0}, "c": {"seeds": 1, "set": 3}}}})
    assert [line.split(": ")[2].split(" = ")[0] for line in said.splitlines()] == ["arm", "seeds", "set"]


def test_names_that_a_shell_would_read_are_usable_and_those_that_snakemake_would_are_not():
    assert unusable([Path("a b/c'd\"$(e);`*.yaml")]) is None
    assert unusable(map(Path, ["a", "{b}", "c\td"])) == (
        "'{b}': a name must not have braces or control characters\n"
        "'c\\td': a name must not have braces or control characters"
    )
