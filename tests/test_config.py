"""The configuration: what is refused, and that nothing is lost on the way to YAML and back."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from mnemonics_lib.config import ConfigError, RunConfig, load_config, parse_config

BAD: list[tuple[dict[Any, Any], list[str]]] = [
    # unknown keys: the near miss and what there is
    ({"seeds": 1}, ["seeds = 1", "unknown key", "did you mean seed", "exemplars", "finetuning"]),
    ({"training": {"epoch": 3}}, ["training.epoch = 3", "unknown key", "did you mean epochs", "temperature"]),
    ({"exemplar_level": {"T": 3}}, ["exemplar_level.T = 3", "unknown key", "inner_steps"]),
    ({"recipe": "paper"}, ["recipe = 'paper'", "unknown key"]),
    ({1: 2}, ["1", "keys should be strings"]),
    # wrong types are never converted
    ({"phases": "5"}, ["phases = '5'", "integer"]),
    ({"phases": True}, ["phases = True", "integer"]),
    ({"budget": 2.0}, ["budget = 2.0", "integer"]),
    ({"seed": None}, ["seed = None", "integer"]),
    ({"adjust": False}, ["adjust = False", "integer"]),
    ({"weight_transfer": 1}, ["weight_transfer = 1", "boolean"]),
    ({"finetune": "yes"}, ["finetune = 'yes'", "boolean"]),
    ({"profile": 5}, ["profile = 5", "string"]),
    ({"training": {"rate": "0.1"}}, ["training.rate = '0.1'", "number"]),
    ({"training": {"rate": True}}, ["training.rate = True", "number"]),
    ({"training": {"milestones": 5}}, ["training.milestones = 5", "list"]),
    ({"training": {"milestones": ["a"]}}, ["training.milestones", "'a'", "integer"]),
    ({"training": {"milestones": [2.5]}}, ["training.milestones", "2.5", "integer"]),
    ({"training": None}, ["training = None", "dictionary"]),
    ({"network": 32}, ["network = 32", "dictionary"]),
    # values out of range
    ({"phases": 3}, ["phases = 3", "1, 5"]),
    ({"phases": 10}, ["phases = 10", "1, 5"]),
    ({"phases": 0}, ["phases = 0", "1"]),
    ({"budget": 117}, ["budget = 117", "116", "digits"]),
    ({"budget": 0}, ["budget = 0", "1"]),
    ({"adjust": 1, "budget": 20}, ["adjust = 1", "0 (off)", "2 to 20"]),
    ({"adjust": 3, "budget": 2}, ["adjust = 3", "0 (off)", "2", "budget"]),
    ({"adjust": 1, "budget": 1}, ["adjust = 1", "0 (off)", "budget"]),
    ({"adjust": -1}, ["adjust = -1", "0"]),
    ({"seed": -1}, ["seed = -1", "0"]),
    ({"order_seed": 2**32}, ["order_seed = 4294967296", "4294967295"]),
    ({"profile": "../up"}, ["profile = '../up'", "[a-z0-9_]"]),
    ({"method": "bic"}, ["method = 'bic'", "'lwf'", "'icarl'"]),
    ({"dataset": "mnist"}, ["dataset = 'mnist'", "'digits'"]),
    ({"exemplars": "Herding"}, ["exemplars = 'Herding'", "'random'", "'herding'", "'mnemonics'"]),
    ({"exemplar_level": {"optimizer": "lbfgs"}}, ["exemplar_level.optimizer = 'lbfgs'", "'sgd'", "'adam'"]),
    ({"exemplar_level": {"beta": math.nan}}, ["exemplar_level.beta = nan", "finite"]),
    ({"training": {"rate": math.inf}}, ["training.rate = inf", "finite"]),
    ({"training": {"rate": 0.0}}, ["training.rate = 0.0", "0"]),
    ({"training": {"lam": 1.1}}, ["training.lam = 1.1", "1"]),
    ({"training": {"temperature": 0}}, ["training.temperature = 0", "0"]),
    ({"training": {"momentum": 1.0}}, ["training.momentum = 1.0", "1"]),
    ({"training": {"batch_size": 1}}, ["training.batch_size = 1", "2"]),
    ({"training": {"milestones": [5, 3]}}, ["training.milestones = [5, 3]", "increasing"]),
    ({"training": {"milestones": [3, 3]}}, ["training.milestones = [3, 3]", "increasing"]),
    ({"finetuning": {"milestones": [0, 3]}}, ["finetuning.milestones = [0, 3]", ">= 1"]),
    ({"network": {"depth": 9}}, ["network.depth = 9", "6n + 2", "8, 14, 20"]),
    ({"network": {"depth": 2}}, ["network.depth = 2", "6n + 2", "8, 14, 20"]),
    ({"network": {"width": 0}}, ["network.width = 0", "1"]),
]


@pytest.mark.parametrize(("values", "said"), BAD, ids=[str(values) for values, _ in BAD])
def test_a_refused_value_is_named_with_its_field_and_what_is_allowed(values, said):
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    for words in said:
        assert words in str(caught.value)


def test_every_refused_field_is_named_not_only_the_first():
    with pytest.raises(ConfigError) as caught:
        parse_config({"seeds": 1, "budget": "2", "training": {"rate": -1.0}})
    for words in ("seeds = 1", "budget = '2'", "training.rate = -1.0"):
        assert words in str(caught.value)


@pytest.mark.parametrize("budget", [1, 2, 116])
def test_a_budget_up_to_the_smallest_class_is_accepted(budget):
    assert parse_config({"budget": budget}).budget == budget


@pytest.mark.parametrize("adjust", [0, 2, 3, 20])
def test_adjust_is_off_or_two_splits_up_to_the_budget(adjust):
    assert parse_config({"budget": 20, "adjust": adjust}).adjust == adjust


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "mapping"),
        (b"# nothing but a comment\n", "mapping"),
        (b"- seed\n- 1\n", "mapping"),
        (b"just words\n", "mapping"),
        (b"training: {epochs: [1\n", "YAML"),
        (b"\xff\xfe\x00\x01", "YAML"),
        (b"\t: :\n", "YAML"),
        (b"!!python/object/apply:os.getcwd []\n", "YAML"),
    ],
    ids=["empty", "comment", "list", "words", "unclosed", "binary", "tab", "code"],
)
def test_a_file_that_holds_no_mapping_is_refused_by_name(tmp_path, content, said):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "bad.yaml" in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_file_and_a_directory_are_refused_by_name(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match=path.name):
            load_config(path)


def test_an_error_in_a_file_names_the_file_and_the_field(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  epochs: '3'\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml: training\.epochs = '3': .*integer"):
        load_config(path)


@pytest.fixture
def defaults(tmp_path):
    path = tmp_path / "defaults.yaml"
    path.write_text(RunConfig().to_yaml())
    return path


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("seed", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("", "KEY=VALUE"),
        ("seed.x=3", "seed"),
        ("training.epochs=[1", "YAML"),
        ("training.epochs=", "training.epochs = None"),
        ("training.epochs=many", "training.epochs = 'many'"),
        ("trainin.epochs=3", "did you mean training"),
        ("training.epoch=3", "did you mean epochs"),
        ("training.=3", "unknown key"),
        ("budget=117", "116"),
        ("phases=3", "1, 5"),
    ],
)
def test_a_malformed_setting_is_refused(defaults, setting, said):
    with pytest.raises(ConfigError) as caught:
        load_config(defaults, [setting])
    assert said in str(caught.value)


def test_settings_override_the_file_and_the_last_one_wins(defaults):
    config = load_config(defaults, ["seed=1", "training.epochs=7", "training.milestones=[2, 4]", "seed=2", "adjust=2"])
    assert (config.seed, config.adjust) == (2, 2)
    assert (config.training.epochs, config.training.milestones) == (7, [2, 4])
    assert config.training.rate == RunConfig().training.rate  # the rest of the section stays


def test_a_configuration_survives_yaml(tmp_path):
    config = parse_config(
        {
            "method": "icarl",
            "seed": 12345678901234567890,
            "adjust": 2,
            "training": {"rate": 1e-7, "milestones": [], "augment": False},
            "exemplar_level": {"beta": 3e22, "start": "perturbed", "perturbation": 0.1 + 0.2},
        }
    )
    path = tmp_path / "run.yaml"
    path.write_text(config.to_yaml())
    again = load_config(path)
    assert again == config
    assert again.digest == config.digest


def test_the_order_of_keys_and_the_spelling_of_numbers_do_not_change_the_digest():
    values = RunConfig().model_dump()
    backwards = {key: values[key] for key in reversed(values)}
    assert parse_config(backwards).digest == RunConfig().digest
    one, same = parse_config({"exemplar_level": {"beta": 1}}), parse_config({"exemplar_level": {"beta": 1.0}})
    assert one.digest == same.digest


def test_the_digest_is_the_same_in_another_process(root):
    script = "from mnemonics_lib.config import RunConfig; print(RunConfig().replace(seed=3).digest)"
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == RunConfig().replace(seed=3).digest


def leaves(model: type[BaseModel], where: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Path of every field that holds a value, and its annotation."""
    found: dict[tuple[str, ...], Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= leaves(kind, (*where, name))
        else:
            found[(*where, name)] = kind
    return found


def another(kind: Any, value: Any, name: str) -> list[Any]:
    """Values other than this one, of the field's kind, of which at least one is valid (unless it has only one)."""
    if get_args(kind) and get_origin(kind) is not list:
        return [choice for choice in get_args(kind) if choice != value]
    if kind is bool:
        return [not value]
    if kind is float:
        return [value / 2, value + 0.25]
    if kind is int:
        return [14, 20] if name == "depth" else [value + 1, value - 1, value + 2, 1, 5]
    if kind is list or get_origin(kind) is list:
        return [[*value, 10**6]]
    return [f"{value}x"]


def paths(values: dict[str, Any], where: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Path of every value in nested mappings."""
    found: set[tuple[str, ...]] = set()
    for name, value in values.items():
        found |= paths(value, (*where, name)) if isinstance(value, dict) else {(*where, name)}
    return found


@pytest.mark.parametrize("path", sorted(leaves(RunConfig)), ids=".".join)
def test_every_field_changes_the_digest(path):
    *sections, name = path
    kind, changed = leaves(RunConfig)[path], 0
    base = RunConfig().model_dump()
    old = base
    for section in sections:
        old = old[section]
    choices = [value for value in another(kind, old[name], name) if value != old[name]]
    for value in choices:
        values = copy.deepcopy(base)
        inner = values
        for section in sections:
            inner = inner[section]
        inner[name] = value
        try:
            config = parse_config(values)
        except ConfigError:
            continue
        changed += 1
        assert config.digest != RunConfig().digest
    assert changed or not choices


def test_replace_changes_the_named_fields_alone_and_leaves_the_original():
    config = RunConfig()
    before = config.model_dump()
    other = config.replace(seed=9, training={"epochs": 77})
    expected = copy.deepcopy(before)
    expected["seed"], expected["training"]["epochs"] = 9, 77
    assert other.model_dump() == expected
    assert config.model_dump() == before
    assert config.replace(training=other.training).training == other.training


@pytest.mark.parametrize("change", [{"phases": 3}, {"sed": 1}, {"training": {"epoch": 1}}, {"training": 1}])
def test_replace_validates_again(change):
    with pytest.raises(ConfigError):
        RunConfig().replace(**change)


def test_a_validated_configuration_cannot_be_reassigned():
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().seed = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().training.epochs = 1  # type: ignore[misc]


def test_the_recipe_is_the_papers_only_with_all_of_the_papers_numbers():
    # Section 5.1: beta 0.01, halved every 10 of 50 epochs; alpha_2 0.01; Theta' trained for 50 epochs; SGD.
    paper = {
        "epochs": 50,
        "inner_steps": 50,
        "alpha": 0.01,
        "beta": 0.01,
        "halve_every": 10,
        "optimizer": "sgd",
        "init": "random",
        "start": "theta",
        "objective": "eq7",
    }
    rest = {"inner_augment": False, "val_augment": False, "clip": False, "batch_norm": "batch", "val_batch": 128}
    assert RunConfig().replace(exemplar_level=paper | rest).recipe == "paper"
    for field, value in {"beta": 0.02, "optimizer": "adam", "inner_steps": 8, "start": "perturbed"}.items():
        assert RunConfig().replace(exemplar_level=paper | rest | {field: value}).recipe == "tuned"


def test_every_parameter_file_loads_and_spells_out_every_field(root):
    files = sorted((root / "params").rglob("*.yaml"))
    assert files
    for path in files:
        load_config(path)
        assert paths(yaml.safe_load(path.read_text())) == set(leaves(RunConfig)), path.name


def test_the_defaults_are_the_quick_digits_run(root):
    assert load_config(root / "params" / "quick" / "digits-n5.yaml") == RunConfig()
