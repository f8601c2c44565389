"""Whole runs: the same bytes from the same seed, stopped or not, the record, and a finished run read back."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mnemonics_lib import experiment as experiments
from mnemonics_lib import global_bop, loops, runs
from mnemonics_lib.config import RunConfig, parse_config
from mnemonics_lib.config.keep import Keep
from mnemonics_lib.config.presets import preset
from mnemonics_lib.data import dataset
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.device.deterministic import deterministic
from mnemonics_lib.divergence import DivergedError
from mnemonics_lib.durable import driver, provenance, records
from mnemonics_lib.durable.checkpoint import CheckpointError, save_checkpoint
from mnemonics_lib.durable.commit import code_version
from mnemonics_lib.durable.sealed import read_sealed, write_sealed
from mnemonics_lib.errors import OutOfTimeError
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.kept import keeper
from mnemonics_lib.phases import class_order

VARIANTS: dict[str, dict[str, Any]] = {
    "mnemonics": {},
    "transfer-adjust": {"weight_transfer": True, "adjust": 2},
    "icarl-perturbed": {
        "method": "icarl",
        "exemplars": "mnemonics",
        "exemplar_level": {"start": "perturbed", "inner_augment": True, "val_augment": True, "init": "herding"},
    },
    "herding-adjust-transfer": {"exemplars": "herding", "adjust": 2, "weight_transfer": True, "phases": 1},
    "bic-with-mnemonics": {**preset("bic-with-mnemonics"), "budget": 3},
    "lucir-with-mnemonics": preset("lucir-with-mnemonics"),
    "total": {**preset("icarl-with-mnemonics"), "budget": 23, "budget_rule": "total"},
    "bytes": {**preset("lwf-with-mnemonics"), "storage": "uint8"},
    "bic-total-bytes-minibatches": {
        **preset("bic-with-mnemonics"),
        "budget": 40,
        "budget_rule": "total",
        "storage": "uint8",
        "exemplar_level": {"inner_batch": 7},
    },
    "shuffled": {**preset("lwf-with-mnemonics"), "phases": 1, "exemplar_level": {"displacement": "shuffled"}},
    "from-scratch": {"method": "lucir", "phases": 1, "from_scratch": 2},
    "joint": preset("joint"),
    "finetune": preset("finetune"),
}


@pytest.fixture(params=VARIANTS)
def config(request, tiny) -> RunConfig:
    """Two phases of two classes after four, so that the second has exemplars of classes that came late."""
    return tiny.replace(**{"classes": [1, 9], "phases": 2} | VARIANTS[request.param])


def spoil_global_generators(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.rand(seed)


class StoppedError(RuntimeError):
    """What a pulled plug looks like from inside."""


def stop_in_phase(monkeypatch, phase: int) -> None:
    """Make a run fail in the middle of a phase, after its model level."""
    evaluate = global_bop.evaluate

    def failing(experiment, state):
        if state.phase == phase:
            raise StoppedError
        return evaluate(experiment, state)

    monkeypatch.setattr(global_bop, "evaluate", failing)


def count_phases(monkeypatch) -> list[int]:
    """The phases that are run from now on."""
    run_phase, seen = global_bop.run_phase, []

    def counting(experiment, state, walk):
        seen.append(state.phase)
        run_phase(experiment, state, walk)

    monkeypatch.setattr(runs, "run_phase", counting)
    return seen


def test_one_seed_gives_the_same_bytes_twice_the_second_time_stopped_on_the_way(config, tmp_path, monkeypatch):
    spoil_global_generators(1)
    whole, path = runs.run(config, tmp_path / "a")
    assert records.read_record(path) == whole
    last = config.phases

    def stopping(row):
        if row["phase"] == last - 1:
            raise StoppedError

    spoil_global_generators(2)
    with pytest.raises(StoppedError):  # so that the last phase trains on what a checkpoint held
        runs.run(config, tmp_path / "b", each_phase=stopping)
    spoil_global_generators(3)
    with monkeypatch.context() as patch:  # and is evaluated on what its journal held
        stop_in_phase(patch, last)
        with pytest.raises(StoppedError):
            runs.run(config, tmp_path / "b")
    assert list((tmp_path / "b").rglob("record.json")) == []
    spoil_global_generators(4)
    seen = count_phases(monkeypatch)
    resumed, resumed_path = runs.run(config, tmp_path / "b")
    assert seen == [last]
    assert records.canonical(resumed) == records.canonical(whole)
    assert records.canonical(records.read_record(resumed_path)) == records.canonical(whole)
    assert equal(checkpoint(resumed_path), checkpoint(path))


def checkpoint(record: Path) -> dict[str, Any]:
    """What a finished run leaves beside its record, but for the time and memory it took."""
    _, content = read_sealed(record.parent / "checkpoint.pt", "checkpoint")
    del content["seconds"], content["peak_memory_mb"]
    return content


def equal(one: Any, other: Any) -> bool:
    """Whether nested values are equal, tensors bit for bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return one == other


def test_a_run_stopped_in_every_phase_and_resumed_equals_the_uninterrupted_one(tiny, tmp_path, monkeypatch):
    config = tiny.replace(weight_transfer=True, adjust=2)
    whole, _ = runs.run(config, tmp_path / "whole")
    for phase in range(config.phases + 1):
        with monkeypatch.context() as patch:
            stop_in_phase(patch, phase)
            seen = count_phases(patch)
            with pytest.raises(StoppedError):
                runs.run(config, tmp_path / "stopped")
            assert seen == sorted({max(phase - 1, 0), phase})
    resumed, _ = runs.run(config, tmp_path / "stopped")
    assert records.canonical(resumed) == records.canonical(whole)
    assert len(resumed.phase_seconds) == config.phases + 1


@pytest.mark.parametrize("where", ["margins", "checkpoint"])
def test_the_loops_of_a_phase_that_cannot_be_kept_are_not_lost(tiny, tmp_path, monkeypatch, where):
    """Ctrl-C while margins are measured, or a checkpoint that cannot be written, before any write of a loop was due."""
    config = tiny.replace(phases=1, adjust=2)
    keep = Keep(phases=[1], exemplars=False, embedding=False) if where == "margins" else None
    whole, _ = runs.run(config, tmp_path / "whole")

    def stopping(*_: object) -> None:
        raise KeyboardInterrupt

    def refusing(path, experiment, state, *more):
        if state.phase == 2:
            raise OSError("no space left on device")
        save_checkpoint(path, experiment, state, *more)

    with monkeypatch.context() as patch:
        if where == "margins":
            patch.setattr(keeper, "margin_table", stopping)
        else:
            patch.setattr(runs, "save_checkpoint", refusing)
        with pytest.raises(KeyboardInterrupt if where == "margins" else OSError):
            runs.run(config, tmp_path / "stopped", keep=keep)
    taken, step = list[str](), loops.take_step

    def noting(loop, name):
        taken.append(name)
        step(loop, name)

    monkeypatch.setattr(driver, "take_step", noting)
    resumed, _ = runs.run(config, tmp_path / "stopped", keep=keep)
    assert taken == []
    assert records.canonical(resumed) == records.canonical(whole)


def test_the_row_of_each_phase_is_given_once_it_is_kept_and_those_of_earlier_calls_first(small, tmp_path, monkeypatch):
    home = tmp_path / runs.name_of(small)
    first: list[dict[str, Any]] = []

    def keeping(row):
        assert (home / "checkpoint.pt").exists()
        first.append(row)

    with monkeypatch.context() as patch:
        stop_in_phase(patch, 3)
        with pytest.raises(StoppedError):
            runs.run(small, tmp_path, each_phase=keeping)
    assert [row["phase"] for row in first] == [0, 1, 2]

    rows: list[dict[str, Any]] = []
    seen = count_phases(monkeypatch)
    record, _ = runs.run(small, tmp_path, each_phase=rows.append)
    assert seen == [3, 4, 5]
    assert rows[:3] == first
    assert [row["phase"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [row["classes_seen"] for row in rows] == [5, 6, 7, 8, 9, 10]
    assert [row["accuracy"] for row in rows] == record.accuracy
    assert [row["seconds"] for row in rows] == record.phase_seconds

    again: list[dict[str, Any]] = []
    runs.run(small, tmp_path, each_phase=again.append)  # finished: from the record
    shown = [field for field in rows[0] if field in again[0]]
    assert {"phase", "classes_seen", "train_accuracy", "accuracy_before_finetuning", "displacement_new"} < set(shown)
    assert [{field: row[field] for field in shown} for row in again] == [
        {field: row[field] for field in shown} for row in rows
    ]


def test_another_seed_gives_another_run(small, tmp_path):
    one, path = runs.run(small, tmp_path)
    other, elsewhere = runs.run(small.replace(seed=1), tmp_path)
    assert path != elsewhere
    for field in ("accuracy", "results"):
        assert getattr(one, field) != getattr(other, field)
    assert one.class_order == other.class_order  # the protocol's, whatever the seed


def test_a_finished_run_is_not_repeated(small, tmp_path, monkeypatch):
    record, path = runs.run(small, tmp_path)
    before, seen = path.read_bytes(), count_phases(monkeypatch)
    assert runs.run(small, tmp_path) == (record, path)
    assert path.read_bytes() == before
    assert seen == []


def test_a_record_names_the_commit_that_its_run_began_with(small, tmp_path, monkeypatch):
    """A commit that is made while it lasts changes the files, and not what runs."""
    package = tmp_path / "project" / "lib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package.parent / "pyproject.toml").write_text('name = "mnemonics-book"')

    def git(*arguments: str) -> str:
        person = ("-c", "user.name=u", "-c", "user.email=u@example.org")
        done = subprocess.run(["git", *person, *arguments], cwd=package, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(row: object) -> None:
        git("commit", "--allow-empty", "-qm", "next")

    git("init", "-q", "..")
    git("add", "..")
    commit(None)
    began = git("rev-parse", "HEAD")
    monkeypatch.setattr(runs, "code_version", lambda: code_version.__wrapped__(package))
    record, _ = runs.run(small.replace(phases=1), tmp_path / "runs", each_phase=commit)
    assert git("rev-parse", "HEAD") != began
    assert (record.code.commit, record.code.dirty) == (began, False)


@pytest.mark.parametrize("where", ["training", "finetuning"])
def test_bfloat16_where_it_is_slow_is_said_once_when_the_run_begins(small, tmp_path, monkeypatch, where, recwarn):
    config = small.replace(**{where: {"precision": "bfloat16"}}, finetune=where == "finetuning")
    monkeypatch.setattr(runs, "without_bfloat16_units", lambda device: True)
    for _ in range(2):  # the second call finds the record
        runs.run(config, tmp_path)
    (said,) = [str(warning.message) for warning in recwarn if "bfloat16" in str(warning.message)]
    assert said.startswith(f"{where}.precision = bfloat16: this CPU has no bfloat16 units")
    assert "float32 is the precision to set" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("precision", "finetune", "slow"), [("float32", True, True), ("bfloat16", True, False), ("bfloat16", False, True)]
)
def test_nothing_is_said_of_a_precision_that_costs_nothing_or_is_not_used(
    small, monkeypatch, precision, finetune, slow
):
    config = small.replace(finetuning={"precision": precision}, finetune=finetune)
    monkeypatch.setattr(runs, "without_bfloat16_units", lambda device: slow)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs._say_what_is_slow(Experiment.of(config))


def test_a_run_made_by_other_source_is_made_again_from_the_start(small, tmp_path, monkeypatch):
    runs.run(small, tmp_path)
    monkeypatch.setattr(runs, "source_digest", lambda *of, **left_out: "other")
    seen = count_phases(monkeypatch)
    record, _ = runs.run(small, tmp_path)
    assert seen == list(range(6))  # neither the record nor the checkpoint was believed
    assert record.identity is not None
    assert record.identity.source == "other"


def test_a_run_without_its_record_is_finished_from_its_checkpoint(small, tmp_path, monkeypatch):
    record, path = runs.run(small, tmp_path)
    path.unlink()
    seen = count_phases(monkeypatch)
    assert records.canonical(runs.run(small, tmp_path)[0]) == records.canonical(record)
    assert seen == []


def test_what_an_older_version_left_is_made_again(small, tmp_path, monkeypatch):
    """As what other source has left is; a finished one cannot be read back."""
    record, path = runs.run(small, tmp_path)
    path.write_text(path.read_text().replace('"version": 3', '"version": 2'))
    for name in ("checkpoint.pt", "unfinished.pt"):
        torch.save({"identity": {}, "phase": 0}, path.with_name(name))
    with pytest.raises(records.OlderRecordError, match="version = 2: must be 3"):
        runs.load_run(path)
    seen = count_phases(monkeypatch)
    assert records.canonical(runs.run(small, tmp_path)[0]) == records.canonical(record)
    assert seen == list(range(6))
    torch.save({"identity": {}, "phase": 0}, path.with_name("checkpoint.pt"))
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.pt: of an older version of the library; make the run again"
    ):
        runs.load_run(path)


@pytest.mark.parametrize("damage", ["empty", "garbage", "half"])
def test_a_damaged_checkpoint_is_named_and_without_it_the_run_starts_again(small, tmp_path, damage):
    record, path = runs.run(small, tmp_path)
    path.unlink()
    checkpoint = path.parent / "checkpoint.pt"
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes({"empty": b"", "garbage": b"garbage", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt: cannot be used; delete it to start again"):
        runs.run(small, tmp_path)
    checkpoint.unlink()  # as it says
    assert records.canonical(runs.run(small, tmp_path)[0]) == records.canonical(record)


@pytest.mark.parametrize("missing", ["environments", "model"])
def test_a_checkpoint_of_another_form_is_named(small, tmp_path, missing):
    _, path = runs.run(small.replace(phases=1), tmp_path)
    path.unlink()
    checkpoint = path.parent / "checkpoint.pt"
    identity, content = read_sealed(checkpoint, "checkpoint")
    del content[missing]
    write_sealed(checkpoint, "checkpoint", identity, content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt: does not fit this version of the library; delete it"):
        runs.run(small.replace(phases=1), tmp_path)


def test_a_damaged_record_is_named(small, tmp_path):
    _, path = runs.run(small, tmp_path)
    path.write_text("{")
    with pytest.raises(records.RecordError, match=r"record\.json"):
        runs.run(small, tmp_path)


def test_runs_of_different_configurations_do_not_share_a_directory(tiny):
    changes: list[dict[str, Any]] = [
        {},
        {"seed": 1},
        {"budget": 3},
        {"network": {"width": 5}},
        {"training": {"lam": 0.4}},
        {"adjust": 2},
    ]
    names = {runs.name_of(tiny.replace(**change)) for change in changes}
    assert len(names) == len(changes)
    assert all(name.startswith("test/digits-n5-lwf-mnemonics-s") for name in names)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    values = {
        "network": {"width": 4},
        "training": {"epochs": 2, "milestones": [0.5]},
        "finetuning": {"epochs": 5, "milestones": []},
        "exemplars": "herding",
    }
    return runs.run(parse_config(values), tmp_path_factory.mktemp("runs"))


def test_the_record_holds_the_measures_of_its_own_confusion_matrices(finished):
    record, path = finished
    assert path.name == "record.json"
    accuracies, first = [], []
    for phase, row in enumerate(record.results):
        confusion = np.array(row.confusion)
        assert confusion.shape == (5 + phase, 5 + phase)
        accuracies.append(100 * np.trace(confusion) / confusion.sum())
        first.append(100 * np.trace(confusion[:5, :5]) / confusion[:5].sum())
    assert record.accuracy == pytest.approx(accuracies)
    assert record.first_classes_accuracy == pytest.approx(first)
    assert record.average_accuracy == pytest.approx(np.mean(accuracies))
    assert record.forgetting == pytest.approx(first[0] - first[-1])
    assert record.accuracy[0] == record.first_classes_accuracy[0] > 15  # it learned something


def test_the_record_says_what_was_run_and_for_how_long(finished):
    record, _ = finished
    config = RunConfig.model_validate(record.config)
    for field in ("dataset", "profile", "phases", "method", "exemplars", "adjust", "weight_transfer", "finetune"):
        assert getattr(record, field) == getattr(config, field)
    assert (record.budget, record.seed, record.recipe) == (config.budget, config.seed, config.recipe)
    assert record.config_digest == config.digest
    assert record.identity == runs.identity_of(Experiment.of(config))
    assert record.seconds == pytest.approx(sum(record.phase_seconds))
    assert len(record.phase_seconds) == config.phases + 1
    assert record.seconds > 0
    assert record.device == "cpu"
    last = record.results[-1]
    assert last.exemplar_bytes == 10 * config.budget * 64 * 4
    assert record.displacement == last.displacement == 0
    assert len(last.training_loss) == 2


@pytest.mark.parametrize("method", ["lwf", "bic", "lucir"])
def test_a_run_on_a_slice_of_the_classes_knows_no_other(tiny, tmp_path, method):
    values = {"classes": [2, 9], "first_share": 0.3, "phases": 3, "uneven": True, "budget": 4, "adjust": 2}
    config = tiny.replace(**values, method=method, weight_transfer=True)
    record, path = runs.run(config, tmp_path)
    used = class_order(10)[2:9]
    assert record.class_order == used
    assert [len(row.confusion) for row in record.results] == [2, 4, 6, 7]  # of the five later ones 2, 2 and 1
    test = load_dataset("digits", torch.device("cpu")).test.labels
    for row in record.results:
        counts = [int((test == used[k]).sum()) for k in range(len(row.confusion))]
        assert np.array(row.confusion).sum(axis=1).tolist() == counts
    first = [100 * np.trace(c[:2, :2]) / c[:2].sum() for c in (np.array(r.confusion) for r in record.results)]
    assert record.first_classes_accuracy == pytest.approx(first)
    found = runs.load_run(path)
    assert found.class_order == used
    assert found.model.classes == 7
    assert found.exemplars.per_class == record.results[-1].exemplars_per_class
    assert sorted(set(found.exemplars.labels.tolist())) == list(range(7))


@pytest.mark.parametrize(("sessions", "where"), [(1, "inside phase 0"), (4, "between phases"), (5, "inside phase 1")])
def test_a_run_that_goes_on_in_another_environment_says_so_in_its_record(small, tmp_path, monkeypatch, sessions, where):
    config = small.replace(phases=1, training={"epochs": 3})
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    for _ in range(sessions):  # of one step each
        with pytest.raises(OutOfTimeError):
            runs.run(config, tmp_path, minutes=0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    record, _ = runs.run(config, tmp_path)
    # What runs share is made in one environment: phase 0 begins again in the new one, where it was not done.
    assert [each.threads for each in record.environments] == [1, 7]
    assert record.threads == 1
    assert len(list((tmp_path / "phase-0").glob("model-*.pt"))) == 1
    # Finished, it stays valid whatever the environment.
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert runs.run(config, tmp_path)[0] == record


def test_shared_work_goes_on_on_another_processor_and_both_are_in_the_record(small, tmp_path, monkeypatch):
    config = small.replace(phases=1, training={"epochs": 3})
    monkeypatch.setattr(provenance, "processor_name", lambda: "a 286")
    with pytest.raises(OutOfTimeError):
        runs.run(config, tmp_path, minutes=0)  # one step of phase 0
    monkeypatch.setattr(provenance, "processor_name", lambda: "a 386")
    record, _ = runs.run(config, tmp_path)
    assert [each.processor for each in record.environments] == ["a 286", "a 386"]
    assert record.processor == "a 286"
    (key,) = (tmp_path / "phase-0").glob("model-*.pt")
    monkeypatch.setattr(provenance, "processor_name", lambda: "a 486")
    other, _ = runs.run(config.replace(exemplars="random"), tmp_path)
    assert list((tmp_path / "phase-0").glob("model-*.pt")) == [key]  # found again there
    assert other.accuracy[0] == record.accuracy[0]


def test_the_class_order_of_the_record_is_the_protocols(finished):
    order = np.arange(10)
    np.random.RandomState(1993).shuffle(order)
    assert finished[0].class_order == order.tolist()


def test_the_deterministic_switch_is_put_back(small, tmp_path, monkeypatch):
    stop_in_phase(monkeypatch, 0)
    switchboard: Any = torch.utils.deterministic

    def switches() -> tuple[bool, ...]:
        return (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            switchboard.fill_uninitialized_memory,
        )

    torch.use_deterministic_algorithms(True)  # as another program may have it
    try:
        with deterministic():
            assert switches() == (True, True, False)
        assert switches() == (True, False, True)
    finally:
        torch.use_deterministic_algorithms(False)
    before = switches()
    with pytest.raises(StoppedError):
        runs.run(small, tmp_path)
    assert switches() == before
    assert not list(Path(tmp_path).rglob("checkpoint.pt"))


# Every method, and everything that a checkpoint keeps in a form of its own.
READ_BACK: dict[str, dict[str, Any]] = {
    "lwf": {},
    "icarl": {"method": "icarl", "exemplars": "herding"},
    "bic": {"method": "bic", "exemplars": "random", "budget": 3},
    "lucir": {"method": "lucir", "phases": 5},  # a head of six blocks
    "joint": preset("joint"),
    "finetune": preset("finetune"),
    "icarl-with-mnemonics": {
        **preset("icarl-with-mnemonics"),
        "storage": "uint8",
        "budget": 23,
        "budget_rule": "total",
    },
    "bic-with-mnemonics": {**preset("bic-with-mnemonics"), "storage": "uint8", "budget": 45, "budget_rule": "total"},
    "lucir-with-mnemonics": {
        **preset("lucir-with-mnemonics"),
        "storage": "uint8",
        "budget": 23,
        "budget_rule": "total",
    },
}


@pytest.fixture(scope="module", params=READ_BACK)
def ended(request, tmp_path_factory, tiny_values):
    """A run that has ended, its last state, and its path."""
    config = parse_config(tiny_values).replace(**{"phases": 1} | READ_BACK[request.param])
    states = []
    with pytest.MonkeyPatch.context() as patch:
        run_phase = global_bop.run_phase

        def spy(experiment, state, walk):
            run_phase(experiment, state, walk)
            states.append((experiment, state))

        patch.setattr(runs, "run_phase", spy)
        record, path = runs.run(config, tmp_path_factory.mktemp("runs"))
    return record, path, *states[-1]


def test_a_finished_run_is_read_back_as_it_was_left(ended):
    record, path, experiment, state = ended
    found = runs.load_run(path)
    assert found.record == record
    assert found.config == experiment.config
    assert found.class_order == experiment.protocol.order
    assert equal(dict(found.model.state_dict()), dict(state.model.state_dict()))
    for name in ("images", "origin", "labels", "rank"):
        assert torch.equal(getattr(found.exemplars, name), getattr(state.memory, name)), name
        assert torch.equal(getattr(found.state.held_out, name), getattr(state.held_out, name)), name
    assert found.exemplars.storage == experiment.config.storage
    assert found.exemplars.nbytes + found.state.held_out.nbytes == record.exemplar_bytes
    assert found.state.method.state() == state.method.state()
    assert found.state.phase == experiment.config.phases + 1
    for name in ("mean", "std"):
        assert torch.equal(getattr(found.pixels, name), getattr(experiment.data.pixels, name))
    assert (found.pixels.white, found.pixels.pad, found.pixels.flip) == (16, 1, False)


def test_its_results_have_one_row_for_each_phase(ended):
    record, path, experiment, _ = ended
    results = runs.load_run(path).results
    assert results.index.tolist() == list(range(experiment.config.phases + 1))
    assert results.index.name == "phase"
    for field in ("accuracy", "first_classes_accuracy"):
        assert results[field].tolist() == getattr(record, field)
    assert results["confusion"].tolist() == [row.confusion for row in record.results]


def test_it_predicts_as_it_did_when_it_was_tested(ended):
    record, path, experiment, state = ended
    found = runs.load_run(path)
    assert not found.model.training
    raw, labels = experiment.protocol.seen_data(experiment.data.test, experiment.config.phases)
    predicted = found.predict(raw).positions
    confusion = torch.zeros(10, 10, dtype=torch.int64)
    for truth, guess in zip(labels.tolist(), predicted.tolist(), strict=True):
        confusion[truth, guess] += 1
    assert confusion.tolist() == record.results[-1].confusion
    assert 100 * (predicted == labels).double().mean().item() == pytest.approx(record.accuracy[-1])
    scorer = state.method.scorer(state.model.eval(), state.memory.samples(experiment.data.pixels))
    with torch.no_grad():
        assert torch.equal(predicted, scorer(experiment.data.pixels.normalise(raw)).argmax(dim=1))
    assert not predicted.requires_grad


def test_more_images_than_fit_in_one_pass_are_predicted_too(ended):
    _, path, experiment, _ = ended
    found, raw = runs.load_run(path), experiment.data.test.images
    many = raw.repeat(4, 1, 1, 1)  # 2,396
    assert torch.equal(found.predict(many).positions.reshape(4, -1), found.predict(raw).positions.expand(4, -1))


NOT_OF_THE_RUN: dict[str, tuple[Any, str]] = {
    "another size": (lambda x: x.repeat(1, 1, 2, 2), r"raw = .*\[9, 1, 16, 16\]: must be .*\[n, 1, 8, 8\]"),
    "a lower resolution": (lambda x: x[:, :, ::2, ::2], r"raw = .*\[9, 1, 4, 4\]: must be .*\[n, 1, 8, 8\]"),
    "in colour": (lambda x: x.expand(-1, 3, -1, -1), r"raw = .*\[9, 3, 8, 8\]: must be .*\[n, 1, 8, 8\]"),
    "floats": (lambda x: x.float() / 16, r"raw = torch\.float32 .*: must be torch\.uint8 of shape \[n, 1, 8, 8\]"),
    "int64": (torch.Tensor.long, r"raw = torch\.int64 .*: must be torch\.uint8"),
    "an array": (torch.Tensor.numpy, r"raw = uint8 of shape \[9, 1, 8, 8\]: must be torch\.uint8"),
    "one image": (lambda x: x[0], r"raw = .*\[1, 8, 8\]: must be a batch .*for a single image add a .*raw\[None\]"),
    "flat": (lambda x: x.flatten(1), r"raw = .*\[9, 64\]: must be"),
    "elsewhere": (lambda x: x.to("meta"), "raw: on meta: must be on cpu"),
    "too bright": (lambda x: x.clamp(min=17), "raw: its largest value is 17: must be at most 16, the white of the"),
}


@pytest.mark.parametrize("case", NOT_OF_THE_RUN)
def test_images_that_the_run_cannot_have_seen_are_refused(finished, case):
    change, message = NOT_OF_THE_RUN[case]
    found, raw = runs.load_run(finished[1]), load_dataset("digits", torch.device("cpu")).test.images[:9]
    with pytest.raises(ValueError, match=message):
        found.predict(change(raw))


def test_a_run_at_a_lower_resolution_predicts_images_of_that_resolution_alone(small, tmp_path):
    _, path = runs.run(small.replace(resolution=4, phases=1), tmp_path)
    found, cpu = runs.load_run(path), torch.device("cpu")
    assert found.predict(load_dataset("digits", cpu, 4).test.images[:5]).positions.shape == (5,)
    with pytest.raises(ValueError, match=r"raw = .*\[5, 1, 8, 8\]: must be torch\.uint8 of shape \[n, 1, 4, 4\]"):
        found.predict(load_dataset("digits", cpu).test.images[:5])


def test_no_images_have_no_predictions(ended):
    _, path, experiment, _ = ended
    found = runs.load_run(path).predict(experiment.data.test.images[:0]).positions
    assert (found.shape, found.dtype) == ((0,), torch.int64)


def test_a_prediction_is_made_in_evaluation_mode_and_changes_nothing(finished):
    found, raw = runs.load_run(finished[1]), load_dataset("digits", torch.device("cpu")).test.images[:50]
    expected, before = found.predict(raw).positions, {k: v.clone() for k, v in found.model.state_dict().items()}
    found.model.train()
    assert torch.equal(found.predict(raw).positions, expected)
    assert found.model.training
    assert equal(dict(found.model.state_dict()), before)


def test_a_network_that_gives_no_numbers_predicts_nothing(finished):
    found, raw = runs.load_run(finished[1]), load_dataset("digits", torch.device("cpu")).test.images[:50]
    with torch.no_grad():
        next(found.model.head.parameters()).fill_(float("nan"))
    with pytest.raises(ValueError, match="NaN or infinite for 50 of 50 samples"):
        found.predict(raw)


def test_neither_the_data_set_nor_another_generator_state_is_needed(ended, monkeypatch):
    record, path, experiment, _ = ended

    def gone(*_, **__):
        raise FileNotFoundError("the data set is on another machine")

    for module in (experiments, dataset):
        monkeypatch.setattr(module, "load_dataset", gone)
    monkeypatch.setattr(dataset, "LOADERS", {})
    generator = torch.random.get_rng_state()
    by_record, by_directory, by_text = (runs.load_run(where) for where in (path, path.parent, str(path.parent)))
    for found in (by_record, by_directory, by_text):
        assert found.record == record
        assert found.predict(experiment.data.test.images[:3]).positions.shape == (3,)
    assert torch.equal(torch.random.get_rng_state(), generator)


def test_what_is_read_back_can_be_changed_without_changing_the_run(ended):
    _, path, _, _ = ended
    before = (path.parent / "checkpoint.pt").read_bytes(), path.read_bytes()
    found = runs.load_run(path)
    with torch.no_grad():
        for parameter in found.model.parameters():
            parameter.zero_()
    assert ((path.parent / "checkpoint.pt").read_bytes(), path.read_bytes()) == before


@pytest.mark.parametrize("missing", ["record.json", "checkpoint.pt"])
@pytest.mark.parametrize("by", ["record", "directory"])
def test_a_run_that_is_not_finished_is_not_read(small, tmp_path, missing, by):
    _, path = runs.run(small.replace(phases=1), tmp_path)
    (path.parent / missing).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        runs.load_run(path if by == "record" else path.parent)
    assert str(path.parent / missing) in str(caught.value)


def test_a_directory_that_is_not_there_or_holds_no_run_is_named(tmp_path):
    for where in (tmp_path, tmp_path / "none", tmp_path / "none" / "record.json"):
        home = where.parent if where.name == "record.json" else where
        with pytest.raises(FileNotFoundError, match="finished run") as caught:
            runs.load_run(where)
        assert str(home / "record.json") in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "garbage", "half", "foreign", "older", "shapes"])
def test_a_damaged_or_outdated_checkpoint_of_a_finished_run_is_named(small, tmp_path, damage):
    _, path = runs.run(small.replace(phases=1), tmp_path)
    file = path.parent / "checkpoint.pt"
    whole, (identity, content) = file.read_bytes(), read_sealed(file, "checkpoint")
    if damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, file)
    elif damage == "older":  # a field that this version does not know, as another version may have had
        write_sealed(file, "checkpoint", identity, content | {"config": content["config"] | {"inner": "full"}})
    elif damage == "shapes":
        flat = {name: x.flatten()[:1] for name, x in content["model"].items()}
        write_sealed(file, "checkpoint", identity, content | {"model": flat})
    else:
        file.write_bytes({"empty": b"", "garbage": b"garbage", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(CheckpointError) as caught:
        runs.load_run(path)
    assert str(file) in str(caught.value)


def test_a_damaged_record_of_a_finished_run_is_named(small, tmp_path):
    _, path = runs.run(small.replace(phases=1), tmp_path)
    path.write_text("{")
    with pytest.raises(records.RecordError, match=r"record\.json"):
        runs.load_run(path)


def test_a_checkpoint_on_its_way_to_replace_a_finished_run_is_not_taken_for_it(small, tmp_path, monkeypatch):
    """The library changed, the run was begun again, and stopped: the record is the old one, the checkpoint is not."""
    _, path = runs.run(small, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "source_digest", lambda *of, **left_out: "other")
        stop_in_phase(patch, 3)
        with pytest.raises(StoppedError):
            runs.run(small, tmp_path)
    with pytest.raises((FileNotFoundError, CheckpointError)) as caught:
        runs.load_run(path)
    assert str(path.parent) in str(caught.value)


# Divergence


DIVERGES = [
    ({"training": {"rate": 1e9}}, r"phase 0: model: step 1 of 1: training_loss = nan", False),
    (
        {"exemplars": "mnemonics", "exemplar_level": {"alpha": 1e9}},
        r"phase 0: exemplars: step 1 of 2: meta_loss = nan",
        False,
    ),
    ({"finetuning": {"rate": 1e9}}, r"phase 1: scores: the highest is NaN or infinite for \d+ of \d+ samples", True),
]


@pytest.mark.parametrize(("changes", "said", "later"), DIVERGES, ids=["model", "exemplars", "fine-tuning"])
def test_a_run_that_diverges_says_where_and_what_is_still_good_and_at_once_the_next_time(
    small, tmp_path, monkeypatch, changes, said, later
):
    config = small.replace(**changes)
    with pytest.raises(DivergedError, match=f"^diverged: {said}: must be finite.*; last good checkpoint: ") as first:
        runs.run(config, tmp_path)
    (note,) = tmp_path.rglob("diverged.json")
    assert (str(note.with_name("checkpoint.pt")) + ", after phase 0" in str(first.value)) is later
    assert note.with_name("checkpoint.pt").exists() is later
    assert not list(tmp_path.rglob("record.json"))
    seen = count_phases(monkeypatch)
    with pytest.raises(DivergedError) as again:
        runs.run(config, tmp_path)
    assert str(again.value) == f"{first.value} (found by an earlier call; to try again, delete {note})"
    assert seen == []
    note.unlink()
    with pytest.raises(DivergedError, match=said):
        runs.run(config, tmp_path)
    assert seen == [1 if later else 0]


@pytest.mark.parametrize("change", ["source", "environment", "damage"])
def test_that_it_diverged_is_forgotten_for_anything_else(small, tmp_path, monkeypatch, change):
    """Another machine, other source; and a note that cannot be read says nothing."""
    config = small.replace(phases=1, training={"rate": 1e9})
    with pytest.raises(DivergedError):
        runs.run(config, tmp_path)
    if change == "source":
        monkeypatch.setattr(runs, "source_digest", lambda method, unused: "another")
    elif change == "environment":
        monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    else:
        (note,) = tmp_path.rglob("diverged.json")
        note.write_text("{")
    seen = count_phases(monkeypatch)
    with pytest.raises(DivergedError, match="training_loss"):
        runs.run(config, tmp_path)
    assert seen == [0]


def test_a_network_that_is_no_number_after_its_training_is_noticed_too(small, tmp_path, monkeypatch):
    """Whatever has changed it: a method of the user's own may do so at the end of a phase."""
    end = global_bop.finish_phase

    def spoil(experiment, state):
        with torch.no_grad():
            next(state.model.parameters()).fill_(torch.nan)
        return end(experiment, state)

    monkeypatch.setattr(global_bop, "finish_phase", spoil)
    with pytest.raises(DivergedError, match=r"^diverged: phase 0: scores: the highest is NaN or infinite for \d+ of"):
        runs.run(small, tmp_path)
