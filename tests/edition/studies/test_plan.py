"""The runs of a study: their configurations, where their records are, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnemonics_lib.config import ConfigError, load_config, override, write_yaml
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.records import write_record
from mnemonics_lib.edition.studies.plan import Plan, check_present, plan, words
from mnemonics_lib.kept.file import Kept, write_kept
from tests.made_records import made

VALUES = {
    "title": "t",
    "params": "quick/digits-n5",
    "seeds": 2,
    "set": {"training.epochs": 1, "exemplars": "random"},
    "arms": {"a": {}, "b": {"preset": "icarl", "seeds": [4], "set": {"exemplars": "herding"}}},
}


@pytest.fixture
def planned(tmp_path):
    def make(**changes) -> Plan:
        path = tmp_path / "own" / "study.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(write_yaml(VALUES | changes))
        return plan(path)

    return make


def test_a_run_is_what_the_command_line_would_make_of_its_arguments(planned):
    found = planned(grid={"budget": [2, 3]}, slices=[[0, 4], [4, 10]], set={"phases": 1, "exemplars": "random"})
    assert [(run.arm, run.seed) for run in found.runs] == [
        *[("budget=2-a", 0), ("budget=2-a", 1), ("budget=2-b", 4)],
        *[("budget=3-a", 0), ("budget=3-a", 1), ("budget=3-b", 4)],
    ]
    for run in found.runs:
        params, *rest = run.arguments
        preset = rest[1] if rest[0] == "--preset" else None
        settings = rest[rest.index("--set") + 1 :]
        assert run.config == load_config(params, settings, preset)
    first, second, third = (run.config for run in found.runs[:3])
    assert (first.method, first.exemplars, first.classes, first.seed) == ("lwf", "random", [0, 4], 0)
    assert second.classes == [4, 10]
    assert (third.method, third.exemplars, third.seed, third.classes) == ("icarl", "herding", 4, [0, 4])


def test_an_arm_s_word_counts_before_the_grid_s_and_that_before_the_study_s(planned):
    sections = {"network": {"depth": 14}, "training": {"epochs": 5, "milestones": []}}
    found = planned(set={"training.epochs": 1, "budget": 2}, arms={"a": {"set": sections}, "b": {}}, seeds=[0])
    a, b = (run.config for run in found.runs)
    assert (a.training.epochs, a.network.depth, a.network.width, a.budget) == (5, 14, 8, 2)
    assert b.training.epochs == 1
    assert [run.config.budget for run in planned(set={"budget": 2}, grid={"budget": [3]}).runs] == [3, 3, 3]


def test_an_arm_s_own_preset_and_what_it_keeps_count_before_the_study_s(planned):
    own = {"preset": "icarl", "keep": {"classes": 2}}
    found = planned(preset="lucir", keep={"classes": 1}, seeds=[0], arms={"a": {}, "b": own}).runs
    assert [run.config.method for run in found] == ["lucir", "icarl"]
    assert [run.keep and run.keep.classes for run in found] == [1, 2]


def test_parameter_files_and_presets_may_be_axes(planned):
    axes = {"params": ["quick/digits-n1", "quick/digits-n5"], "preset": ["lwf", "bic"]}
    values = {"title": "t", "seeds": 1, "arms": {"a": {}}}
    path = planned().path
    path.write_text(write_yaml(values | {"grid": axes}))
    assert [(run.arm, run.config.phases, run.config.method) for run in plan(path).runs] == [
        ("quick_digits-n1-lwf-a", 1, "lwf"),
        ("quick_digits-n1-bic-a", 1, "bic"),
        ("quick_digits-n5-lwf-a", 5, "lwf"),
        ("quick_digits-n5-bic-a", 5, "bic"),
    ]


def test_a_record_is_in_the_folder_of_its_arm_and_what_is_kept_beside_it(planned, monkeypatch, tmp_path):
    found = planned(arms={"a": {}, "b": {"keep": {"classes": 2}}})
    first, kept = found.runs[0], found.runs[2]
    assert first.files == [found.path.with_suffix("") / "a" / "seed-0.json"]
    assert kept.files == [found.path.with_suffix("") / "b" / f"seed-0.{end}" for end in ("json", "safetensors")]
    assert kept.arguments[-2:] == ["--keep", "classes=2"]
    assert found.name == "own/study"
    monkeypatch.chdir(tmp_path)
    assert planned().runs[0].record == Path("own", "study", "a", "seed-0.json")


def test_a_run_is_missing_until_all_that_it_leaves_is_there(planned):
    found = planned(seeds=1, arms={"b": {"keep": {"classes": 2}}})
    (run,) = found.missing
    run.record.parent.mkdir(parents=True)
    run.record.touch()
    assert found.missing == [run]
    run.files[1].touch()
    assert found.missing == []


def test_the_first_run_that_keeps_something_leads_and_without_one_none_does(planned):
    found = planned(arms={"a": {}, "b": {"keep": {"classes": 1}, "seeds": [4, 5]}, "c": {"keep": {"classes": 2}}})
    assert (found.leading.arm, found.leading.seed) == ("b", 4)
    bare = planned()
    with pytest.raises(ConfigError, match=f"^{bare.path}: no arm keeps anything"):
        bare.leading  # noqa: B018  # asking is what is tested


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"params": "quick/digits-n3"}, "a: quick/digits-n3: no such file"),
        ({"params": 3}, "params = 3: "),
        ({"set": {"budgett": 3}}, "budgett = 3: unknown key (did you mean budget?)"),
        ({"set": {"budget": "many"}}, "budget = 'many': "),
        ({"arms": {"x": {"preset": "lwff"}}}, "x: preset = 'lwff': must be one of "),
        ({"slices": [[0, 11]]}, "classes = [0, 11]: "),
        ({"compare": [{"arm": "a", "minus": "b", "field": "nope"}]}, "compare.0.field: "),
        ({"keep": {"phases": [9]}}, "keep.phases = [9]: must be 0 to 5"),
        ({"arms": {"x": {"preset": "joint"}}, "set": {}, "keep": {}}, "keep: exemplars = 'none'"),
    ],
)
def test_what_is_refused_is_told_with_the_arm_once_for_all_seeds(planned, changes, said):
    with pytest.raises(ConfigError) as raised:
        planned(**changes)
    assert said in str(raised.value)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(set(lines))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}(\.[a-z_]{1,8})?", fullmatch=True),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]))
        | st.lists(st.integers(), max_size=3),
        max_size=4,
    ).filter(lambda values: not {key.partition(".")[0] for key in values if "." in key} & values.keys())
)  # fmt: skip
@example({"profile": "true"})  # which YAML reads as something else, where it stands alone
def test_words_of_the_command_line_say_what_the_settings_said(settings):
    assert override({}, words(settings)) == override({}, settings)


def test_a_record_of_other_settings_than_the_study_s_is_refused_and_one_of_the_same_is_not(planned):
    changes = {"set": {}, "seeds": 1, "arms": {"a": {"set": {"exemplars": "herding"}}}}
    found = planned(**changes)
    write_record(found.runs[0].record, made(0))
    check_present([found])
    other = planned(**changes | {"set": {"budget": 1}})
    with pytest.raises(ConfigError) as raised:
        check_present([other])
    assert str(raised.value) == (
        f"{found.runs[0].record}: budget = 2 and 1, which own/study says of a: must be equal; delete the record "
        "to make it again, or give the arm another name"
    )


def test_a_record_of_another_seed_than_its_file_s_is_refused(planned):
    """Though seeds are no setting in which the runs of an arm must agree."""
    found = planned(set={}, seeds=2, arms={"a": {"set": {"exemplars": "herding"}}})
    for run in found.runs:
        write_record(run.record, made(run.seed))
    check_present([found])
    write_record(found.runs[1].record, made(0))
    with pytest.raises(ConfigError) as raised:
        check_present([found])
    assert str(raised.value) == (
        f"{found.runs[1].record}: seed = 0: must be 1, as its name says; delete the record to make it again, or give "
        "the file its right name"
    )


def test_what_is_kept_of_another_run_or_of_something_else_is_refused(planned):
    found = planned(set={}, seeds=1, arms={"a": {"set": {"exemplars": "herding"}, "keep": {"classes": 2}}})
    (run,), record = found.runs, made(0)
    write_record(run.record, record)
    assert record.identity
    assert run.keep
    write_kept(run.files[1], Kept(record.identity, run.keep))
    check_present([found])
    another = record.identity.model_copy(update={"data": "e"})
    for kept in (Kept(another, run.keep), Kept(record.identity, Keep(classes=1))):
        write_kept(run.files[1], kept)
        with pytest.raises(
            ConfigError, match=r"^\S+seed-0.safetensors: of another run than seed-0.json, or keeps some"
        ):
            check_present([found])
