"""A notebook that names a study gets its finished runs and loops, and never those of anything else."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mnemonics_lib import runs
from mnemonics_lib.config import RunConfig
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.durable.commit import code_version, short_commit
from mnemonics_lib.durable.records import canonical, read_record, write_record
from mnemonics_lib.edition.finished import runs_of, take
from mnemonics_lib.edition.finished.store import NAME, FinishedError, read_store, write_store
from mnemonics_lib.edition.finished.take import TakenRuns
from mnemonics_lib.edition.studies.plan import plan
from mnemonics_lib.exemplars.mnemonics import ExemplarTraining
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, model_level, run_phase, select_exemplars
from mnemonics_lib.kept.file import read_kept, write_kept
from mnemonics_lib.training import Descent, classification
from tests.edition.finished.conftest import Study, edit, two_phases


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


@pytest.mark.parametrize("change", [{"method": "finetune"}, {"training": {"rate": 0.05}}])
def test_an_experiment_of_other_settings_is_refused_with_field_and_values(study: Study, change):
    there = study.config.replace(**change)
    said = "method = 'finetune' and 'lwf'" if "method" in change else "training.rate = 0.05 and 0.1"
    with pytest.raises(
        FinishedError, match=f"other parameters than this experiment, here and there: {said}; let them agree, or "
    ):
        TakenRuns(study.path, study.config).driver_for(Experiment.of(there))


def test_an_experiment_with_another_kind_of_exemplars_has_the_loops_in_which_they_are_the_same(study: Study, no_steps):
    experiment = Experiment.of(study.config.replace(exemplars="herding"))
    walk, state = TakenRuns(study.path, study.config).driver_for(experiment), initial_state(experiment)
    assert model_level(experiment, state, walk)["training_loss"] == study.state.results[0]["training_loss"]


@pytest.mark.parametrize("method", ["finetune", "icarl"])
def test_a_loop_with_another_loss_is_refused_by_name(study: Study, no_steps: None, method: str):
    """As in a cell that makes a state of its own, and walks with what was made for the notebook's."""
    experiment = Experiment.of(study.config)
    walk, state = TakenRuns(study.path, study.config).driver_for(experiment), initial_state(experiment)
    run_phase(experiment, state, walk)
    other = Experiment.of(study.config.replace(method=method))
    state.method = initial_state(other).method
    with pytest.raises(FinishedError, match="has no finished loop 'phase 1: model' of this loss, these settings, "):
        model_level(other, state, walk)


def test_a_loop_whose_loss_cannot_be_known_is_refused(study: Study, no_steps: None):
    experiment = Experiment.of(study.config)
    model, sgd = initial_state(experiment).model, study.config.training
    walk = TakenRuns(study.path, study.config).driver_for(experiment)
    descent = Descent(model, lambda x, y: classification(model, x, y), experiment.new_data(0), sgd, seed=0)
    with pytest.raises(FinishedError, match=r"mine: a loss, .*: must be a method's, .*; compute everything with"):
        walk(descent, "mine")


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
    with pytest.raises(
        FinishedError,
        match=r"parameters than this notebook, here and there: weight_transfer = True and False; seed = 1 and 0;",
    ):
        runs_of(study.path, study.config.replace(seed=1, weight_transfer=True))


def test_a_run_is_its_record(study: Study, capsys):
    taken = TakenRuns(study.path, study.config)
    record, path = taken.run(study.config.replace(exemplars="random"))
    assert path == study.plan.runs[0].record.absolute()
    assert canonical(record) == canonical(read_record(path))
    assert capsys.readouterr().out == "random, seed 0: its record is read, and it is not run here\n"
    with pytest.raises(FinishedError, match=r"has no run with exemplars = 'herding', seed = 0"):
        taken.run(study.config.replace(exemplars="herding"))


def test_records_of_other_settings_than_the_file_has_now_are_refused_by_field_and_value(copied: Path):
    """Where the file of parameters that study and notebook share was edited, they agree, and the records do not."""
    config = edit(copied, training={"rate": 0.05}, budget=3)
    with pytest.raises(FinishedError) as raised:
        runs_of(str(copied), config)
    said = str(raised.value)
    for arm in ("random", "mnemonics"):
        assert f"{copied.with_suffix('') / arm / 'seed-0.json'}: " in said
    assert said.count("training.rate = 0.1 and 0.05") == said.count("budget = 2 and 3") == 2
    assert f"`make finished STUDY={copied}` makes it again" in said


def test_a_record_of_another_digest_is_refused(copied: Path):
    """An engine is no setting in which records of an arm must agree, and yet another run."""
    leading = plan(copied).leading
    config = edit(copied, exemplar_level={"engine": "adjoint"})
    assert config.in_effect() == leading.config.in_effect()
    due, found = config.digest, leading.config.digest
    with pytest.raises(
        FinishedError, match=f"mnemonics/seed-0.json: config_digest = '{found}': must be '{due}'.*`make finished"
    ):
        TakenRuns(str(copied), config)


def test_a_record_of_other_source_is_refused_where_that_of_the_leading_run_is_not(copied: Path, study: Study):
    record = plan(copied).runs[0].record
    found = read_record(record)
    assert found.identity
    other = found.identity.model_copy(update={"source": "b" * 64})
    write_record(record, found.model_copy(update={"identity": other}))
    with pytest.raises(
        FinishedError, match=rf"random/seed-0.json: identity.source = '{'b' * 64}': must be '\w+'.*`make"
    ):
        TakenRuns(str(copied), study.config)


@pytest.mark.parametrize("damage", ["other", "bytes"])
def test_what_is_kept_of_another_run_or_damaged_is_refused(copied: Path, study: Study, damage: str):
    path = plan(copied).leading.files[1]
    if damage == "other":
        kept = read_kept(path)
        write_kept(path, replace(kept, identity=kept.identity.model_copy(update={"data": "d"})))
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(FinishedError, match=rf"{re.escape(str(path))}: .*`make finished"):
        TakenRuns(str(copied), study.config)


def test_loops_of_another_run_than_the_record_are_refused(copied: Path, study: Study):
    path = copied.with_suffix("") / NAME
    store = read_store(path)
    header, made_by = store.header, (code_version(), store.header.environment)
    other = header.identity.model_copy(update={"config": "c" * 64})
    write_store(path, header.study, other, made_by, store.loops, store.checkpoint)
    with pytest.raises(FinishedError, match=r"loops.safetensors: of another run than .*`make finished"):
        TakenRuns(str(copied), study.config).driver_for(Experiment.of(study.config))


def test_a_checkpoint_of_another_configuration_is_refused(study: Study):
    taken = TakenRuns(study.path, study.config)
    _, path = taken.run(study.config)
    taken.store.checkpoint["config"]["training"]["rate"] = 0.05
    with pytest.raises(FinishedError, match=r"checkpoint .* training.rate = 0.05 and 0.1; `make finished"):
        taken.load_run(path)


def test_loops_are_not_made_with_an_experiment_of_other_settings(study: Study, tmp_path, monkeypatch):
    monkeypatch.setenv(take.MAKING, str(tmp_path))
    with pytest.raises(FinishedError, match="method = 'finetune' and 'lwf'"):
        runs_of(study.path, study.config).driver_for(Experiment.of(study.config.replace(method="finetune")))


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
