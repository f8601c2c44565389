"""The seven parameters of a notebook, resolved as a notebook does it: from its variables."""

import subprocess
import sys

import pytest

from mnemonics_lib.config import RunConfig, load_config
from mnemonics_lib.config.shown import shown
from mnemonics_lib.edition.parameters import DEFAULTS, ParameterError, resolve
from mnemonics_lib.paths import PARAMS, ROOT

DECLARED = "\n".join(f"{name}: {type(value).__name__} = {value!r}" for name, value in DEFAULTS.items())


def variables(injected=None, declared=DECLARED, **later):
    """What ``globals()`` holds after the cell of parameters, the one that papermill injects, and a reader's own."""
    history = ["", declared]
    if injected is not None:
        history.append("# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in injected.items()))
    history.append("config = parameters.resolve(globals())")
    return {**DEFAULTS, "In": history, **(injected or {}), **later}


def refusal(*arguments, variations=(), **later):
    with pytest.raises(ParameterError) as raised:
        resolve(variables(*arguments, **later), "02_global_bop", variations)
    return str(raised.value)


def own_file(folder, **changes):
    path = folder / "mine.yaml"
    path.write_text(RunConfig().replace(**changes).to_yaml())
    return str(path)


class TestTheFile:
    @pytest.mark.parametrize(
        "path", sorted(PARAMS.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
    )
    def test_each_of_the_project_is_named_by_three_parameters(self, path):
        dataset, _, phases = path.stem.partition("-n")
        named = {"dataset": dataset, "phases": int(phases), "profile": path.parent.name}
        assert resolve(variables(named), "02_global_bop") == load_config(path)

    def test_the_defaults_name_one(self):
        assert resolve(variables(), "02_global_bop") == load_config(PARAMS / "quick" / "digits-n5.yaml")

    @pytest.mark.parametrize(
        "wrong", [{"dataset": "digit"}, {"phases": 3}, {"profile": "quik"}, {"profile": "../params"}]
    )
    def test_one_that_is_not_there_is_told_with_those_that_are(self, wrong):
        said = refusal(wrong)
        (name, value), *_ = wrong.items()
        assert f"{name} = {value!r}" in said
        assert all(f"{path.parent.name}/{path.stem}" in said for path in PARAMS.glob("*/*.yaml"))

    def test_a_study_that_there_is_not_is_told_with_those_that_there_are(self):
        assert resolve(variables({"study": "shown/cifar100"}), "02_global_bop") == RunConfig()
        said = refusal({"study": "shown/cifar10"})
        assert "study = 'shown/cifar10': no such study; there are " in said
        assert "shown/cifar100" in said

    def test_the_seed_applies(self):
        assert resolve(variables({"seed": 4}), "02_global_bop").seed == 4
        assert "seed = -1: " in refusal({"seed": -1})

    def test_needs_no_torch(self):
        code = "import sys; from mnemonics_lib.edition import parameters; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


class TestOwnFile:
    def test_is_taken_as_it_is(self, tmp_path):
        path = own_file(tmp_path, profile="mine", phases=1, seed=3, method="lucir")
        assert resolve(variables({"params": path}), "02_global_bop") == load_config(path)

    def test_is_seen_from_where_the_notebook_runs(self, tmp_path, monkeypatch):
        own_file(tmp_path, seed=3)
        monkeypatch.chdir(tmp_path)
        assert resolve(variables({"params": "mine.yaml"}), "02_global_bop").seed == 3
        monkeypatch.chdir("/")
        assert "params = 'mine.yaml': no such file, seen from /" in refusal({"params": "mine.yaml"})

    def test_keeps_its_seed_unless_one_is_given(self, tmp_path):
        path = own_file(tmp_path, seed=3)
        assert resolve(variables({"params": path, "seed": 0}), "02_global_bop").seed == 0
        assert resolve(variables(params=path, seed=7), "02_global_bop").seed == 7

    def test_a_parameter_beside_it_must_agree(self, tmp_path):
        path = own_file(tmp_path, phases=1)
        assert resolve(variables({"params": path, "phases": 1}), "02_global_bop").phases == 1
        said = refusal({"params": path, "dataset": "cifar100"})
        assert "dataset = 'cifar100'" in said
        assert "has dataset = 'digits'; leave it at its default" in said
        assert "has phases = 1" in refusal({"params": path, "phases": 5})  # the default, but asked for

    def test_one_with_a_mistake_is_refused_as_everywhere(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text("sead: 1")
        assert "sead = 1: unknown key (did you mean seed?)" in refusal({"params": str(path)})


class TestOverrides:
    def test_dotted_and_nested_mean_the_same(self):
        dotted = {"exemplars": "herding", "training.epochs": 2, "training.milestones": [0.5]}
        nested = {"exemplars": "herding", "training": {"epochs": 2, "milestones": [0.5]}}
        mixed = {"exemplars": "herding", "training": {"epochs": 2}, "training.milestones": [0.5]}
        expected = load_config(PARAMS / "quick" / "digits-n5.yaml").replace(**nested)
        for overrides in (dotted, nested, mixed):
            assert resolve(variables({"overrides": overrides}), "02_global_bop") == expected

    def test_are_left_as_they_were(self):
        overrides = {"training": {"epochs": 2}, "training.milestones": [0.5]}
        resolve(variables({"overrides": overrides}), "02_global_bop")
        assert overrides == {"training": {"epochs": 2}, "training.milestones": [0.5]}

    @pytest.mark.parametrize(
        ("overrides", "said"),
        [
            (
                {"exemplar_level.iner_steps": 5},
                "exemplar_level.iner_steps = 5: unknown key (did you mean inner_steps?)",
            ),
            ({"exemplar": "herding"}, "exemplar = 'herding': unknown key (did you mean exemplars?)"),
            ({"budget": 0}, "budget = 0: "),
            ({"budget.of": 2}, "budget.of = 2: budget has no fields of its own"),
            ({"training": 3}, "training = 3: "),
            ({"adjust": 3}, "adjust = 3: must be 0 (off) or 2"),
            ({5: 2}, "5 = 2: unknown key"),
            ({"training.": 2}, "training. = 2: unknown key"),
            ({"training": {}}, "training = {}: must name a field, and its value"),
        ],
    )
    def test_a_mistake_is_named(self, overrides, said):
        assert said in refusal({"overrides": overrides})

    @pytest.mark.parametrize("overrides", [{"phases": 1}, {"dataset": "cifar100"}, {"profile": "small"}, {"seed": 2}])
    def test_must_not_contradict_a_parameter(self, overrides):
        (name, value), *_ = overrides.items()
        said = refusal({"overrides": overrides})
        assert f"overrides: {name} = {value!r} contradicts the parameter {name} = {DEFAULTS[name]!r}" in said

    def test_may_repeat_a_parameter(self):
        assert resolve(variables({"seed": 2, "overrides": {"seed": 2}}), "02_global_bop").seed == 2

    def test_change_any_field_of_a_file_of_ones_own(self, tmp_path):
        changed = resolve(
            variables({"params": own_file(tmp_path), "overrides": {"phases": 1, "seed": 2}}), "02_global_bop"
        )
        assert (changed.phases, changed.seed) == (1, 2)


class TestNames:
    @pytest.mark.parametrize(
        ("injected", "said"),
        [
            ({"phase": 10}, "phase = 10: no such parameter (did you mean phases?); there are dataset, phases, profile"),
            ({"nonsense": 1}, "nonsense = 1: no such parameter; there are"),
            ({"In": 3}, "In = 3: no such parameter; there are dataset"),
            ({"In": "abc"}, "In = 'abc': no such parameter"),
            ({"In": ["a"]}, "In = ['a']: no such parameter"),
            ({"method": "bic"}, "method is a field of a run, not a parameter: overrides={'method': 'bic'}, or a whole"),
            ({"inner_steps": 5}, "overrides={'exemplar_level.inner_steps': 5}, or a whole file: params"),
            ({"gamma": 1.0}, "overrides={'training.gamma': 1.0} or overrides={'finetuning.gamma': 1.0}"),
        ],
    )
    def test_one_that_is_no_parameter_is_refused(self, injected, said):
        assert said in refusal(injected)

    def test_one_that_was_overwritten_since_is_told_with_the_value_it_was_given(self):
        injected = {"parameters": 3, "phase": 4}  # the notebook imports a module of the first name
        said = refusal(injected, parameters=sys, phase=None)
        assert "parameters = 3: no such parameter" in said
        assert "phase = 4: no such parameter" in said

    def test_what_a_reader_defines_is_none(self):
        assert resolve(variables(method="mine", phase=3, budget=[]), "02_global_bop") == RunConfig()

    def test_a_line_too_many_in_the_cell_of_parameters_is_refused(self):
        assert "method is a field of a run" in refusal(None, DECLARED + '\nmethod: str = "bic"', method="bic")

    def test_a_mistake_that_was_mended_is_forgotten(self):
        mended = variables({"phase": 1}, phases=1)
        mended["In"] += ["not python", "# Parameters\nphases = 1", "phase = 3"]
        assert resolve(mended, "02_global_bop").phases == 1

    @pytest.mark.parametrize(
        ("injected", "said"),
        [
            ({"seed": "x"}, "seed = 'x': must be a whole number"),
            ({"seed": True}, "seed = True: must be a whole number"),
            ({"phases": 2.5}, "phases = 2.5: must be a whole number"),
            ({"dataset": 3}, "dataset = 3: must be a string"),
            ({"overrides": ["budget"]}, "overrides = ['budget']: must be a mapping"),
            ({"params": None}, "params = None: must be a string"),
        ],
    )
    def test_a_wrong_type_is_named(self, injected, said):
        assert said in refusal(injected)

    def test_every_wrong_type_is_named_at_once(self):
        assert len(refusal({"seed": "x", "phases": 2.5}).splitlines()) == 2

    def test_a_cell_of_parameters_that_did_not_run_is_told(self):
        with pytest.raises(ParameterError, match="dataset, phases, profile, seed, overrides, params, study: not set"):
            resolve({}, "02_global_bop")


class TestLongValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("phases", 10**5000),
            ("seed", -(10**5000)),
            ("seed", 2**63),
            ("dataset", "x" * 10**6),
            ("profile", "x" * 10**6),
            ("params", "x" * 10**6),
            ("params", "a\0b"),
            ("dataset", ["x"] * 10**6),
            ("overrides", {"profile": "x" * 10**6}),
            ("overrides", {"seed": 10**5000}),
        ],
        ids=lambda value: value if isinstance(value, str) and len(value) < 20 else type(value).__name__,
    )
    def test_are_shown_in_part(self, name, value):
        said = refusal(**{name: value})
        where = next(iter(value)) if isinstance(value, dict) else name
        shown_value = shown(value[where] if isinstance(value, dict) else value)
        assert f"{where} = {shown_value}" in said
        assert len(said) < 1000


class TestVariations:
    def test_those_that_a_configuration_allows_pass(self):
        assert resolve(variables(), "04_ablations", [{"exemplars": "random"}, {"exemplars": "none", "finetune": False}])

    def test_one_that_it_refuses_names_notebook_variation_and_field(self):
        joint = {"method": "joint", "exemplars": "none", "finetune": False}
        said = refusal({"overrides": joint}, variations=[{"exemplars": "random"}, {"exemplars": "herding"}])
        assert (
            "02_global_bop runs it with exemplars = 'random' too, which is refused: exemplars = 'random': must" in said
        )

    def test_any_field_may_be_the_reason(self):
        said = refusal(variations=[{"budget": 3}, {"adjust": 5}, {"exemplar_level": {"inner_steps": 0}}])
        assert [line.partition("refused: ")[2].split(":")[0] for line in said.splitlines()] == [
            "adjust = 5",
            "exemplar_level.inner_steps = 0",
        ]
