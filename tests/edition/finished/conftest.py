"""A study of seconds with its records, and the loops of its first two phases finished."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig, parse_config, read_yaml, write_yaml
from mnemonics_lib.durable.checkpoint import read_checkpoint
from mnemonics_lib.durable.commit import code_version
from mnemonics_lib.durable.provenance import environment
from mnemonics_lib.edition.finished import take
from mnemonics_lib.edition.finished.store import NAME, read_loop, write_store
from mnemonics_lib.edition.studies.plan import Plan, plan
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import State, initial_state, run_phase


@dataclass
class Study:
    """The study, and the state after its first two phases."""

    plan: Plan
    folder: Path
    state: State

    @property
    def path(self) -> str:
        return str(self.plan.path)

    @property
    def config(self) -> RunConfig:
        return self.plan.leading.config

    @property
    def store(self) -> Path:
        return self.plan.path.with_suffix("") / NAME


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, tiny_values: dict[str, Any]) -> Study:
    """It is not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    config = parse_config({**tiny_values, "exemplars": "mnemonics"})
    (folder / "tiny.yaml").write_text(config.to_yaml())
    keep = {"phases": [0], "classes": 1, "steps": 2, "embedding": False}
    arms = {"random": {"set": {"exemplars": "random"}}, "mnemonics": {"keep": keep}}
    values = {"title": "t", "params": str(folder / "tiny.yaml"), "seeds": [0], "arms": arms}
    (folder / "study.yaml").write_text(write_yaml(values))
    found = plan(folder / "study.yaml")
    for run in found.runs:
        record, path = runs.run(run.config, folder / "runs", keep=run.keep)
        for wanted, made in zip(run.files, (path, path.with_name(runs.KEPT)), strict=False):
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.write_bytes(made.read_bytes())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(take, "RUNS", folder / "runs")
        (folder / "loops").mkdir()
        patched.setenv(take.MAKING, str(folder / "loops"))
        made_runs = take.runs_of(str(found.path), config)
        state = two_phases(config, made_runs)
    _, checkpoint = read_checkpoint(path.with_name(runs.CHECKPOINT))
    loops = [read_loop(path) for path in sorted((folder / "loops").iterdir())]
    assert record.identity
    to = found.path.with_suffix("") / NAME
    write_store(to, "study", record.identity, (code_version(), environment("cpu")), loops, checkpoint)
    return Study(found, folder, state)


def two_phases(config: RunConfig, runs_here: Any) -> State:
    """The state after phase 1."""
    experiment = Experiment.of(config)
    walk, state = runs_here.driver_for(experiment), initial_state(experiment)
    for _ in range(2):
        run_phase(experiment, state, walk)
    return state


@pytest.fixture
def copied(study: Study, tmp_path: Path) -> Path:
    """The study's file, with its records beside it and parameters of its own, which may be changed."""
    shutil.copytree(study.plan.path.with_suffix(""), tmp_path / "study")
    shutil.copy(study.folder / "tiny.yaml", tmp_path / "tiny.yaml")
    values = read_yaml(study.plan.path) | {"params": str(tmp_path / "tiny.yaml")}
    (tmp_path / "study.yaml").write_text(write_yaml(values))
    return tmp_path / "study.yaml"


def edit(copied: Path, **changes: Any) -> RunConfig:
    """Change the parameters that a copied study and its notebook share, and leave its records; what they come to."""
    changed = parse_config(read_yaml(copied.with_name("tiny.yaml"))).replace(**changes)
    copied.with_name("tiny.yaml").write_text(changed.to_yaml())
    return plan(copied).leading.config
