"""Configurations from files and overrides: what is refused, and which word on a field is the last."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from mnemonics_lib.config import ConfigError, RunConfig, load_config, override, parse_config


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
    ("override", "said"),
    [
        ("seed", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("", "KEY=VALUE"),
        ("seed.x=3", "seed"),
        ("training.epochs=[1", "YAML"),
        ("training.epochs=", "training.epochs = None"),
        ("training.epochs=many", "training.epochs = 'many'"),
        ("training.milestones.x=3", "training.milestones has no fields"),
        ("training={epochs: 3, epochs: 4}", 'duplicate key "epochs"'),
        ("training={}", "must name a field"),
        ("trainin.epochs=3", "did you mean training"),
        ("training.epoch=3", "did you mean epochs"),
        ("training.=3", "unknown key"),
        ("budget=117", "116"),
        ("phases=3", "1, 5"),
        ("network.head=linears", "'linear'"),
        ("method=icarll", "icarl"),
        ("exemplars=none", "finetune = True"),
    ],
)
def test_a_malformed_override_is_refused(defaults, override, said):
    with pytest.raises(ConfigError) as caught:
        load_config(defaults, [override])
    assert said in str(caught.value)


def test_overrides_go_over_the_file_and_the_last_one_wins(defaults):
    config = load_config(
        defaults, ["seed=1", "training.epochs=7", "training.milestones=[0.3, 0.6]", "seed=2", "adjust=2"]
    )
    assert (config.seed, config.adjust) == (2, 2)
    assert (config.training.epochs, config.training.milestones) == (7, [0.3, 0.6])
    assert config.training.rate == RunConfig().training.rate  # the rest of the section stays


@pytest.mark.parametrize(
    "overrides",
    [
        {"exemplar_level": {"inner_steps": 5, "alpha": 0.1}, "seed": 3},
        {"exemplar_level.inner_steps": 5, "exemplar_level.alpha": 0.1, "seed": 3},
        {"exemplar_level.inner_steps": 5, "exemplar_level": {"alpha": 0.1}, "seed": 3},
        ["exemplar_level.inner_steps=5", "exemplar_level={alpha: 0.1}", "seed=3"],
        (text for text in ("exemplar_level={inner_steps: 5, alpha: 1e-1}", "seed=3")),
    ],
    ids=["nested", "dotted", "both", "texts", "iterator"],
)
def test_overrides_may_be_texts_or_a_mapping_and_leave_what_they_do_not_name(defaults, overrides):
    expected = RunConfig().replace(exemplar_level={"inner_steps": 5, "alpha": 0.1}, seed=3)
    assert load_config(defaults, overrides) == expected
    assert load_config(defaults, overrides=[], preset=None) == RunConfig()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"sead": 1}, "did you mean seed"),
        ({"seed": {"x": 1}}, "seed has no fields of its own"),
        ({"exemplar_level": {"T": 3}}, "exemplar_level.T = 3: unknown key"),
        ({"exemplar_level": {}}, "exemplar_level = {}: must name a field"),
        ({"exemplar_level": 3}, "exemplar_level = 3"),
        ({"seed": "3"}, "seed = '3'"),
        ({1: 2}, "1 = 2: unknown key"),
    ],
)
def test_a_malformed_mapping_of_overrides_is_refused(defaults, overrides, said):
    with pytest.raises(ConfigError) as caught:
        load_config(defaults, overrides)
    assert said in str(caught.value)


def test_one_override_need_not_stand_in_a_list(defaults):
    assert load_config(defaults, "seed=31").seed == 31


def test_overriding_leaves_the_original_as_it_was():
    values: dict[str, Any] = {"training": {"epochs": 3, "milestones": [0.5]}}
    assert override(values, ["training.milestones.0=0.25"]) == {"training": {"epochs": 3, "milestones": [0.25]}}
    assert override(values, {"network.depth": 14}) == {**values, "network": {"depth": 14}}
    assert values == {"training": {"epochs": 3, "milestones": [0.5]}}


def test_a_key_given_twice_in_a_file_is_an_error_that_names_file_and_key(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("seed: 1\nphases: 5\nseed: 2\n")
    with pytest.raises(
        ConfigError, match=r'twice\.yaml: cannot be read as YAML: found duplicate key "seed".*\(line 3\)'
    ):
        load_config(path)


def test_a_configuration_survives_yaml(tmp_path):
    config = parse_config(
        {
            "method": "icarl",
            "seed": 2**63 - 1,
            "adjust": 2,
            "training": {"rate": 1e-7, "milestones": [], "augment": False},
            "exemplar_level": {"beta": 3e8, "start": "perturbed", "perturbation": 0.1 + 0.2},
        }
    )
    path = tmp_path / "run.yaml"
    path.write_text(config.to_yaml())
    again = load_config(path)
    assert again == config
    assert again.digest == config.digest


def test_a_configuration_is_checked_without_torch(root):
    script = (
        "import sys\n"
        "from mnemonics_lib.config import load_config\n"
        "load_config('params/quick/digits-n5.yaml', ['method=bic', 'budget=20'], 'bic-with-ours').to_yaml()\n"
        "slow = {'torch', 'torchvision', 'higher', 'sklearn', 'pandas', 'matplotlib'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
