"""A whole run: what each phase is trained on, the same bytes from the same seed, and going on where it stopped."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mnemonics_lib import global_bop, records, training
from mnemonics_lib.config import RunConfig
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.methods import METHODS
from mnemonics_lib.models import TransferConv2d
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import train

VARIANTS: dict[str, dict[str, Any]] = {
    "mnemonics": {},
    "transfer-adjust": {"weight_transfer": True, "adjust": 2},
    "icarl-perturbed": {
        "method": "icarl",
        "exemplars": "mnemonics",
        "exemplar_level": {"start": "perturbed", "inner_augment": True, "val_augment": True, "init": "herding"},
    },
    "herding-adjust-transfer": {"exemplars": "herding", "adjust": 2, "weight_transfer": True, "phases": 1},
}


@pytest.fixture(params=VARIANTS)
def config(request, tiny) -> RunConfig:
    return tiny.replace(**VARIANTS[request.param])


@pytest.fixture
def small(tiny) -> RunConfig:
    """A run without an exemplar level."""
    return tiny.replace(exemplars="random")


def spoil_global_generators(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.rand(seed)


class StoppedError(RuntimeError):
    """What a pulled plug looks like from inside."""


def stop_in_phase(monkeypatch, phase: int) -> None:
    """Make a run fail in the middle of a phase, after its model level."""
    evaluate = global_bop.evaluate

    def failing(setting, state):
        if state.phase == phase:
            raise StoppedError
        return evaluate(setting, state)

    monkeypatch.setattr(global_bop, "evaluate", failing)


def count_phases(monkeypatch) -> list[int]:
    """The phases that are run from now on."""
    run_phase, seen = global_bop.run_phase, []

    def counting(setting, state, progress=False):
        seen.append(state.phase)
        run_phase(setting, state, progress)

    monkeypatch.setattr(global_bop, "run_phase", counting)
    return seen


def test_one_seed_gives_the_same_bytes_twice_stopped_or_not(config, tmp_path, monkeypatch):
    spoil_global_generators(1)
    whole, path = global_bop.run(config, tmp_path / "a")
    assert records.read_record(path) == whole
    spoil_global_generators(2)
    again, _ = global_bop.run(config, tmp_path / "b")
    assert records.canonical(again) == records.canonical(whole)

    last = config.phases
    with monkeypatch.context() as patch:
        stop_in_phase(patch, last)
        with pytest.raises(StoppedError):
            global_bop.run(config, tmp_path / "c")
    assert list((tmp_path / "c").rglob("record.json")) == []
    spoil_global_generators(3)
    seen = count_phases(monkeypatch)
    resumed, path = global_bop.run(config, tmp_path / "c")
    assert seen == [last]
    assert records.canonical(resumed) == records.canonical(whole)
    assert records.canonical(json.loads(path.read_text())) == records.canonical(whole)


def test_a_run_stopped_in_every_phase_and_resumed_equals_the_uninterrupted_one(tiny, tmp_path, monkeypatch):
    config = tiny.replace(weight_transfer=True, adjust=2)
    whole, _ = global_bop.run(config, tmp_path / "whole")
    for phase in range(config.phases + 1):
        with monkeypatch.context() as patch:
            stop_in_phase(patch, phase)
            seen = count_phases(patch)
            with pytest.raises(StoppedError):
                global_bop.run(config, tmp_path / "stopped")
            assert seen == sorted({max(phase - 1, 0), phase})
    resumed, _ = global_bop.run(config, tmp_path / "stopped")
    assert records.canonical(resumed) == records.canonical(whole)
    assert len(resumed["phase_seconds"]) == config.phases + 1


def test_another_seed_gives_another_run(small, tmp_path):
    one, path = global_bop.run(small, tmp_path)
    other, elsewhere = global_bop.run(small.replace(seed=1), tmp_path)
    assert path != elsewhere
    for field in ("accuracy", "results"):
        assert one[field] != other[field]
    assert one["class_order"] == other["class_order"]  # the protocol's, whatever the seed


def test_a_finished_run_is_not_repeated(small, tmp_path, monkeypatch):
    record, path = global_bop.run(small, tmp_path)
    before, seen = path.read_bytes(), count_phases(monkeypatch)
    assert global_bop.run(small, tmp_path) == (record, path)
    assert path.read_bytes() == before
    assert seen == []


def test_a_run_made_by_other_source_is_made_again_from_the_start(small, tmp_path, monkeypatch):
    global_bop.run(small, tmp_path)
    monkeypatch.setattr(records, "source_digest", lambda: "other")
    records.code_version.cache_clear()
    seen = count_phases(monkeypatch)
    try:
        record, _ = global_bop.run(small, tmp_path)
    finally:
        records.code_version.cache_clear()
    assert seen == list(range(6))  # neither the record nor the checkpoint was believed
    assert record["code"]["source"] == "other"


def test_a_run_without_its_record_is_finished_from_its_checkpoint(small, tmp_path, monkeypatch):
    record, path = global_bop.run(small, tmp_path)
    path.unlink()
    seen = count_phases(monkeypatch)
    assert records.canonical(global_bop.run(small, tmp_path)[0]) == records.canonical(record)
    assert seen == []


@pytest.mark.parametrize("damage", ["empty", "garbage", "half", "foreign"])
def test_a_damaged_checkpoint_is_named_or_done_without(small, tmp_path, monkeypatch, damage):
    record, path = global_bop.run(small, tmp_path)
    path.unlink()
    checkpoint = path.parent / "checkpoint.pt"
    whole = checkpoint.read_bytes()
    if damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, checkpoint)
    else:
        checkpoint.write_bytes({"empty": b"", "garbage": b"garbage", "half": whole[: len(whole) // 2]}[damage])
    try:
        again, _ = global_bop.run(small, tmp_path)
    except Exception as error:
        assert checkpoint.name in str(error), f"{type(error).__name__} does not name the checkpoint: {error}"  # noqa: PT017
    else:
        assert records.canonical(again) == records.canonical(record)


def test_a_damaged_record_is_named(small, tmp_path):
    _, path = global_bop.run(small, tmp_path)
    path.write_text("{")
    with pytest.raises(records.RecordError, match=r"record\.json"):
        global_bop.run(small, tmp_path)


def test_runs_of_different_configurations_do_not_share_a_directory(tiny):
    changes: list[dict[str, Any]] = [
        {},
        {"seed": 1},
        {"budget": 3},
        {"network": {"width": 5}},
        {"training": {"lam": 0.4}},
        {"adjust": 2},
    ]
    names = {global_bop.name_of(tiny.replace(**change)) for change in changes}
    assert len(names) == len(changes)
    assert all(name.startswith("test/digits-n5-lwf-mnemonics-s") for name in names)


@pytest.fixture
def spied(monkeypatch):
    """Every call of ``train`` in order: its images, labels, settings and progress label."""
    calls: list[dict[str, Any]] = []

    def spy(model, loss, images, labels, settings, *rest):
        calls.append({"images": images.clone(), "labels": labels.clone(), "settings": settings, "model": model})
        return train(model, loss, images, labels, settings, *rest)

    monkeypatch.setattr(global_bop, "train", spy)
    return calls


def originals(setting) -> dict[bytes, int]:
    """Data-set class of every normalised training image, by its bytes."""
    data = setting.data
    images = data.pixels.normalise(data.train.images)
    return {image.numpy().tobytes(): int(label) for image, label in zip(images, data.train.labels, strict=True)}


def test_each_phase_sees_its_new_classes_and_the_exemplars_of_old_ones_and_nothing_else(small, spied):
    setting = global_bop.Setting.of(small.replace(budget=3))
    order = np.arange(10)
    np.random.RandomState(1993).shuffle(order)
    known, state = originals(setting), global_bop.initial_state(setting)
    train_counts, test_counts = (
        torch.bincount(split.labels, minlength=10).tolist() for split in (setting.data.train, setting.data.test)
    )
    for phase in range(6):
        spied.clear()
        global_bop.run_phase(setting, state)
        seen = 5 + phase
        new = set(range(5)) if phase == 0 else {seen - 1}
        assert len(spied) == (2 if phase else 1)  # no fine-tuning in phase 0
        for call in spied:
            for image, label in zip(call["images"], call["labels"].tolist(), strict=True):
                assert known[image.numpy().tobytes()] == order[label]  # a training image of that very class
        counts = torch.bincount(spied[0]["labels"], minlength=10).tolist()
        assert counts == [train_counts[order[k]] if k in new else 3 if k < seen else 0 for k in range(10)]
        assert len({i.numpy().tobytes() for i in spied[0]["images"]}) == len(spied[0]["images"])
        assert spied[0]["settings"] == small.training
        if phase:
            assert torch.bincount(spied[1]["labels"]).tolist() == [3] * seen
            assert spied[1]["settings"] == small.finetuning
        assert state.memory.labels.tolist() == [k for k in range(seen) for _ in range(3)]
        confusion = np.array(state.results[-1]["confusion"])
        assert confusion.shape == (seen, seen)
        assert confusion.sum(axis=1).tolist() == [test_counts[order[k]] for k in range(seen)]


def test_each_phase_starts_from_the_last_model_which_teaches_it_unchanged(small, monkeypatch):
    method, teachers = METHODS["lwf"], []
    loss = type(method).loss

    def spy(self, model, teacher, images, labels, settings):
        teachers.append(teacher)
        return loss(self, model, teacher, images, labels, settings)

    monkeypatch.setattr(type(method), "loss", spy)
    # A rate that is as good as none: the model level starts at Theta_{i-1} and stays there.
    still = small.replace(training={"rate": 1e-30, "weight_decay": 0.0}, finetuning={"rate": 0.01})
    setting = global_bop.Setting.of(still)
    state = global_bop.initial_state(setting)
    global_bop.run_phase(setting, state)
    assert set(teachers) == {None}
    for phase in (1, 2):
        teachers.clear()
        before = {name: p.clone() for name, p in state.model.state_dict().items()}
        state.phase = phase
        global_bop.model_level(setting, state)
        for name, p in state.model.named_parameters():
            torch.testing.assert_close(p[: len(before[name])], before[name], rtol=0, atol=1e-20, msg=name)
        assert len({id(teacher) for teacher in teachers}) == 1
        teacher = teachers[0]
        assert not teacher.training
        assert all(torch.equal(p, before[name]) for name, p in teacher.state_dict().items())
        state.memory = global_bop.select_exemplars(setting, state)
        global_bop.balanced_finetuning(setting, state)


def weights(model) -> list[torch.Tensor]:
    return [m.weight.detach().clone() for m in model.modules() if isinstance(m, torch.nn.Conv2d | TransferConv2d)]


def test_weight_transfer_freezes_the_convolutions_of_phase_0_for_all_later_phases(small):
    setting = global_bop.Setting.of(small.replace(weight_transfer=True))
    state = global_bop.initial_state(setting)
    states = global_bop.phases(setting, state)
    next(states)
    frozen = weights(state.model)
    assert not any(isinstance(m, TransferConv2d) for m in state.model.modules())
    scales = []
    for _ in itertools.islice(states, 3):
        assert all(torch.equal(w, f) for w, f in zip(weights(state.model), frozen, strict=True))
        scales.append(torch.cat([m.scale.flatten() for m in state.model.modules() if isinstance(m, TransferConv2d)]))
        scales[-1] = scales[-1].detach().clone()
    assert not torch.equal(scales[0], torch.ones_like(scales[0]))
    assert not torch.equal(scales[1], scales[0])  # they keep learning, from where they were


def test_phase_0_does_not_depend_on_n_or_the_exemplars(tiny, tmp_path):
    rows = []
    changes: list[dict[str, Any]] = [
        {},
        {"phases": 1},
        {"exemplars": "random", "budget": 5},
        {"weight_transfer": True, "finetune": False},
    ]
    for change in changes:
        setting = global_bop.Setting.of(tiny.replace(**change))
        state = global_bop.initial_state(setting)
        global_bop.run_phase(setting, state)
        rows.append({key: state.results[0][key] for key in ("training_loss", "confusion", "first_classes_accuracy")})
    assert all(row == rows[0] for row in rows)


def test_mnemonics_and_random_start_from_the_same_images_and_random_ones_stay_real(tiny):
    origins = {}
    for exemplars in ("mnemonics", "random"):
        setting = global_bop.Setting.of(tiny.replace(exemplars=exemplars))
        state = global_bop.initial_state(setting)
        global_bop.run_phase(setting, state)
        origins[exemplars] = state.memory.origin
        moved = state.results[0]["displacement"]
        assert (moved > 0) is (exemplars == "mnemonics")
        assert torch.equal(state.memory.images, state.memory.origin) is (exemplars == "random")
    assert torch.equal(origins["mnemonics"], origins["random"])


def test_adjusting_moves_old_exemplars_only_and_only_when_asked(tiny):
    for adjust in (0, 2):
        setting = global_bop.Setting.of(tiny.replace(exemplars="herding", adjust=adjust))
        state = global_bop.initial_state(setting)
        states = global_bop.phases(setting, state)
        next(states)
        assert state.results[0]["displacement"] == 0  # nothing is old in phase 0
        next(states)
        assert state.results[1]["displacement_new"] == 0
        assert (state.results[1]["displacement"] > 0) is (adjust > 0)
        assert bool(state.results[1]["adjust_steps"]) is (adjust > 0)
        assert state.results[1]["exemplar_steps"] == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    from mnemonics_lib.config import parse_config

    values = {"network": {"width": 4}, "training": {"epochs": 2, "milestones": [1]}, "exemplars": "herding"}
    return global_bop.run(parse_config(values), tmp_path_factory.mktemp("runs"))


def test_the_record_holds_the_measures_of_its_own_confusion_matrices(finished):
    record, path = finished
    assert path.name == "record.json"
    accuracies, first = [], []
    for phase, row in enumerate(record["results"]):
        confusion = np.array(row["confusion"])
        assert confusion.shape == (5 + phase, 5 + phase)
        accuracies.append(100 * np.trace(confusion) / confusion.sum())
        first.append(100 * np.trace(confusion[:5, :5]) / confusion[:5].sum())
    assert record["accuracy"] == pytest.approx(accuracies)
    assert record["first_classes_accuracy"] == pytest.approx(first)
    assert record["average_accuracy"] == pytest.approx(np.mean(accuracies))
    assert record["forgetting"] == pytest.approx(first[0] - first[-1])
    assert record["accuracy"][0] == record["first_classes_accuracy"][0] > 15  # it learned something


def test_the_record_says_what_was_run_and_for_how_long(finished):
    record, _ = finished
    config = RunConfig.model_validate(record["config"])
    for field in ("dataset", "profile", "phases", "method", "exemplars", "adjust", "weight_transfer", "finetune"):
        assert record[field] == getattr(config, field)
    assert (record["budget"], record["seed"], record["recipe"]) == (config.budget, config.seed, config.recipe)
    assert record["config_digest"] == config.digest
    assert record["code"]["source"] == records.source_digest()
    assert record["seconds"] == pytest.approx(sum(record["phase_seconds"]))
    assert len(record["phase_seconds"]) == config.phases + 1
    assert record["seconds"] > 0
    assert record["device"] == "cpu"
    last = record["results"][-1]
    assert last["exemplar_bytes"] == 10 * config.budget * 64 * 4
    assert record["displacement"] == last["displacement"] == 0
    assert len(last["training_loss"]) == 2


def test_the_class_order_of_the_record_is_the_protocols(finished):
    order = np.arange(10)
    np.random.RandomState(1993).shuffle(order)
    assert finished[0]["class_order"] == order.tolist()


def test_streams_with_other_names_seeds_or_parts_are_unrelated_and_equal_ones_equal():
    names = [
        (),
        ("a",),
        ("a", 1),
        ("a", 2),
        ("a1",),
        ("b", 1),
        ("a", 12),
        ("a1", 2),
        ("training", 1),
        ("finetuning", 1),
    ]
    drawn = [torch.rand(4, generator=stream(seed, *name)).tolist() for seed in (0, 1, 2) for name in names]
    assert len({tuple(values) for values in drawn}) == len(drawn)
    assert torch.rand(4, generator=stream(2, "finetuning", 1)).tolist() == drawn[-1]
    assert all(0 <= derive(seed, "x") < 2**63 for seed in range(100))


def test_the_streams_of_a_run_are_all_different(tiny, monkeypatch):
    used = []
    real = stream

    def spy(seed, *name):
        used.append((seed, *name))
        return real(seed, *name)

    monkeypatch.setattr(global_bop, "stream", spy)
    monkeypatch.setattr(training, "stream", spy)
    setting = global_bop.Setting.of(tiny.replace(exemplars="random"))
    for _ in global_bop.phases(setting, global_bop.initial_state(setting)):
        pass
    # Order and crops of training and of fine-tuning, and the selection; no fine-tuning in phase 0.
    assert len(used) == len(set(used)) == 6 * 2 + 5 * 2 + 6


def test_no_test_image_is_ever_trained_on_or_kept(tiny, spied):
    test = load_dataset("digits").test
    setting = global_bop.Setting.of(tiny.replace(exemplars="herding", phases=1))
    state = global_bop.initial_state(setting)
    for _ in global_bop.phases(setting, state):
        pass
    held_out = {image.numpy().tobytes() for image in setting.data.pixels.normalise(test.images)}
    used = torch.cat([call["images"] for call in spied] + [state.memory.images])
    assert not held_out & {image.numpy().tobytes() for image in used}


def test_the_deterministic_switch_is_put_back(small, tmp_path, monkeypatch):
    stop_in_phase(monkeypatch, 0)
    before = torch.are_deterministic_algorithms_enabled()
    with pytest.raises(StoppedError):
        global_bop.run(small, tmp_path)
    assert torch.are_deterministic_algorithms_enabled() is before
    assert not list(Path(tmp_path).rglob("checkpoint.pt"))
