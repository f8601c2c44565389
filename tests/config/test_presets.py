"""Presets: each is one row of the paper's tables, no more and no less, and runs on every CIFAR-100 parameter file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mnemonics_lib import __main__ as command_line
from mnemonics_lib import runs
from mnemonics_lib.config import ConfigError, load_config
from mnemonics_lib.config.presets import PRESETS, preset
from mnemonics_lib.paths import ROOT

SMALL = ROOT / "params" / "small" / "cifar100-n5.yaml"
CIFAR = sorted((ROOT / "params").glob("*/cifar100-*.yaml"))

AXES = ("method", "exemplars", "adjust", "weight_transfer", "finetune")
# Section 5.1 and the captions of Tables 1 and 2, written out: what each row is.
ROWS = {
    "lwf": ("lwf", "herding", 0, False, False),
    "icarl": ("icarl", "herding", 0, False, False),
    "bic": ("bic", "herding", 0, False, False),
    "lucir": ("lucir", "herding", 0, False, False),
    "lwf-with-mnemonics": ("lwf", "mnemonics", 2, True, True),
    "icarl-with-mnemonics": ("icarl", "mnemonics", 2, True, True),
    "bic-with-mnemonics": ("bic", "mnemonics", 2, True, True),
    "lucir-with-mnemonics": ("lucir", "mnemonics", 2, True, True),
    "table2-random-no-adjust": ("lucir", "random", 0, True, True),
    "table2-random": ("lucir", "random", 2, True, True),
    "table2-herding-no-adjust": ("lucir", "herding", 0, True, True),
    "table2-herding": ("lucir", "herding", 2, True, True),
    "table2-mnemonics-no-adjust": ("lucir", "mnemonics", 0, True, True),
    "table2-mnemonics": ("lucir", "mnemonics", 2, True, True),
    "joint": ("joint", "none", 0, False, False),
    "finetune": ("finetune", "none", 0, False, False),
}


def test_every_preset_sets_exactly_the_axes_of_its_row():
    assert {name: tuple(fields[axis] for axis in AXES) for name, fields in PRESETS.items()} == ROWS
    assert all(set(fields) == set(AXES) for fields in PRESETS.values())


def test_all_parameter_files_of_cifar100_are_tried():
    assert [path.relative_to(ROOT / "params").as_posix() for path in CIFAR] == [
        *(f"medium/cifar100-n{n}.yaml" for n in (25, 5)),
        *(f"paper/cifar100-n{n}.yaml" for n in (10, 25, 5)),
        *(f"small/cifar100-n{n}.yaml" for n in (1, 10, 5)),
        "underfit/cifar100-n5.yaml",
    ]


@pytest.mark.parametrize("path", CIFAR, ids=lambda path: f"{path.parent.name}-{path.stem}")
@pytest.mark.parametrize("name", ROWS)
def test_every_preset_is_valid_on_every_cifar100_file_and_changes_its_axes_alone(name, path):
    plain, chosen = load_config(path), load_config(path, preset=name)
    assert tuple(getattr(chosen, axis) for axis in AXES) == ROWS[name]
    assert chosen == plain.preset(name)
    assert chosen.replace(**{axis: getattr(plain, axis) for axis in AXES}) == plain
    assert chosen.preset(name) == chosen
    assert chosen.head == ("cosine" if ROWS[name][0] == "lucir" else "linear")


@pytest.mark.parametrize("path", CIFAR, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_presets_do_not_depend_on_the_one_applied_before(path):
    config = load_config(path)
    for name in ROWS:
        config = config.preset(name)
        assert config == load_config(path, preset=name)


def test_the_rows_of_one_file_are_all_different_runs_but_the_papers_own_row():
    digests: dict[str, list[str]] = {}
    for name in PRESETS:
        digests.setdefault(load_config(SMALL, preset=name).digest, []).append(name)
    assert sorted(names for names in digests.values() if len(names) > 1) == [
        ["lucir-with-mnemonics", "table2-mnemonics"]
    ]
    names = {runs.name_of(load_config(SMALL, preset=name)) for name in PRESETS}
    assert len(names) == len(PRESETS) - 1


def rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open() as file:
        return list(csv.DictReader(file))


def on_cifar100(path: Path) -> list[dict[str, str]]:
    return [row for row in rows(path) if row["dataset"] == "cifar100"]


@pytest.mark.parametrize("folder", ["book/paper", "../shared/paper"])
def test_every_row_of_table_1_has_its_preset(folder):
    wanted = set()
    for row in on_cifar100(ROOT / folder / "table1.csv"):
        name = row["method"] + {"yes": "-with-mnemonics", "no": ""}[row["with_mnemonics"]]
        config = load_config(ROOT / "params" / "paper" / f"cifar100-n{row['phases']}.yaml", preset=name)
        assert config.phases == int(row["phases"])
        assert config.method == row["method"]
        assert (config.exemplars == "mnemonics") is (row["with_mnemonics"] == "yes")
        assert (config.exemplars == "herding") is (row["with_mnemonics"] == "no")
        wanted.add(name)
    assert wanted == {name for name in PRESETS if not name.startswith("table2-")} - {"joint", "finetune"}


@pytest.mark.parametrize("folder", ["book/paper", "../shared/paper"])
def test_every_row_of_table_2_has_its_preset(folder):
    wanted = set()
    for row in on_cifar100(ROOT / folder / "table2.csv"):
        name = f"table2-{row['exemplars']}" + {"yes": "", "no": "-no-adjust"}[row["adjust_old"]]
        config = load_config(ROOT / "params" / "paper" / f"cifar100-n{row['phases']}.yaml", preset=name)
        assert (config.phases, config.method, config.exemplars) == (int(row["phases"]), "lucir", row["exemplars"])
        assert (config.adjust > 0) is (row["adjust_old"] == "yes")
        assert config.weight_transfer
        wanted.add(name)
    assert wanted == {name for name in PRESETS if name.startswith("table2-")}


def test_the_projects_copy_of_the_papers_tables_is_a_true_one():
    for table in ("table1.csv", "table2.csv"):
        assert rows(ROOT / "book" / "paper" / table) == rows(ROOT.parent / "shared" / "paper" / table)


@pytest.mark.parametrize("name", ["lucir-ours", "", "LUCIR", "table2"])
def test_an_unknown_preset_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match="preset = ") as plain:
        preset(name)
    messages = [str(plain.value)]
    with pytest.raises(ConfigError) as caught:
        load_config(SMALL).preset(name)
    messages.append(str(caught.value))
    if name:  # no preset is asked for otherwise
        with pytest.raises(ConfigError) as caught:
            load_config(SMALL, preset=name)
        messages.append(str(caught.value))
    for message in messages:
        assert f"preset = {name!r}: must be one of" in message
        assert all(known in message for known in ROWS)


@pytest.mark.parametrize("name", [5, [], {}, ["lucir"], "x" * 10**6], ids=lambda name: type(name).__name__)
def test_a_name_that_is_none_is_refused_in_a_short_message(name):
    with pytest.raises(ConfigError, match="preset = ") as caught:
        load_config(SMALL, preset=name)
    assert len(str(caught.value)) < 500


def test_a_preset_is_a_copy_that_the_caller_may_change():
    preset("lucir")["exemplars"] = "mnemonics"
    assert preset("lucir")["exemplars"] == "herding"


def test_a_preset_goes_over_the_file_and_overrides_over_the_preset(capsys):
    config = load_config(SMALL, ["adjust=4", "exemplars=random"], "lucir-with-mnemonics")
    assert (config.exemplars, config.adjust, config.weight_transfer) == ("random", 4, True)
    command = ["config", str(SMALL), "--preset", "lucir-with-mnemonics", "--set", "adjust=4", "exemplars=random"]
    assert command_line.main(command) == 0
    assert capsys.readouterr().out == config.to_yaml()


def test_a_preset_that_does_not_fit_a_file_names_field_and_value(tmp_path):
    path = tmp_path / "mine.yaml"
    for content, name, said in [
        ("budget: 1\nexemplars: herding\n", "bic", "budget = 1: must be at least 2 for bic"),
        ("budget: 1\nexemplars: random\n", "lucir-with-mnemonics", "adjust = 2: must be 0"),
        ("network: {head: linear}\n", "lucir", "network.head = 'linear': must be cosine for lucir"),
    ]:
        path.write_text(content)
        with pytest.raises(ConfigError, match=said):
            load_config(path, preset=name)
        with pytest.raises(ConfigError, match=said):
            load_config(path).preset(name)
