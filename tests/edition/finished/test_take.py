"""A notebook that names a study gets its finished runs and loops, and never those of anything else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import torch

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.commit import short_commit
from mnemonics_lib.durable.records import canonical, read_record
from mnemonics_lib.edition.finished import runs_of, take
from mnemonics_lib.edition.finished.store import NAME, FinishedError
from mnemonics_lib.edition.finished.take import TakenRuns
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, model_level, select_exemplars
from mnemonics_lib.kept import read_kept
from mnemonics_lib.training import Descent
from tests.edition.finished.conftest import Study, two_phases


@pytest.fixture
def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any step of a loop is a failure."""

    def refuse(loop: object) -> None:
        raise AssertionError("a step was done")

    for kind in (Descent, ExemplarTraining):
        monkeypatch.setattr(kind, "step", refuse)


def test_without_a_study_everything_is_computed():
    assert runs_of("", RunConfig()) is runs


def test_loops_are_put_at_their_end_and_no_step_is_done(study: Study, no_steps: None, capsys):
    state = two_phases(study.config, TakenRuns(study.path, study.config))
    for name, value in study.state.model.state_dict().items():
        assert torch.equal(state.model.state_dict()[name], value), name
    assert torch.equal(state.memory.images, study.state.memory.images)
    assert state.results == study.state.results
    said = capsys.readouterr().out
    assert "phase 1: model: 1 steps read from the record, none computed here" in said
    assert said.count("none computed here") == 5  # two models, two of exemplars, one fine-tuning


def test_a_loop_that_begins_otherwise_is_refused_by_name(study: Study, no_steps: None):
    experiment = Experiment.of(study.config)
    walk, state = TakenRuns(study.path, study.config).driver_for(experiment), initial_state(experiment)
    model_level(experiment, state, walk)
    select_exemplars(experiment, state)
    state.phase, state.last, state.memory = 1, None, state.memory.shrink(1)
    with pytest.raises(FinishedError, match=r"has no finished loop 'phase 1: model' .*`make finished STUDY="):
        model_level(experiment, state, walk)


def test_data_of_another_kind_are_refused(study: Study, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(take, "data_digest", lambda data: "another")
    with pytest.raises(FinishedError, match="of other images than those of digits here"):
        TakenRuns(study.path, study.config).driver_for(Experiment.of(study.config))


def test_loops_of_other_source_are_refused_with_the_command_that_makes_them(study: Study, monkeypatch):
    monkeypatch.setattr(runs, "source_of", lambda config: "b" * 64)
    with pytest.raises(FinishedError, match=r"other source than that which is here now.*`make finished STUDY="):
        runs_of(study.path, study.config)


def test_other_parameters_than_the_study_s_are_refused_by_name(study: Study):
    assert runs_of(study.path, study.config.replace(exemplars="herding"))
    with pytest.raises(FinishedError, match=r"has other parameters than this notebook \(seed, weight_transfer\)"):
        runs_of(study.path, study.config.replace(seed=1, weight_transfer=True))


def test_a_run_is_its_record(study: Study, capsys):
    taken = TakenRuns(study.path, study.config)
    record, path = taken.run(study.config.replace(exemplars="random"))
    assert path == study.plan.runs[0].record.absolute()
    assert canonical(record) == canonical(read_record(path))
    assert capsys.readouterr().out == "random, seed 0: its record is read, and it is not run here\n"
    with pytest.raises(FinishedError, match=r"has no run with exemplars = 'herding', seed = 0"):
        taken.run(study.config.replace(exemplars="herding"))


def test_what_is_kept_comes_with_it_if_it_is_what_is_asked_for(study: Study):
    taken, leading = TakenRuns(study.path, study.config), study.plan.leading
    record, path = taken.run(study.config, keep=leading.keep)
    assert read_kept(taken.kept_beside(path)).identity == record.identity
    with pytest.raises(FinishedError, match="keeps something else of mnemonics"):
        taken.run(study.config, keep=Keep())


def test_the_run_that_keeps_something_can_be_read_back(study: Study):
    taken = TakenRuns(study.path, study.config)
    record, path = taken.run(study.config)
    finished, there = taken.load_run(path), runs.load_run(study.folder / "runs" / runs.name_of(study.config))
    assert finished.results.equals(there.results)
    assert len(finished.results) == len(record.results) == study.config.phases + 1
    for name, value in there.model.state_dict().items():
        assert torch.equal(finished.model.state_dict()[name], value), name
    assert torch.equal(finished.exemplars.images, there.exemplars.images)
    with pytest.raises(FinishedError, match="no network is kept of this run"):
        taken.load_run(study.plan.runs[0].record.absolute())


def test_a_network_is_not_read_back_with_the_record_of_another_run(study: Study, monkeypatch: pytest.MonkeyPatch):
    taken = TakenRuns(study.path, study.config)
    record, path = taken.run(study.config)
    assert record.identity is not None
    other = record.model_copy(update={"identity": record.identity.model_copy(update={"data": "of other images"})})
    monkeypatch.setattr("mnemonics_lib.edition.finished.take.read_record", lambda path: other)
    with pytest.raises(FinishedError, match="of another run than"):
        taken.load_run(path)


def test_a_checkpoint_of_another_form_is_refused_with_what_to_do(study: Study):
    taken = TakenRuns(study.path, study.config)
    _, path = taken.run(study.config)
    del taken.store.checkpoint["config"]
    with pytest.raises(FinishedError, match=r"cannot be read by this library: .*; `make finished"):
        taken.load_run(path)


def test_the_reader_is_told_what_is_taken_and_of_which_commit(study: Study):
    said = TakenRuns(study.path, study.config).told()
    code = read_record(study.plan.runs[0].record).code
    commit = short_commit(code.commit, code.dirty) or "unknown"
    assert f"`{NAME}`, `random`, `mnemonics` by commit `{commit}`" in said


@pytest.mark.parametrize("file", [NAME, "mnemonics/seed-0.json"])
def test_a_file_that_is_not_there_is_named(study: Study, tmp_path: Path, file: str):
    shutil.copytree(study.plan.path.with_suffix(""), tmp_path / "study")
    shutil.copy(study.plan.path, tmp_path / "study.yaml")
    (tmp_path / "study" / file).unlink()
    with pytest.raises(FinishedError, match=re.escape(f"{tmp_path / 'study' / file}: not there; `make finished")):
        runs_of(str(tmp_path / "study.yaml"), study.config)
