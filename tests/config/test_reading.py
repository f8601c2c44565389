"""Configurations from files and overrides: what is refused, and which word on a field is the last."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from mnemonics_lib.config import ConfigError, RunConfig, load_config, override, parse_config
from mnemonics_lib.config.shown import LONGEST_SOURCE, cut


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
        (b"seed: \0\n", "a character that YAML does not allow, 0x0000 (line 1)"),
        ("seed: 1\nprofile: caf\xe9\n".encode("latin-1"), "utf-8"),
        ("seed: 1\n".encode("utf-16"), "utf-8"),
        (b"seed: 1\n" * 20_000, "more than 100,000 letters"),
        (b"seed: 1\n---\nseed: 2\n", "another document (line 2)"),
    ],
    ids=[
        *("empty", "comment", "list", "words", "unclosed", "binary", "tab", "code"),
        *("nul", "latin-1", "utf-16", "long", "two"),
    ],
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


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "a\0b", "x" * 5000, "no/such/folder/mine.yaml"])
def test_a_path_without_a_parameter_file_is_refused_at_once(path):
    with pytest.raises(ConfigError, match=r"must be a mapping|cannot be read as YAML") as caught:
        load_config(path)
    assert cut(path, LONGEST_SOURCE) in str(caught.value)
    assert len(str(caught.value)) < 1200


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbfseed: 3\r\ntraining:\r\n  epochs: 7\r\n")
    assert load_config(path) == RunConfig().replace(seed=3, training={"epochs": 7})


def test_a_section_that_a_file_names_in_part_has_the_defaults_in_the_rest(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  epochs: 7\n  rate: 0.05\n")
    assert load_config(path).training == RunConfig().replace(training={"epochs": 7, "rate": 0.05}).training
    again = load_config(path, ["training={epochs: 8}", "training.lam=0.25"])
    assert again.training == RunConfig().replace(training={"epochs": 8, "rate": 0.05, "lam": 0.25}).training


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
        ("training.milestones.2=0.9", "training.milestones has no fields of its own; it is a list, of places 0 to 1"),
        ("training.milestones.999999999=0.9", "a list, of places 0 to 1"),
        ("training.milestones.-1=0.9", "a list, of places 0 to 1"),
        ("training.milestones.00=0.9", "a list, of places 0 to 1"),
        (".".join("abcdefghijklmnopqrst") + "=1", "nested too deeply"),
        ("seed=" + "9" * 5000, "cannot be read as a number"),
        ("seed=&x 1", "an anchor"),
        ("seed=!!int 1", "a tag"),
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
        ({1: 2}, "1 = 2: unknown key; must be a string, the name of a field"),
        ({None: 2}, "None = 2: unknown key; must be a string, the name of a field"),
        ({"training": {3: 2}}, "training.3 = 2: unknown key; must be a string, the name of a field"),
        ({"training.epochs": 3, "training": {"epochs": 9}}, "training.epochs = 9: given beside another, 3"),
        ({"training": {"epochs": 9}, "training.epochs": 3}, "training.epochs = 3: given beside another, 9"),
        ({"training": {"epochs": 9}, "training.epochs": 9}, "training.epochs = 9: given beside another, 9"),
        (
            {"training": 3, "training.epochs": 9},
            "training.epochs = 9: given beside training = 3, of which it is a part",
        ),
        (
            {"training.epochs": 9, "training": 3},
            "training.epochs = 9: given beside training = 3, of which it is a part",
        ),
        (
            {"training.milestones.0": 0.1, "training": {"milestones": [0.5]}},
            "training.milestones.0 = 0.1: given beside",
        ),
        (None, "overrides = None: must be texts KEY=VALUE, or a mapping"),
        (5, "overrides = 5: must be texts KEY=VALUE, or a mapping"),
        ([None], "override None: must be KEY=VALUE"),
        ([{"seed": 1}], "override {'seed': 1}: must be KEY=VALUE"),
        (b"seed=1", "override 115: must be KEY=VALUE"),
        (["seed=1", 2], "override 2: must be KEY=VALUE"),
        ({"x" * 10_000: 1}, "unknown key"),
        (["x" * 10_000], "must be KEY=VALUE"),
        (["x" * 10_000 + "=1"], "unknown key"),
        ({"seed": 10**5000}, "seed = (a whole number of about 5,001 digits)"),
        ({"seed": "x" * 10**6}, "seed = 'xxx"),
        ({"seed": list(range(10**5))}, "seed = [0, 1, "),
        ({f"field {k}": 1 for k in range(1000)}, "and 980 more"),
    ],
    ids=lambda value: repr(value)[:60] if not isinstance(value, dict) or 10**5000 not in value.values() else "huge",
)
def test_a_malformed_mapping_of_overrides_is_refused(defaults, overrides, said):
    with pytest.raises(ConfigError) as caught:
        load_config(defaults, overrides)
    assert said in str(caught.value)
    assert all(len(line) < 1200 for line in str(caught.value).splitlines())


def endless(kind: type) -> Any:
    """A mapping or a list that holds itself."""
    value = kind()
    value.update(a=value) if isinstance(value, dict) else value.append(value)
    return value


def deep(kind: type) -> Any:
    """A mapping or a list of thousands of levels."""
    value: Any = 1
    for _ in range(5000):
        value = {"a": value} if kind is dict else [value]
    return value


@pytest.mark.parametrize("make", [endless, deep])
@pytest.mark.parametrize("kind", [dict, list])
def test_values_without_end_are_refused(make, kind):
    value = make(kind)
    for values, overrides in (({}, {"seed": value}), ({"seed": value}, ["phases=1"])):
        with pytest.raises(ConfigError, match="nested too deeply") as caught:
            override(values, overrides)
        assert len(str(caught.value)) < 300
    with pytest.raises(ConfigError, match=r"seed = .*: must be a valid integer") as caught:
        parse_config({"seed": value})
    assert len(str(caught.value)) < 300


def test_one_override_need_not_stand_in_a_list(defaults):
    assert load_config(defaults, "seed=31").seed == 31


def test_overriding_leaves_the_original_as_it_was():
    values: dict[str, Any] = {"training": {"epochs": 3, "milestones": [0.5]}}
    assert override(values, ["training.milestones.0=0.25"]) == {"training": {"epochs": 3, "milestones": [0.25]}}
    assert override(values, {"network.depth": 14}) == {**values, "network": {"depth": 14}}
    assert values == {"training": {"epochs": 3, "milestones": [0.5]}}
    milestones = [0.5]
    changed = override({}, {"training": {"milestones": milestones}})
    assert override(changed, ["training.milestones.0=0.25"]) == {"training": {"milestones": [0.25]}}
    assert changed == {"training": {"milestones": [0.5]}}
    changed["training"]["milestones"].append(0.75)
    assert milestones == [0.5]


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
        "load_config('params/quick/digits-n5.yaml', ['method=bic', 'budget=20'], 'bic-with-mnemonics').to_yaml()\n"
        "slow = {'torch', 'torchvision', 'higher', 'sklearn', 'pandas', 'matplotlib'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
