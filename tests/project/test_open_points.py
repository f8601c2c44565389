"""What the paper leaves open: the column of the evidence's recipe says what the configuration of its studies has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mnemonics_lib.config import RunConfig, load_config
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.edition.studies.study import study_file
from mnemonics_lib.paths import PARAMS, ROOT

QUICK = load_config(PARAMS / "quick" / "digits-n5.yaml")

SAME = "the same"


def of_evidence(budget: int) -> RunConfig:
    """The configuration of a run with trained exemplars of the primary study, with so many exemplars a class."""
    runs = plan(study_file("evidence/primary")).runs
    return next(run.config for run in runs if run.arm == f"lucir-trained-{budget}")


FEW, MANY = of_evidence(5), of_evidence(20)


def rows() -> dict[str, tuple[str, list[str]]]:
    """Question -> the cell of the evidence's recipe, and the fields of the row."""
    text = (ROOT / "book" / "method" / "open_points.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line[:2] == "| "]
    head, *body = [row for row in cells if len(row) == 6]
    assert head[4] == "Here, the evidence (`--recipe tuned`)"
    return {row[0]: (row[4], re.findall(r"`([\w.]+)`", row[5])) for row in body}


ROWS = rows()


def value(config: RunConfig, field: str) -> Any:
    """A field of a configuration by its dotted name."""
    found: Any = config
    for name in field.split("."):
        found = getattr(found, name)
    return found


WORDS: dict[str, Callable[[], str]] = {
    "exemplar_level.init": lambda: {"herding": "herding's", "random": "a random subset"}[FEW.exemplar_level.init],
    "exemplar_level.inner_steps": lambda: (
        f"{FEW.exemplar_level.inner_steps} full-batch steps up to 5 a class, {MANY.exemplar_level.inner_steps} above; "
        f"{FEW.exemplar_level.alpha:g}"
    ),
    "exemplar_level.inner_momentum": lambda: (
        f"none up to 5 a class, {MANY.exemplar_level.inner_momentum:g} above; no decay"
    ),
    "exemplar_level.val_batch": lambda: f"up to {FEW.exemplar_level.val_batch:,}: all of $D_i$ from phase 1 on",
    "exemplar_level.beta": lambda: f"{FEW.exemplar_level.optimizer.title()}, {FEW.exemplar_level.beta:g}",
    "exemplar_level.epochs": lambda: f"{FEW.exemplar_level.epochs} epochs, constant",
    "adjust": lambda: f"{SAME}, where a study does not ask for it",
    "finetune": lambda: f"on, {FEW.finetuning.epochs} epochs; all trainable parameters",
    "weight_transfer": lambda: "on",
    "budget": lambda: f"{FEW.budget} and {MANY.budget} per class",
}
"""A field -> the cell of the row that has it, from the configuration."""


@pytest.mark.parametrize("question", ROWS)
def test_a_cell_says_what_the_evidence_has(question: str):
    cell, fields = ROWS[question]
    assert fields
    if cell == SAME:
        assert all(value(QUICK, field) == value(FEW, field) == value(MANY, field) for field in fields)
    else:
        (field,) = (each for each in fields if each in WORDS)
        assert cell == WORDS[field]()


def test_what_the_cells_take_for_granted():
    few, many = FEW.exemplar_level, MANY.exemplar_level
    apart = {"inner_steps", "inner_momentum", "truncate"}
    assert {name for name, of in few if of != getattr(many, name)} == apart
    assert (few.inner_batch, few.inner_momentum, few.inner_weight_decay, few.halve_every) == (0, 0, 0, 0)
    assert (few.truncate, many.truncate, QUICK.exemplar_level.truncate) == (0, 10, 0)
    assert (FEW.weight_transfer, FEW.finetune) == (True, True)


def test_the_recipe_of_the_evidence_is_the_one_that_the_head_names():
    for config in (FEW, MANY):
        named = load_config(PARAMS / "small" / "cifar100-n5.yaml", [f"budget={config.budget}"], None, "tuned")
        assert named.exemplar_level == config.exemplar_level
