"""What a run of the search changes, by its flags and not by its name, so that no name can hide a change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from mnemonics_lib.edition.search.runs import Runs

Changes = dict[str, Any]

AT_FIRST: Mapping[str, Any] = {
    "exemplar_level.objective": "eq7",
    "exemplar_level.inner": "full",
    "exemplar_level.start": "perturbed",
    "exemplar_level.inner_steps": 8,
    "exemplar_level.inner_batch": 0,
    "exemplar_level.alpha": 0.05,
    "exemplar_level.inner_momentum": 0.0,
    "exemplar_level.truncate": 0,
    "exemplar_level.epochs": 20,
    "exemplar_level.val_augment": False,
    "exemplar_level.beta": 0.003,
    "finetuning.batch_norm": "batch",
    "adjust": 0,
}
"""What a run has where it says nothing else: ``params/small`` as it was then, without adjustment."""

FAR_LOOP: Mapping[str, Any] = {
    "exemplar_level.inner_steps": 80,
    "exemplar_level.inner_momentum": 0.9,
    "exemplar_level.truncate": 10,
}
"""What a name means that speaks of the far loop."""

LABELS = ("labels", "labelled")

NAMED: Mapping[str, tuple[str, ...]] = {
    "exemplar_level.objective=eq4b": ("Eq. 4b",),
    "exemplar_level.inner=head": ("inner problem: the last layer alone",),
    "exemplar_level.inner=ncm": ("inner problem: nearest class means",),
    "exemplar_level.inner=ridge": ("inner problem: ridge regression",),
    "exemplar_level.start=theta": ("starts that are not perturbed", "not at perturbed ones"),
    "exemplar_level.inner_steps": ("{} inner steps",),
    "exemplar_level.inner_batch": ("{} exemplars an inner step", "of {} exemplars"),
    "exemplar_level.alpha": ("inner steps at a rate of {}", "at a rate of {} with momentum"),
    "exemplar_level.inner_momentum=0.9": ("with momentum",),
    "exemplar_level.inner_momentum": ("momentum of {} in the inner steps",),
    "exemplar_level.truncate": ("{} of them differentiated",),
    "exemplar_level.epochs=1": ("one pass over the data", "a thousandth of a step", "by noise"),
    "exemplar_level.epochs=80": ("four times the outer steps",),
    "exemplar_level.epochs": ("{} passes over the data",),
    "exemplar_level.val_augment=True": ("judged on augmented batches",),
    "exemplar_level.beta=0.00075": ("Adam 0.00075", "at a fourth of their size"),
    "exemplar_level.beta": ("Adam {}",),
    "finetuning.batch_norm=running": ("fine-tuning with running statistics",),
    "adjust": ("old exemplars adjusted",),
    "budget": ("{} a class",),
    "transfer_first": ("convolutions frozen before E_0 is trained",),
    "forget": ("on half of the classes for {0[steps]} steps at a rate of {0[lr]}",),
    "anchor=1.0": ("as strongly, their own loss", "as strongly, the exemplars' own loss"),
    "anchor": ("their own loss, {} times as strongly",),
    "adjustment": ("adjusted with, as strongly, their own loss",),
    "half": ("half of the exemplars of each class",),
    "lowpass": ("displacements averaged over {0} x {0} pixels",),
    "only=first": ("the exemplars of phase 0 alone",),
    "only=later": ("the exemplars of the later phases alone",),
    "permute": ("displacements given to other exemplars",),
    "noise": ("moved by noise of {} std", "moved as far by noise"),
    "scale=0.001": ("moved by a thousandth of a step",),
    "scale": ("displacements times {}",),
    "balanced": ("judged on all classes alike",),
    "recalibrate": ("judged as deployed",),
    "anneal=linear": ("steps that become smaller, down to nothing",),
    "starts=4": ("the hypergradient averaged over four starts",),
    "starts": ("the hypergradient averaged over {} starts",),
    "window": ("as many as drawn for each outer step",),
    "labels.from=own": (
        "labels of the network that chose them",
        "probabilities of the network that chose",
        "such labels",
    ),
    "labels.from=one-hot": ("soft labels",),
    "labels.lr": ("labels learned at a rate of {}", "soft labels learned"),
    "labels.only": ("pixels not trained", "herding's exemplars, labelled"),
    "labels.replay": ("such labels in later training, too", *LABELS),
}
"""A change, or one with its value -> what the table adds for it, and other phrases by which a name may tell it."""


def changes(run: Mapping[str, Any], base: Mapping[str, Any] = AT_FIRST) -> Changes:
    """Field or flag -> its value, of all in which a run differs from some settings.

    Fields of labels stand alone, since each is a change. A flag that is off is none.

    Args:
        run: of the search, with what it sets (``set``) and the flags of its script (``x``).
        base: the settings.
    """
    given = {**run["set"], **run["x"]}
    labels = {f"labels.{field}": value for field, value in given.pop("labels", {}).items()}
    base = {**base, "budget": run["budget"]}
    had = {**AT_FIRST, "budget": run["budget"], **given, **labels}
    return {key: value for key, value in had.items() if (value != base[key] if key in base else value)}


def unnamed(run: Mapping[str, Any]) -> list[str]:
    """What a run changes and does not tell by its name, in words; a change without words as it is written."""
    name = run["tried"]
    far = FAR_LOOP if "far loop" in name else {}
    told = [_phrases(key, value) for key, value in changes(run, {**AT_FIRST, **far}).items()]
    return [phrases[0] for phrases in told if not any(_is_in(phrase, name) for phrase in phrases)]


def full_name(found: Runs) -> str:
    """What was tried, by its name and with all changes that the name does not tell.

    Args:
        found: its runs, at least one.
    """
    of_runs = [unnamed(run) for run in found]
    added = [
        words + ("" if all(words in of_run for of_run in of_runs) else " (in some of its runs)")
        for words in dict.fromkeys(chain(*of_runs))
    ]
    return ", ".join([found[0]["tried"], *added])


def _phrases(key: str, value: Any) -> list[str]:
    """What the table adds for a change, and then all that names it."""
    templates = NAMED.get(f"{key}={value}") or NAMED.get(key)
    return [each.format(value) for each in templates] if templates else [f"`{key} = {value}`"]


def _is_in(phrase: str, name: str) -> bool:
    """Whether a name has a phrase, and not as a part of a longer number."""
    return re.search(rf"(?<![\d.]){re.escape(phrase)}(?!\.?\d)", name) is not None
