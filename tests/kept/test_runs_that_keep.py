"""Runs that keep something: the same artefacts however the run is made, and the same record with them and without."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import pytest
import torch

from mnemonics_lib import global_bop, runs
from mnemonics_lib.config import ConfigError
from mnemonics_lib.durable.checkpoint import CheckpointError
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.durable.records import canonical
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.exemplars.margins import margins
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.kept import Keep, KeptError, read_kept
from tests.kept.conftest import KEEP, kept

OTHER = KEEP.model_copy(update={"steps": 3, "margins": False})

KILLED = """
import os, signal, sys

from mnemonics_lib import runs
from mnemonics_lib.config import parse_config, parse_yaml
from mnemonics_lib.durable import driver
from mnemonics_lib.durable.driver import Driver
from mnemonics_lib.kept import Keep

driver.SPARING = 0
keep_state = Driver._keep


def killed(self, loop, name, ear):
    self.interval = 0.0
    keep_state(self, loop, name, ear)
    if (name, loop.done) == (sys.argv[3], 2):
        os.kill(os.getpid(), signal.SIGKILL)


Driver._keep = killed
runs.run(parse_config(parse_yaml(sys.argv[1])), sys.argv[2], keep=Keep.model_validate_json(sys.argv[4]))
"""
"""A run whose process is killed after the second step of a loop, with a write at every step before it."""


def test_the_record_is_the_same_with_and_without(plain, whole):
    assert canonical(whole[0]) == canonical(plain[0])
    assert not kept(plain[1]).exists()


def test_labels_kinds_and_shapes_are_those_of_the_run(whole):
    record, path = whole
    found: Any = read_kept(kept(path))
    assert (found.identity, found.keep) == (record.identity, KEEP)
    assert list(found.phases) == [0, 1]
    of_run = {0: [0, 1], 1: [5, 6]}
    for phase, of_phase in found.phases.items():
        steps = len(record.results[phase].exemplars.steps.meta_loss)
        assert of_phase.snapshots.steps.tolist()[:2] == [0, 1]
        assert of_phase.snapshots.steps.tolist()[-1] == steps
        assert of_phase.snapshots.labels.tolist() == [k for k in of_run[phase] for _ in range(2)]
        assert of_phase.snapshots.images.shape == (len(of_phase.snapshots.steps), 2 * len(of_run[phase]), 1, 8, 8)
        shown = sorted({0, 1, *of_run[phase]})
        counts = of_phase.embedding.groupby(["map", "class", "kind"]).size().to_dict()
        each = {"data": 6, "random": 2, "herding": 2, "start": 2, "trained": 2}
        assert counts == {(m, k, kind): n for m in ("PCA", "t-SNE") for k in shown for kind, n in each.items()}
        assert of_phase.embedding[["x", "y"]].notna().all(axis=None)
        new = range(5 * phase, 5 * phase + 5)
        rows = of_phase.margins.groupby(["class", "kind"]).size().to_dict()
        assert rows == {(k, kind): 2 for k in new for kind in each if kind != "data"}


def test_the_last_snapshot_and_the_trained_exemplars_are_those_of_the_memory(config, whole):
    """The last phase's, which nothing has adjusted since, read back from the run's checkpoint."""
    found: Any = read_kept(kept(whole[1])).phases[1]
    run, experiment = runs.load_run(whole[1]), Experiment.of(config)
    new, shown = run.exemplars.of_classes(5, 10), run.exemplars.of_classes(5, 7)
    for which, images in ((0, shown.origin), (-1, shown.images)):
        assert torch.equal(found.snapshots.images[which], (255 * run.pixels.display(images)).round().byte())
    table = found.margins
    expected = margins(run.model, new.samples(run.pixels), experiment.seen_data(1))
    for name, values in expected._asdict().items():
        assert table[table.kind == "trained"][name].tolist() == pytest.approx(values.tolist(), rel=1e-6)
    start = margins(run.model, replace(new, images=new.origin).samples(run.pixels), experiment.seen_data(1))
    assert table[table.kind == "start"]["margin"].tolist() == pytest.approx(start.margin.tolist(), rel=1e-6)


def test_a_run_stopped_after_every_single_step_keeps_the_same(config, whole, tmp_path):
    stops = 0
    while True:
        assert stops < 300
        try:
            record, path = runs.run(config, tmp_path, minutes=0, keep=KEEP)
            break
        except OutOfTimeError:
            stops += 1
    assert stops >= 19  # after each step, and after each phase but the last
    assert kept(path).read_bytes() == kept(whole[1]).read_bytes()
    assert canonical(record) == canonical(whole[0])


@pytest.mark.parametrize("name", ["phase 0: exemplars", "phase 1: exemplars"])
def test_a_run_killed_in_the_middle_of_its_exemplars_keeps_the_same(config, whole, tmp_path, name):
    command = [sys.executable, "-c", KILLED, config.to_yaml(), tmp_path, name, KEEP.model_dump_json()]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(torch.get_num_threads()))  # as here: equal bits
    assert subprocess.run(command, env={**os.environ, **threads}).returncode == -signal.SIGKILL
    assert list(tmp_path.rglob(runs.JOURNAL))
    record, path = runs.run(config, tmp_path, keep=KEEP)
    assert kept(path).read_bytes() == kept(whole[1]).read_bytes()
    assert canonical(record) == canonical(whole[0])


def test_what_is_kept_of_phase_0_does_not_depend_on_who_made_it(config, whole, tmp_path, monkeypatch):
    """By a run that keeps nothing, by another one that keeps the same, and by one that keeps something else."""
    runs.run(config.replace(finetune=False), tmp_path)
    runs.run(config.replace(adjust=0), tmp_path, keep=OTHER)
    files = set((tmp_path / "phase-0").glob("*.pt"))
    assert sorted(path.name.partition("-")[0] for path in files) == ["exemplars", "exemplars", "model"]
    record, path = runs.run(config, tmp_path, keep=KEEP)
    assert kept(path).read_bytes() == kept(whole[1]).read_bytes()
    assert canonical(record) == canonical(whole[0])
    assert len(list((tmp_path / "phase-0").glob("*.pt"))) == 4

    walk, walked = Driver._walk, list[str]()

    def noting(self, loop, name):
        walked.append(name)
        walk(self, loop, name)

    monkeypatch.setattr(Driver, "_walk", noting)
    other = config.replace(method="icarl")
    shared, place = runs.run(other, tmp_path, keep=KEEP)
    assert "phase 1: model" in walked
    assert not {"phase 0: model", "phase 0: exemplars"} & set(walked)
    alone, elsewhere = runs.run(other, tmp_path / "alone", keep=KEEP)
    assert "phase 0: exemplars" in walked
    assert kept(place).read_bytes() == kept(elsewhere).read_bytes()
    assert canonical(shared) == canonical(alone)


def test_a_finished_run_that_kept_the_same_is_found_and_one_that_did_not_is_made_again(config, whole, tmp_path):
    record, path = runs.run(config, tmp_path)
    with pytest.warns(runs.RunWarning, match=r"has not all that is to be kept of the phases before phase 2; the run"):
        again, _ = runs.run(config, tmp_path, keep=KEEP)
    assert canonical(again) == canonical(record)
    assert kept(path).read_bytes() == kept(whole[1]).read_bytes()
    before = path.stat().st_mtime_ns
    assert runs.run(config, tmp_path, keep=KEEP)[0] == again
    assert runs.run(config, tmp_path)[0] == again  # who asks for nothing takes what is there
    assert path.stat().st_mtime_ns == before
    with pytest.warns(runs.RunWarning):
        runs.run(config, tmp_path, keep=OTHER)
    assert read_kept(kept(path)).keep == OTHER


@pytest.mark.parametrize(("phases", "made"), [([-1], [1]), ([0], [0, 1])], ids=["later", "earlier"])
def test_a_run_that_goes_on_is_made_again_only_where_something_is_missing(config, tmp_path, monkeypatch, phases, made):
    evaluate, run_phase, seen = global_bop.evaluate, global_bop.run_phase, list[int]()

    def stopping(experiment, state):
        if state.phase == 1:
            raise KeyboardInterrupt
        return evaluate(experiment, state)

    def counting(experiment, state, walk):
        seen.append(state.phase)
        run_phase(experiment, state, walk)

    with monkeypatch.context() as patch:
        patch.setattr(global_bop, "evaluate", stopping)
        with pytest.raises(KeyboardInterrupt):
            runs.run(config, tmp_path)
    monkeypatch.setattr(runs, "run_phase", counting)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        _, path = runs.run(config, tmp_path, keep=OTHER.model_copy(update={"phases": phases}))
    assert len(said) == (made == [0, 1])
    assert seen == made
    assert list(read_kept(kept(path)).phases) == [made[-1] if phases == [-1] else 0]


def test_a_run_made_again_without_leaves_nothing_of_the_old_one(config, tmp_path, monkeypatch):
    _, path = runs.run(config, tmp_path, keep=OTHER)
    monkeypatch.setattr(runs, "source_digest", lambda *of, **left_out: "other")
    runs.run(config, tmp_path)
    assert not kept(path).exists()


def test_a_run_that_goes_on_without_leaves_what_it_has_kept(config, tmp_path):
    def stopping(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(config, tmp_path, keep=OTHER, each_phase=stopping)
    (path,) = tmp_path.rglob(runs.KEPT)
    before = path.read_bytes()
    record, _ = runs.run(config, tmp_path)
    assert path.read_bytes() == before
    assert (read_kept(path).identity, list(read_kept(path).phases)) == (record.identity, [0])


def test_what_nobody_can_read_is_not_left_beside_a_record(config, tmp_path):
    _, path = runs.run(config, tmp_path)
    path.unlink()
    kept(path).write_bytes(b"damaged")
    runs.run(config, tmp_path)
    assert not kept(path).exists()


@pytest.mark.parametrize("advice", ["the call that did so goes on", "otherwise delete"])
def test_a_finished_run_that_was_started_again_to_keep_something_says_what_can_be_done(config, tmp_path, advice):
    def stopping(row):
        raise KeyboardInterrupt

    record, path = runs.run(config, tmp_path)
    with pytest.warns(runs.RunWarning), pytest.raises(KeyboardInterrupt):
        runs.run(config, tmp_path, keep=OTHER, each_phase=stopping)
    assert runs.run(config, tmp_path)[0] == record  # which is there, and right
    with pytest.raises(CheckpointError) as refused:
        runs.load_run(path)
    assert advice in str(refused.value)
    if advice == "otherwise delete":
        assert f"delete {path} and make the run" in str(refused.value)
        path.unlink()
        runs.run(config, tmp_path)
    else:
        runs.run(config, tmp_path, keep=OTHER)
    assert runs.load_run(path).results["accuracy"].tolist() == record.accuracy


def test_a_damaged_file_is_named_before_the_run(config, tmp_path):
    _, path = runs.run(config, tmp_path, keep=OTHER)
    kept(path).write_bytes(b"damaged")
    with pytest.raises(KeptError, match=r"kept\.safetensors: .*; delete it and make the run again"):
        runs.run(config, tmp_path, keep=OTHER)


def test_what_a_run_does_not_have_is_refused_before_it(config, tmp_path):
    with pytest.raises(ConfigError, match=r"keep\.phases = \[0, 7\]: must be 0 to 1"):
        runs.run(config, tmp_path, keep=Keep(phases=[0, 7]))
    assert not list(tmp_path.rglob("*.pt"))


@pytest.mark.parametrize("parts", [{"exemplars": False}, {"embedding": False}, {"margins": False}], ids=str)
def test_what_is_off_is_not_there(config, whole, tmp_path, parts):
    _, path = runs.run(config, tmp_path, keep=KEEP.model_copy(update={"phases": [0], **parts}))
    found = read_kept(kept(path)).phases[0]
    given = {"exemplars": found.snapshots, "embedding": found.embedding, "margins": found.margins}
    assert {name: each is not None for name, each in given.items()} == dict.fromkeys(given, True) | parts


@pytest.mark.parametrize(
    "changes", [{"exemplars": "herding", "adjust": 0}, {"method": "bic", "storage": "uint8", "budget": 4}]
)
def test_real_exemplars_and_held_out_images_are_kept_too(config, tmp_path, changes):
    config = config.replace(**changes)
    record, path = runs.run(config, tmp_path / "keep", keep=KEEP.model_copy(update={"phases": [0, 1]}))
    assert canonical(record) == canonical(runs.run(config, tmp_path / "plain")[0])
    found: Any = read_kept(kept(path)).phases[1]
    trained = config.exemplars == "mnemonics"
    assert (found.snapshots is not None) is trained
    assert set(found.margins.kind) == {"random", "herding", *(("start", "trained") if trained else ())}
