"""The configuration of a run: what is refused, what changes its digest, and the paper's numbers."""

from __future__ import annotations

import copy
import math
import os
import re
import subprocess
import sys
from fractions import Fraction
from typing import Any, get_args, get_origin

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mnemonics_lib import runs
from mnemonics_lib.config import (
    PAPER_EXEMPLAR_LEVEL,
    ConfigError,
    RunConfig,
    load_config,
    parse_config,
    parse_yaml,
    read_yaml,
)
from mnemonics_lib.config.sections import MOST_WEIGHTS
from mnemonics_lib.config.shown import MOST, shown
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.methods import METHODS
from mnemonics_lib.models import ResNet
from mnemonics_lib.phases import class_order
from mnemonics_lib.rng import derive

BAD: list[tuple[dict[Any, Any], list[str]]] = [
    # unknown keys: the near miss and what there is
    ({"seeds": 1}, ["seeds = 1", "unknown key", "did you mean seed", "exemplars", "finetuning"]),
    ({"training": {"epoch": 3}}, ["training.epoch = 3", "unknown key", "did you mean epochs", "temperature"]),
    ({"exemplar_level": {"T": 3}}, ["exemplar_level.T = 3", "unknown key", "inner_steps"]),
    ({"recipe": "paper"}, ["recipe = 'paper'", "unknown key"]),
    ({1: 2}, ["1", "must be a string"]),
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
    ({"training": {"milestones": ["a"]}}, ["training.milestones", "'a'", "number"]),
    ({"training": None}, ["training = None", "dictionary"]),
    ({"network": 32}, ["network = 32", "dictionary"]),
    # values out of range
    ({"phases": 3}, ["phases = 3", "1, 5"]),
    ({"phases": 10}, ["phases = 10", "1, 5"]),
    ({"phases": 0}, ["phases = 0", "1"]),
    ({"budget": 117}, ["budget = 117", "116", "digits"]),
    ({"budget": 0}, ["budget = 0", "1"]),
    ({"adjust": 1, "budget": 20}, ["adjust = 1", "0 (off)", "2 to 20"]),
    ({"adjust": 3, "budget": 2}, ["adjust = 3", "0 (off)", "2 to 2"]),
    ({"adjust": 1, "budget": 1}, ["adjust = 1", "0 (off)", "a split needs 2"]),
    ({"adjust": -1}, ["adjust = -1", "0"]),
    ({"seed": -1}, ["seed = -1", "0"]),
    ({"order_seed": 2**32}, ["order_seed = 4294967296", "4294967295"]),
    ({"profile": "../up"}, ["profile = '../up'", "[a-z0-9_]"]),
    ({"method": "der"}, ["method = 'der'", "lwf, icarl, bic, lucir, joint, finetune"]),
    ({"method": None}, ["method = None", "string"]),
    ({"dataset": "mnist"}, ["dataset = 'mnist'", "'digits'", "'cifar100'"]),
    ({"dataset": "cifar100", "phases": 3}, ["phases = 3", "50 classes", "1, 2, 5, 10, 25, 50"]),
    ({"exemplars": "Herding"}, ["exemplars = 'Herding'", "'none'", "'random'", "'herding'", "'mnemonics'"]),
    ({"exemplars": None}, ["exemplars = None", "'none'"]),
    # resolution, whose values depend on the data set
    ({"resolution": 3}, ["resolution = 3", "0 or one of [4, 8]", "digits", "8"]),
    ({"resolution": 2}, ["resolution = 2", "0 or one of [4, 8]"]),
    ({"resolution": 16}, ["resolution = 16", "0 or one of [4, 8]"]),
    ({"resolution": -8}, ["resolution = -8", "0"]),
    ({"resolution": 8.0}, ["resolution = 8.0", "integer"]),
    ({"dataset": "cifar100", "resolution": 12}, ["resolution = 12", "0 or one of [4, 8, 16, 32]", "cifar100", "32"]),
    ({"dataset": "cifar100", "resolution": 64}, ["resolution = 64", "0 or one of [4, 8, 16, 32]"]),
    # the budget, by both rules and with held-out images
    ({"budget_rule": "each"}, ["budget_rule = 'each'", "'per_class'", "'total'"]),
    ({"budget_rule": "total", "budget": 9}, ["budget = 9", "at least 10", "lwf", "digits"]),
    ({"budget_rule": "total", "budget": 585}, ["budget = 585", "at most 58", "digits"]),
    ({"method": "bic", "budget": 1, "exemplars": "herding"}, ["budget = 1", "at least 2", "bic"]),
    ({"method": "bic", "budget": 117}, ["budget = 117", "at most 116"]),  # of which a tenth is held out
    ({"method": "bic", "budget": 19, "budget_rule": "total"}, ["budget = 19", "at least 20", "bic"]),
    ({"dataset": "cifar100", "budget": 501}, ["budget = 501", "at most 500", "cifar100"]),
    ({"budget": 29, "budget_rule": "total", "adjust": 3}, ["adjust = 3", "0 (off)", "2 to 2"]),
    ({"method": "bic", "budget": 4, "adjust": 4}, ["adjust = 4", "0 (off)", "2 to 3"]),
    ({"method": "bic", "budget": 2, "adjust": 2}, ["adjust = 2", "0 (off)", "a split needs 2"]),
    ({"storage": "float16"}, ["storage = 'float16'", "'float32'", "'uint8'"]),
    # heads
    ({"network": {"head": "mlp"}}, ["network.head = 'mlp'", "'method'", "'linear'", "'cosine'"]),
    ({"method": "lucir", "network": {"head": "linear"}}, ["network.head = 'linear'", "must be cosine", "lucir"]),
    # no exemplars
    ({"exemplars": "none"}, ["finetune = True", "off", "exemplars = 'none'"]),
    ({"exemplars": "none", "finetune": False, "adjust": 2}, ["adjust = 2", "off", "exemplars = 'none'"]),
    ({"exemplars": "none", "finetune": False, "from_scratch": 9}, ["from_scratch = 9: must be off where", "'none'"]),
    ({"from_scratch": -1}, ["from_scratch = -1", "0"]),
    ({"from_scratch": 9.0}, ["from_scratch = 9.0", "integer"]),
    *(
        ({"method": name, "exemplars": "none", "finetune": False}, ["exemplars = 'none'", name, "random, herding or"])
        for name in ("icarl", "bic")
    ),
    *(
        ({"method": "joint", "exemplars": kind}, [f"exemplars = '{kind}'", "must be 'none'", "joint"])
        for kind in ("random", "herding", "mnemonics")
    ),
    # the exemplar level
    ({"exemplar_level": {"adjust_epochs": 0}}, ["exemplar_level.adjust_epochs = 0", "1"]),
    ({"exemplar_level": {"adjust_epochs": 4.0}}, ["exemplar_level.adjust_epochs = 4.0", "integer"]),
    ({"exemplar_level": {"inner_batch": -1}}, ["exemplar_level.inner_batch = -1", "0"]),
    ({"exemplar_level": {"inner_batch": 9, "inner": "ncm"}}, ["exemplar_level.inner_batch = 9", "0 or at least 10"]),
    ({"exemplar_level": {"inner_batch": 1, "inner": "ridge"}}, ["exemplar_level.inner_batch = 1", "'ridge'"]),
    ({"exemplar_level": {"inner_batch": "all"}}, ["exemplar_level.inner_batch = 'all'", "integer"]),
    ({"exemplar_level": {"inner": "all"}}, ["exemplar_level.inner = 'all'", "'full', 'head', 'ncm' or 'ridge'"]),
    ({"exemplar_level": {"optimizer": "lbfgs"}}, ["exemplar_level.optimizer = 'lbfgs'", "'sgd'", "'adam'"]),
    ({"exemplar_level": {"displacement": "none"}}, ["exemplar_level.displacement = 'none'", "'own' or 'shuffled'"]),
    ({"exemplar_level": {"beta": math.nan}}, ["exemplar_level.beta = nan", "finite"]),
    ({"training": {"rate": math.inf}}, ["training.rate = inf", "finite"]),
    ({"training": {"rate": 0.0}}, ["training.rate = 0.0", "0"]),
    ({"training": {"lam": 1.1}}, ["training.lam = 1.1", "1"]),
    ({"training": {"temperature": 0}}, ["training.temperature = 0", "0"]),
    ({"training": {"momentum": 1.0}}, ["training.momentum = 1.0", "1"]),
    ({"training": {"batch_size": 1}}, ["training.batch_size = 1", "2"]),
    ({"training": {"milestones": [0.5, 0.3]}}, ["training.milestones = [0.5, 0.3]", "increasing"]),
    ({"training": {"milestones": [0.3, 0.3]}}, ["training.milestones = [0.3, 0.3]", "increasing"]),
    ({"finetuning": {"milestones": [0, 0.3]}}, ["finetuning.milestones = [0.0, 0.3]", "above 0 and below 1"]),
    ({"training": {"milestones": [0.5, 1]}}, ["training.milestones = [0.5, 1.0]", "above 0 and below 1"]),
    ({"training": {"milestones": [15, 23]}}, ["training.milestones = [15.0, 23.0]", "of 30 write [0.5, 0.7667]"]),
    ({"training": {"milestones": [15, 30]}}, ["of 30 write [0.5]"]),  # a drop after the last epoch has no effect
    # which classes, and when
    ({"classes": [1]}, ["classes = [1]", "empty (all) or first and last"]),
    ({"classes": [3, 4]}, ["classes = [3, 4]", "first + 2 <= last"]),
    ({"classes": [-2, 4]}, ["classes = [-2, 4]", "0 <= first"]),
    ({"classes": [4, 11]}, ["classes = [4, 11]", "last <= 10", "digits"]),
    ({"classes": [6, 2]}, ["classes = [6, 2]", "first + 2 <= last"]),
    ({"classes": "all"}, ["classes = 'all'", "list"]),
    ({"classes": [0, 6.0]}, ["classes.1 = 6.0", "integer"]),
    ({"classes": [0, 6]}, ["phases = 5", "3 classes that follow the first 3", "(1, 3)", "uneven"]),
    ({"first_share": 0.0}, ["first_share = 0.0", "greater than 0"]),
    ({"first_share": 1.0}, ["first_share = 1.0", "less than 1"]),
    ({"first_share": 0.3}, ["phases = 5", "7 classes that follow the first 3", "(1, 7)"]),
    ({"phases": 6, "uneven": True}, ["phases = 6", "must be 1 to 5, the classes that follow the first 5"]),
    ({"uneven": "yes"}, ["uneven = 'yes'", "boolean"]),
    ({"classes": [0, 4], "phases": 1, "budget": 7, "budget_rule": "total", "adjust": 2}, ["adjust = 2", "needs 2"]),
    ({"first_share": 0.2, "phases": 8, "budget": 234, "budget_rule": "total"}, ["budget = 234", "at most 233"]),
    ({"exemplar_level": {"inner_batch": 3, "inner": "ncm"}, "classes": [0, 4], "phases": 2}, ["0 or at least 4"]),
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
    assert parse_config({"budget": budget, "exemplars": "random"}).budget == budget


@pytest.mark.parametrize("adjust", [0, 2, 3, 20])
def test_adjust_is_off_or_two_splits_up_to_the_budget(adjust):
    assert parse_config({"budget": 20, "adjust": adjust}).adjust == adjust


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
        return [value / 2, value + 0.25, value + 0.01]
    if kind is int:
        return {"depth": [14, 20], "resolution": [4, 8]}.get(name, [value + 1, value - 1, value + 2, 1, 5])
    if name == "method":
        return list(METHODS)
    if get_origin(kind) is list:
        return [value[:-1] or [0, 10]]
    return [f"{value}x"]


def paths(values: dict[str, Any], where: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Path of every value in nested mappings."""
    found: set[tuple[str, ...]] = set()
    for name, value in values.items():
        found |= paths(value, (*where, name)) if isinstance(value, dict) else {(*where, name)}
    return found


OWN = ("folder",)  # a section that only pictures of one's own have; tests/data/test_declared.py has its fields


@pytest.mark.parametrize("path", sorted(leaves(RunConfig).keys() - {OWN}), ids=".".join)
def test_every_field_changes_the_digest(path):
    *sections, name = path
    kind, changed = leaves(RunConfig)[path], 0
    start = RunConfig().replace(
        budget=20, finetune=False, exemplar_level={"start": "theta"}
    )  # from where every field can be changed by itself
    base = start.model_dump()
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
        assert config.digest != start.digest
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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"phases": 3}, "phases = 3: must divide"),
        ({"sed": 1}, "sed = 1: unknown key (did you mean seed?)"),
        ({"training": {"epoch": 1}}, "training.epoch = 1: unknown key (did you mean epochs?)"),
        ({"training": 1}, "training = 1"),
        ({"training.epochs": 1}, "training.epochs = 1: unknown key"),
    ],
)
def test_replace_validates_again_and_names_what_it_refuses(change, said):
    with pytest.raises(ConfigError) as caught:
        RunConfig().replace(**change)
    assert said in str(caught.value)


@pytest.mark.parametrize("section", ["network", "training", "exemplar_level", "finetuning"])
def test_a_section_in_replace_keeps_its_other_fields_and_in_a_file_takes_their_defaults(section):
    field, value = {"network": ("width", 16)}.get(section, ("epochs", 7))
    other = {"network": {"depth": 14}}.get(section, {"batch_norm": "running", "epochs": 9})
    config = RunConfig().replace(exemplar_level={"start": "theta"}).replace(**{section: other})
    kept = getattr(config.replace(**{section: {field: value}}), section)
    assert kept.model_dump() == getattr(config, section).model_dump() | {field: value}
    default = getattr(parse_config({section: {field: value}}), section)
    assert default.model_dump() == getattr(RunConfig(), section).model_dump() | {field: value}
    assert kept != default


def test_a_validated_configuration_cannot_be_reassigned():
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().seed = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().training.epochs = 1  # type: ignore[misc]


# Section 5.1: beta 0.01, halved every 10 of 50 epochs; alpha_2 0.01; Theta' trained for 50 epochs; SGD; a random
# subset. What the paper leaves open is the plainest choice.
PAPER_LEVEL = {
    "objective": "eq7",
    "inner": "full",
    "engine": "higher",
    "init": "random",
    "start": "theta",
    "perturbation": 0.5,
    "inner_steps": 50,
    "inner_batch": 0,
    "alpha": 0.01,
    "inner_momentum": 0.0,
    "inner_weight_decay": 0.0,
    "truncate": 0,
    "ridge": 1e-3,
    "inner_augment": False,
    "batch_norm": "batch",
    "epochs": 50,
    "adjust_epochs": 50,
    "val_batch": 128,
    "val_augment": False,
    "optimizer": "sgd",
    "beta": 0.01,
    "halve_every": 10,
    "clip": False,
    "displacement": "own",
}


def papers(**changes: Any) -> RunConfig:
    """Trained and adjusted exemplars with the paper's numbers but for some of them."""
    return RunConfig().replace(budget=20, adjust=2, exemplar_level=PAPER_LEVEL | changes)


def test_the_recipe_is_the_papers_only_with_all_of_the_papers_numbers():
    assert PAPER_EXEMPLAR_LEVEL.model_dump() == PAPER_LEVEL
    assert papers().recipe == "paper"
    kinds = {path[-1]: kind for path, kind in leaves(RunConfig).items() if path[0] == "exemplar_level"}
    tried = set()
    for field, value in PAPER_LEVEL.items():
        for other in another(kinds[field], value, field):
            try:
                config = papers(**{field: other})
            except ConfigError:
                continue
            if config != papers():
                tried.add(field)
                assert config.recipe == ("paper" if field in {"perturbation", "engine", "ridge"} else "tuned"), field
    assert tried == set(PAPER_LEVEL)


def test_a_field_without_effect_does_not_count_in_the_recipe():
    assert papers(engine="adjoint").recipe == "paper"  # the same gradient
    assert papers(ridge=0.1).recipe == "paper"  # inner = full
    assert papers(perturbation=0.1).recipe == "paper"  # start = theta
    assert papers(perturbation=0.1, start="perturbed").recipe == "tuned"
    for kind in ("random", "herding"):
        plain = RunConfig().replace(exemplars=kind, exemplar_level={"beta": 3.0})
        assert plain.recipe == "paper"
        assert plain.replace(adjust=2).recipe == "tuned"
    # Exemplars are trained but old ones are not adjusted: the epochs of Eq. 10 are not used.
    assert papers(adjust_epochs=7).recipe == "tuned"
    assert papers(adjust_epochs=7).replace(adjust=0).recipe == "paper"
    # Real exemplars are adjusted: Eq. 9's start, objective and epochs are not used.
    for change in ({"init": "herding"}, {"objective": "eq4b"}, {"epochs": 7}, {"displacement": "shuffled"}):
        assert papers(**change).recipe == "tuned"
        assert papers(**change).replace(exemplars="random").recipe == "paper"


def test_every_parameter_file_loads_and_spells_out_every_field(root):
    files = sorted((root / "params").glob("*/*.yaml"))
    assert files
    for path in files:
        load_config(path)
        assert paths(read_yaml(path)) == leaves(RunConfig).keys() - {OWN}, path.name


def test_the_defaults_are_the_quick_digits_run(root):
    assert load_config(root / "params" / "quick" / "digits-n5.yaml") == RunConfig()


# --- the paper's numbers, to the letter ------------------------------------------------------------------------------


@pytest.mark.parametrize("phases", [5, 10, 25])
def test_the_papers_parameter_files_are_section_5_1_to_the_letter(root, phases):
    sgd = {"batch_size": 128, "momentum": 0.9, "weight_decay": 5e-4, "batch_norm": "batch"}
    sgd |= {"augment": True, "precision": "float32"}
    expected = {
        "dataset": "cifar100",
        "resolution": 0,  # 32 x 32
        "profile": "paper",
        "phases": phases,
        "order_seed": 1993,
        "classes": [],
        "first_share": 0.5,
        "uneven": False,
        "method": "lucir",
        "exemplars": "mnemonics",
        "budget": 20,
        "budget_rule": "per_class",
        "storage": "float32",
        "adjust": 2,  # A and B
        "weight_transfer": True,
        "finetune": True,
        "from_scratch": 0,
        "seed": 0,
        "network": {"name": "cifar_resnet", "depth": 32, "width": 16, "head": "method"},
        "training": {"epochs": 160, "rate": 0.1, "milestones": [0.5, 0.75], "gamma": 0.1, **sgd, "lam": 0.5}
        | {"temperature": 2.0, "lambda_base": 5.0},
        "exemplar_level": PAPER_LEVEL | {"engine": "adjoint"},  # the same gradient, in memory that there is
        "finetuning": {"epochs": 50, "rate": 0.01, "milestones": [0.2, 0.4, 0.6, 0.8], "gamma": 0.5, **sgd},
    }
    path = root / "params" / "paper" / f"cifar100-n{phases}.yaml"
    assert read_yaml(path) == expected
    config = load_config(path)
    assert config.model_dump() == expected
    assert (config.recipe, config.head) == ("paper", "cosine")
    assert config.training.milestone_epochs() == [80, 120]
    assert config.finetuning.milestone_epochs() == [10, 20, 30, 40]


def test_there_is_a_papers_file_for_each_n_of_the_tables(root):
    files = sorted(path.name for path in (root / "params" / "paper").iterdir())
    names = ("cifar100", "imagenet", "imagenet_subset", "tiny_imagenet")
    assert files == sorted(f"{name}-n{phases}.yaml" for name in names for phases in (10, 25, 5))


@pytest.mark.parametrize("phases", [5, 10, 25])
@pytest.mark.parametrize(("name", "first"), [("imagenet_subset", 50), ("imagenet", 500)])
def test_the_papers_files_for_imagenet_differ_from_cifar_s_in_what_section_5_1_says_alone(root, name, first, phases):
    cifar, found = (
        load_config(root / "params" / "paper" / f"{of}-n{phases}.yaml").model_dump() for of in ("cifar100", name)
    )
    assert load_config(root / "params" / "paper" / f"{name}-n{phases}.yaml").training.milestone_epochs() == [30, 60]
    assert found["training"].pop("milestones") == [0.3333, 0.6667]
    assert (found["training"]["epochs"], found["training"]["lambda_base"]) == (90, 10.0)
    assert found.pop("network") == {**cifar.pop("network"), "name": "resnet18"}
    assert found["exemplar_level"].pop("inner_batch") == 128  # the one choice that is made, and said
    assert cifar["exemplar_level"].pop("inner_batch") == 0
    changed = {field for field in cifar if cifar[field] != found[field]}
    assert changed == {"dataset", "training"}
    assert {field for field in cifar["training"] if cifar["training"][field] != found["training"].get(field)} == {
        "epochs",
        "lambda_base",
        "milestones",
    }
    config = load_config(root / "params" / "paper" / f"{name}-n{phases}.yaml")
    assert config.protocol().seen(0) == first
    assert config.head == "cosine"


PROFILES = {
    "quick": {"digits"},
    "small": {"cifar100", "tiny_imagenet_100"},
    "medium": {"cifar100"},
    "paper": {"cifar100", "imagenet", "imagenet_subset", "tiny_imagenet"},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_files_of_one_profile_and_data_set_differ_in_n_alone(root, profile):
    all_of_them = [load_config(path) for path in sorted((root / "params" / profile).glob("*.yaml"))]
    assert {config.dataset for config in all_of_them} == PROFILES[profile]
    assert all(config.profile == profile for config in all_of_them)
    for dataset in PROFILES[profile]:
        configs = [config for config in all_of_them if config.dataset == dataset]
        assert len({config.phases for config in configs}) == len(configs) > 1
        assert len({config.replace(phases=1).digest for config in configs}) == 1


@pytest.mark.parametrize(
    ("profile", "name", "changes"),
    [
        ("small", "tiny_imagenet_100", {"resolution": 32, "training": {"epochs": 100}}),
        ("paper", "tiny_imagenet", {}),
    ],
)
@pytest.mark.parametrize("phases", [5, 10])
def test_files_for_tiny_imagenet_are_those_for_cifar_but_for_what_they_say(root, profile, name, changes, phases):
    cifar, found = (load_config(root / "params" / profile / f"{of}-n{phases}.yaml") for of in ("cifar100", name))
    assert found == cifar.replace(dataset=name, **changes)


@pytest.mark.parametrize("profile", ["small", "medium"])
def test_profiles_near_the_paper_s_regime_leave_the_first_20_classes_to_choices(root, profile):
    for path in (root / "params" / profile).glob("*.yaml"):
        assert load_config(path).classes[0] >= 20


# --- budgets ---------------------------------------------------------------------------------------------------------


def accepted(**values: Any) -> RunConfig | None:
    try:
        return parse_config(values)
    except ConfigError:
        return None


datasets, methods = st.sampled_from(sorted(DATASETS)), st.sampled_from(sorted(set(METHODS) - {"joint"}))


@given(datasets, methods, st.integers(1, 700))
def test_a_budget_per_class_is_what_each_class_has_whatever_the_number_of_classes(dataset, method, budget):
    info, least = DATASETS[dataset], 2 if method == "bic" else 1
    config = accepted(dataset=dataset, method=method, budget=budget, exemplars="herding")
    assert (config is not None) is (least <= budget <= info.images_per_class)
    if config:
        quotas = {config.quota(classes) for classes in range(info.classes // 2, info.classes + 1)}
        ((train, held_out),) = quotas
        assert train + held_out == budget
        assert train >= 1
        assert held_out == (math.ceil(Fraction(budget, 10)) if method == "bic" else 0)


@given(datasets, methods, st.integers(1, 60_000))
def test_a_total_budget_is_shared_evenly_and_never_exceeded(dataset, method, budget):
    info, least = DATASETS[dataset], 2 if method == "bic" else 1
    half = info.classes // 2
    config = accepted(dataset=dataset, method=method, budget=budget, budget_rule="total", exemplars="herding")
    assert (config is not None) is (budget >= least * info.classes and budget // half <= info.images_per_class)
    if config:
        before = config.quota(half)
        for classes in range(half, info.classes + 1):
            train, held_out = config.quota(classes)
            assert budget - classes < classes * (train + held_out) <= budget  # not one more per class would fit
            assert train >= 1
            assert held_out == (math.ceil(Fraction(train + held_out, 10)) if method == "bic" else 0)
            assert train <= before[0]  # a memory only ever shrinks
            assert held_out <= before[1]
            before = train, held_out


@given(datasets, methods, st.sampled_from(["per_class", "total"]), st.integers(1, 60_000))
def test_the_limit_a_refusal_names_is_itself_accepted(dataset, method, rule, budget):
    values: dict[str, Any] = {"dataset": dataset, "method": method, "budget_rule": rule, "exemplars": "herding"}
    if accepted(**values, budget=budget) is None:
        with pytest.raises(ConfigError) as caught:
            parse_config({**values, "budget": budget})
        limit = re.search(r"must be at (?:most|least) (\d+)", str(caught.value))
        assert limit, caught.value
        assert accepted(**values, budget=int(limit[1])) is not None


@given(methods, st.sampled_from(["per_class", "total"]), st.integers(2, 110), st.integers(0, 30))
def test_adjusting_needs_an_exemplar_of_each_class_in_each_split_to_the_last_phase(method, rule, budget, adjust):
    values: dict[str, Any] = {"method": method, "budget_rule": rule, "budget": budget}
    plain = accepted(**values)
    config = accepted(**values, adjust=adjust)
    expected = plain is not None and (adjust == 0 or 2 <= adjust <= plain.quota(10)[0])
    assert (config is not None) is expected


def test_the_budget_of_2000_in_all_is_40_per_class_at_first_and_20_at_the_end():
    config = parse_config({"dataset": "cifar100", "budget": 2000, "budget_rule": "total"})
    assert [config.quota(classes) for classes in (50, 60, 70, 80, 90, 100)] == [
        (each, 0) for each in (40, 33, 28, 25, 22, 20)
    ]
    assert config.replace(method="bic").quota(100) == (18, 2)


@pytest.mark.parametrize("method", ["lwf", "lucir", "joint", "finetune"])
def test_without_exemplars_there_is_no_budget_to_check(method):
    config = parse_config({"method": method, "exemplars": "none", "finetune": False, "budget": 10**9})
    assert config.quota(10) == (0, 0)


# --- cross-field values that are accepted ----------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_every_resolution_that_divides_the_data_sets_own_is_accepted(dataset):
    native = DATASETS[dataset].shape[1]
    for resolution in range(-1, 2 * native + 1):
        allowed = resolution == 0 or (4 <= resolution <= native and native % resolution == 0)
        assert (accepted(dataset=dataset, resolution=resolution) is not None) is allowed, resolution


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("head", ["method", "linear", "cosine"])
def test_the_head_in_use_is_the_one_named_or_the_methods_own(method, head):
    keep = {"exemplars": "none", "finetune": False} if method == "joint" else {}
    config = accepted(method=method, network={"head": head}, budget=4, **keep)
    own = "cosine" if method == "lucir" else "linear"
    if head == "linear" and method == "lucir":
        assert config is None
    else:
        assert config is not None
        assert config.head == (own if head == "method" else head)


@given(st.sampled_from(sorted(METHODS)), st.sampled_from(["none", "random", "herding", "mnemonics"]), st.booleans())
def test_which_methods_take_which_exemplars(method, exemplars, finetune):
    config = accepted(method=method, exemplars=exemplars, finetune=finetune, budget=4)
    if exemplars == "none":
        allowed = method in ("lwf", "lucir", "joint", "finetune") and not finetune
    else:
        allowed = method != "joint"
    assert (config is not None) is allowed


def test_displacements_are_not_shuffled_where_a_phase_trains_one_exemplar_alone():
    level = {"displacement": "shuffled", "batch_norm": "running", "start": "theta"}
    with pytest.raises(ConfigError) as caught:
        parse_config({"budget": 1, "exemplar_level": level})
    assert str(caught.value).startswith(
        "configuration: exemplar_level.displacement = 'shuffled': must be 'own' where a phase trains one exemplar "
        "alone, as phase 1 does with budget = 1"
    )
    for other in ({"budget": 2}, {"phases": 1}, {"exemplars": "random"}):  # two of a class, of five, none
        assert parse_config({"budget": 1, "exemplar_level": level, **other})
    assert parse_config({"budget": 1, "exemplar_level": level | {"displacement": "own"}})


def test_sections_that_a_run_never_reads_are_not_in_effect():
    config = parse_config({"exemplars": "herding", "finetune": False})
    same = config.replace(exemplar_level={"beta": 0.5}, finetuning={"epochs": 3})
    assert config.digest != same.digest
    assert config.in_effect() == same.in_effect()
    for change in ({"exemplars": "mnemonics"}, {"adjust": 2}):
        assert config.replace(**change).in_effect() != same.replace(**change).in_effect()
    assert config.in_effect() == config.replace(classes=[0, 10]).in_effect()  # all of them, either way
    assert config.in_effect() != config.replace(classes=[0, 5], phases=1, uneven=True).in_effect()
    tuned = config.replace(finetune=True)
    assert tuned.in_effect() != tuned.replace(finetuning={"epochs": 3}).in_effect()
    assert config.in_effect() != config.replace(training={"epochs": 3}).in_effect()
    trained = parse_config({})
    adjoint = trained.replace(exemplar_level={"engine": "adjoint"})
    assert trained.in_effect() == adjoint.in_effect()  # the same gradient by another engine
    assert trained.digest != adjoint.digest


def test_everything_that_counts_classes_follows_those_in_use():
    config = parse_config({"classes": [2, 8], "first_share": 0.34, "phases": 3, "uneven": True})
    protocol = config.protocol()
    assert protocol.order == class_order(10)[2:8]
    assert [protocol.bounds(phase) for phase in range(4)] == [(0, 2), (2, 4), (4, 5), (5, 6)]
    # A total of 24 is 12 images of each class at first and 4 at the end; of all ten digits it would be 4 and 2.
    total = config.replace(budget=24, budget_rule="total", adjust=4)
    assert (total.quota(2), total.quota(6)) == ((12, 0), (4, 0))
    with pytest.raises(ConfigError, match=r"budget = 234: must be at most 233"):
        config.replace(budget=234, budget_rule="total")
    assert config.replace(exemplar_level={"inner": "ncm", "inner_batch": 6}).exemplar_level.inner_batch == 6


# --- every number has bounds -----------------------------------------------------------------------------------------

NUMBERS = sorted(path for path, kind in leaves(RunConfig).items() if kind in (int, float))
wild = (
    st.integers()
    | st.integers(0, 40)
    | st.integers(0, 400).map(lambda power: 10**power)
    | st.just(10**5000)
    | st.just(-(10**5000))
    | st.floats()
    | st.floats(0, 1)
)


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
@given(data=st.data())
def test_any_number_in_any_field_is_refused_by_name_or_everything_can_be_computed(path, data):
    *section, name = path
    value = data.draw(wild)
    values: dict[str, Any] = {"phases": 1, "uneven": True, "budget": 20}
    values |= {section[0]: {name: value}} if section else {name: value}
    config = accepted(**values)
    if config is None:
        with pytest.raises(ConfigError) as caught:
            parse_config(values)
        assert f"{'.'.join(path)} = " in str(caught.value)
        assert len(str(caught.value)) < 1000
        return
    protocol = config.protocol()
    assert [config.quota(protocol.seen(phase)) for phase in range(config.phases + 1)]
    for schedule in (config.training, config.finetuning, config.training_from_scratch):
        assert all(0 < epoch < 2**31 for epoch in schedule.milestone_epochs())
    assert parse_config(parse_yaml(config.to_yaml())).digest == config.digest
    assert runs.name_of(config)
    assert derive(config.seed, "network") < 2**63
    found = getattr(getattr(config, section[0]) if section else config, name)
    assert torch.tensor(found, dtype=torch.float64 if isinstance(found, float) else torch.int64) == value
    assert torch.tensor(float(found)).isfinite()  # in float32, in which it is used


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
def test_a_number_without_end_is_refused_by_name_in_a_short_message(path):
    *section, name = path
    for value in (10**30, 10**400, 10**5000, math.inf, -math.inf, math.nan, -(10**400)):
        with pytest.raises(ConfigError) as caught:
            parse_config({section[0]: {name: value}} if section else {name: value})
        assert f"{'.'.join(path)} = {shown(value)}: " in str(caught.value)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("depth", [8, 14, 32, 110, 1202])
def test_the_widest_network_has_as_many_weights_as_its_refusal_says(depth):
    with pytest.raises(ConfigError) as caught:
        parse_config({"network": {"depth": depth, "width": 1024}})
    limit = re.search(r"network\.width = 1024: must be at most (\d+) where", str(caught.value))
    assert limit
    widest = parse_config({"network": {"depth": depth, "width": int(limit[1])}}).network
    with torch.device("meta"):  # which counts, and allocates nothing
        weights = sum(p.numel() for p in ResNet(widest.depth, 3, widest.width).parameters())
    assert 0.75 * MOST_WEIGHTS < weights < 1.02 * MOST_WEIGHTS


def test_long_texts_and_lists_are_refused_in_a_short_message():
    for values in (
        {"profile": "x" * 65},
        {"profile": "x" * 10**6},
        {"method": "x" * 10**6},
        {"dataset": "x" * 10**6},
        {"classes": list(range(10**5))},
        {"classes": [0, 10**5000]},
        {"classes": ["a"] * 1000},
        {"training": {"milestones": [k / 1001 for k in range(1, 1001)]}},
        {"training": {"milestones": [float(k) for k in range(1, 200)]}},
        {"x" * 10_000: 1},
        {"training": {"x" * 10_000: 1}},
        {f"field {k}": 1 for k in range(1000)},
        {"network": {"depth": {"x": [[[[[1] * 1000]]]]}}},
    ):
        with pytest.raises(ConfigError) as caught:
            parse_config(values)
        lines = str(caught.value).splitlines()
        assert len(lines) <= MOST + 1
        assert all(len(line) < 2000 for line in lines)
        assert next(iter(values))[:50] in str(caught.value)
        if len(values) == 1000:
            assert lines[-1] == "and 980 more"


# --- running statistics that do not fit ------------------------------------------------------------------------------

RUNNING: dict[str, Any] = {"start": "perturbed", "perturbation": 0.5, "batch_norm": "running"}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, True),
        ({"weight_transfer": True}, True),  # not in phase 0, which trains exemplars too
        ({"exemplars": "herding", "adjust": 2}, True),
        ({"exemplars": "herding", "adjust": 2, "weight_transfer": True}, False),
        ({"exemplars": "herding"}, False),  # no temporary model
        ({"exemplar_level": {"perturbation": 0.0}}, False),
        ({"exemplar_level": {"perturbation": 1e-3}}, True),
        ({"exemplar_level": {"start": "theta"}}, False),
        ({"exemplar_level": {"batch_norm": "batch"}}, False),
        ({"training": {"batch_norm": "running"}}, False),  # the statistics are those of no network
    ],
    ids=str,
)
def test_a_perturbed_start_is_refused_where_running_statistics_do_not_fit_it(change, refused):
    level = RUNNING | change.get("exemplar_level", {})
    values = {"budget": 4} | change | {"exemplar_level": level}
    if not refused:
        assert parse_config(values)
        return
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert "exemplar_level.start = 'perturbed': must be 'theta'" in str(caught.value)
    assert "exemplar_level.batch_norm = 'running'" in str(caught.value)


def test_the_paper_s_two_budgets_for_imagenet_are_20_a_class_in_the_end():
    """20 a class; and a total of 20,000, of which the 500 classes of phase 0 have 40 each."""
    for rule, budget, first in (("per_class", 20, 20), ("total", 20_000, 40)):
        config = parse_config({"dataset": "imagenet", "budget": budget, "budget_rule": rule, "adjust": 2})
        assert config.protocol().seen(0) == 500
        assert config.quota(500) == (first, 0)
        assert config.quota(1000) == (20, 0)
