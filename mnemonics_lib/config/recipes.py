"""Recipes by which exemplars are trained, by name: with the paper's numbers, and as this project's search chose.

What goes with the size of the data stays as the parameter file has it under ``tuned``: how many outer steps there are
(``epochs``, ``adjust_epochs``, ``val_batch``), and how many exemplars an inner step takes (``inner_batch``).

Example::

    python -m mnemonics_lib run params/small/cifar100-n5.yaml --recipe tuned --set budget=5
"""

from __future__ import annotations

from typing import Any

from mnemonics_lib.config.errors import ConfigError
from mnemonics_lib.config.run import RunConfig
from mnemonics_lib.config.sections import PAPER_EXEMPLAR_LEVEL
from mnemonics_lib.config.shown import shown

Fields = dict[str, Any]

NEAR: Fields = {"inner_steps": 8, "inner_momentum": 0.0, "truncate": 0}
"""The inner loop for few exemplars: all of its steps are differentiated."""

FAR: Fields = {"inner_steps": 80, "inner_momentum": 0.9, "truncate": 10}
"""The inner loop for more: as far as fine-tuning goes, of which the last steps are differentiated."""

MOST_FOR_NEAR = 5
"""Exemplars a class up to which the loop is ``NEAR``. The search had 5 and 20 a class, and nothing in between."""

TUNED: Fields = {
    "objective": "eq7",
    "inner": "full",
    "init": "herding",
    "start": "perturbed",
    "perturbation": 0.5,
    "alpha": 0.05,
    "inner_weight_decay": 0.0,
    "inner_augment": True,
    "batch_norm": "batch",
    "val_augment": False,
    "optimizer": "adam",
    "beta": 0.003,
    "halve_every": 0,
    "clip": False,
    "displacement": "own",
}
"""All else that was chosen, the same for any number of exemplars."""

RECIPES = ("paper", "tuned")


def recipe(name: str, run: RunConfig) -> Fields:
    """Fields of the exemplar level, by the recipe's name.

    Args:
        name: one of ``RECIPES``.
        run: whose exemplars are trained. Where its budget is a total, the exemplars of a class are counted when all
            classes have been seen, and are fewest.

    Raises:
        ConfigError: for a name that is none of ``RECIPES``.
    """
    if name == "paper":
        return PAPER_EXEMPLAR_LEVEL.model_dump(exclude={"engine"})  # both engines give the paper's gradient
    if name == "tuned":
        a_class = sum(run.quota(len(run.protocol().order)))  # to train on, and held out for the method
        return TUNED | (NEAR if a_class <= MOST_FOR_NEAR else FAR)
    raise ConfigError(f"recipe = {shown(name)}: must be one of {', '.join(RECIPES)}")
