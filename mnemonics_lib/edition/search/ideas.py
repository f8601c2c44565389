"""Ideas of the search: which of them were tried with nothing else changed, and with which budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mnemonics_lib.edition.names import NAMES
from mnemonics_lib.edition.search.changes import Changes, changes
from mnemonics_lib.edition.search.runs import Runs, runs
from mnemonics_lib.paths import RECORDS

LOOP = {f"exemplar_level.{field}" for field in ("inner_steps", "inner_batch", "alpha", "inner_momentum", "truncate")}
"""Fields of the inner loop. An idea may come with any loop and is still tried by itself."""

BELONGS = {"labels.replay"}
"""What is no change of its own: exemplars with soft labels keep them in later training."""

ANY = object()
"""For a value of a change that does not matter."""

DROPPED: Mapping[str, Mapping[str, Any]] = {
    "labels softened by the network that chose the exemplars": {"labels.from": "own"},
    "the exemplars' own loss as an anchor": {"anchor": ANY},
    "convolutions frozen before $\\mathcal{E}_0$ is trained": {"transfer_first": ANY},
    "starts at networks that were trained on half of the classes": {"forget": ANY},
    "half real exemplars": {"half": ANY},
    "low-pass displacements": {"lowpass": ANY},
}
"""What the search itself tried in Eq. 7 and dropped, by what a run of it changes."""

IDEAS: Mapping[str, Mapping[str, Any]] = {
    **DROPPED,
    "larger steps on the pixels": {"exemplar_level.beta": 0.01},
    "more and smaller steps": {"exemplar_level.beta": 0.00075, "exemplar_level.epochs": ANY},
    "Eq. 4b": {"exemplar_level.objective": "eq4b"},
    "a judge of all classes alike": {"balanced": ANY},
    "a judge with running statistics that fit the perturbed network": {"recalibrate": ANY},
    "a judge on augmented batches": {"exemplar_level.val_augment": True},
    "a hypergradient averaged over several starts": {"starts": ANY},
    "steps that become smaller": {"anneal": ANY},
    "random windows of truncation": {"window": ANY},
    "labels learned with the pixels": {"labels.from": ANY, "labels.lr": ANY},
    "old exemplars adjusted": {"adjust": ANY},
    "an anchor in the adjustment": {"adjust": ANY, "adjustment": ANY, "anchor": ANY},
    "the inner problem `head`": {"exemplar_level.inner": "head"},
    "the inner problem `ncm`": {"exemplar_level.inner": "ncm"},
    "the inner problem `ridge`": {"exemplar_level.inner": "ridge"},
}
"""All of which the page says with which budget they were not tried."""


def not_tried(budget: int, records: Path = RECORDS) -> list[str]:
    """The ideas that no run with this budget has with nothing else changed but the inner loop.

    Args:
        budget: exemplars a class.
        records: directory of all committed records.
    """
    changed = [_changed(run) for run in runs(records, afterwards=True, budget=budget)]
    return [idea for idea, wanted in IDEAS.items() if not any(_alone(wanted, of_run) for of_run in changed)]


def dropped(records: Path = RECORDS) -> str:
    """Which of :data:`DROPPED` were tried with nothing else changed, which only together with more, and with what.

    Args:
        records: directory of all committed records.
    """
    every = runs(records)
    alone, together = [], []
    for idea, wanted in DROPPED.items():
        with_it = [run for run in every if _has(wanted, _changed(run))]
        if by_itself := [run for run in with_it if _alone(wanted, _changed(run))]:
            alone.append(f"{idea} ({_where(by_itself)})")
        elif with_it:
            together.append(f"{idea} ({_where(with_it)})")
    lines = ["So what else was tried is not in the library."]
    if alone:
        lines.append(f"Tried in Eq. 7 with nothing else changed but the inner loop: {'; '.join(alone)}.")
    if together:
        lines.append(
            "Tried only together with other changes, which their rows name, so that it is open what Eq. 7 gains or "
            f"loses by them alone: {'; '.join(together)}."
        )
    return " ".join(lines)


def _changed(run: Mapping[str, Any]) -> Changes:
    """What a run changes but for its inner loop."""
    return {key: value for key, value in changes(run).items() if key not in LOOP | BELONGS}


def _has(wanted: Mapping[str, Any], changed: Changes) -> bool:
    """Whether a run has an idea, with whatever else."""
    return all(key in changed and value in (ANY, changed[key]) for key, value in wanted.items())


def _alone(wanted: Mapping[str, Any], changed: Changes) -> bool:
    """Whether a run has an idea and nothing else."""
    return changed.keys() == wanted.keys() and _has(wanted, changed)


def _where(found: Runs) -> str:
    """Methods by budget: "LUCIR and LwF, 20 a class"."""
    return ", and ".join(
        f"{_methods(run['method'] for run in found if run['budget'] == budget)}, {budget} a class"
        for budget in sorted({run["budget"] for run in found})
    )


def _methods(found: Iterable[str]) -> str:
    """Names of methods, each once."""
    return " and ".join(sorted({NAMES[method] for method in found}))
