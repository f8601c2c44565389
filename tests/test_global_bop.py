"""The phases of a run: what each is trained and tested on, what it keeps, and what must not leak into what."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from mnemonics_lib import experiment as experiments
from mnemonics_lib import global_bop, metrics
from mnemonics_lib.data import batches
from mnemonics_lib.data.dataset import load_dataset
from mnemonics_lib.exemplars.shuffled import shuffled
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.methods import METHODS, MethodInfo, method_class
from mnemonics_lib.methods.base import Method
from mnemonics_lib.models import TransferConv2d, evaluating
from mnemonics_lib.phases import PhaseProtocol
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.training import Descent

CPU = torch.device("cpu")


@pytest.fixture
def spied(monkeypatch):
    """Every training of a network in order: its images, labels, settings and model."""
    calls: list[dict[str, Any]] = []

    def spy(model, loss, samples, sgd, seed):
        images, labels = samples.all()
        calls.append({"images": images.clone(), "labels": labels.clone(), "settings": sgd, "model": model})
        return Descent(model, loss, samples, sgd, seed)

    monkeypatch.setattr(global_bop, "Descent", spy)
    return calls


def originals(experiment) -> dict[bytes, int]:
    """Data-set class of every normalised training image, by its bytes."""
    data = experiment.data
    images = data.pixels.normalise(data.train.images)
    return {image.numpy().tobytes(): int(label) for image, label in zip(images, data.train.labels, strict=True)}


def test_each_phase_sees_its_new_classes_and_the_exemplars_of_old_ones_and_nothing_else(small, spied):
    experiment = Experiment.of(small.replace(budget=3))
    order = np.arange(10)
    np.random.RandomState(1993).shuffle(order)
    known, state = originals(experiment), global_bop.initial_state(experiment)
    train_counts, test_counts = (
        torch.bincount(split.labels, minlength=10).tolist() for split in (experiment.data.train, experiment.data.test)
    )
    for phase in range(6):
        spied.clear()
        global_bop.run_phase(experiment, state)
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
    loss, teachers = Method.loss, []

    def spy(self, model, teacher, images, labels):
        teachers.append(teacher)
        return loss(self, model, teacher, images, labels)

    monkeypatch.setattr(Method, "loss", spy)
    # A rate that is as good as none: the model level starts at Theta_{i-1} and stays there.
    still = small.replace(training={"rate": 1e-30, "weight_decay": 0.0}, finetuning={"rate": 0.01})
    experiment = Experiment.of(still)
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    assert teachers == []  # phase 0 has none
    for phase in (1, 2):
        teachers.clear()
        before = {name: p.clone() for name, p in state.model.state_dict().items()}
        state.phase = phase
        global_bop.model_level(experiment, state)
        now = dict(state.model.named_parameters())
        assert {name for name in now if name not in before} == {
            f"head.blocks.{phase}.weight",
            f"head.blocks.{phase}.bias",
        }
        for name in now.keys() & before.keys():
            torch.testing.assert_close(now[name], before[name], rtol=0, atol=1e-20, msg=name)
        assert len({id(teacher) for teacher in teachers}) == 1
        teacher = teachers[0]
        assert not teacher.training
        assert all(torch.equal(p, before[name]) for name, p in teacher.state_dict().items())
        global_bop.select_exemplars(experiment, state)
        assert state.memory.labels.unique().tolist() == list(range(5 + phase))
        global_bop.balanced_finetuning(experiment, state)


def weights(model) -> list[torch.Tensor]:
    return [m.weight.detach().clone() for m in model.modules() if isinstance(m, torch.nn.Conv2d | TransferConv2d)]


def test_weight_transfer_freezes_the_convolutions_of_phase_0_for_all_later_phases(small):
    experiment = Experiment.of(small.replace(weight_transfer=True))
    state = global_bop.initial_state(experiment)
    states = global_bop.phases(experiment, state)
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


def test_phase_0_does_not_depend_on_n_or_the_exemplars(tiny):
    rows = []
    changes: list[dict[str, Any]] = [
        {},
        {"phases": 1},
        {"exemplars": "random", "budget": 5},
        {"weight_transfer": True, "finetune": False},
    ]
    for change in changes:
        experiment = Experiment.of(tiny.replace(**change))
        state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
        rows.append({key: state.results[0][key] for key in ("training_loss", "confusion", "first_classes_accuracy")})
    assert all(row == rows[0] for row in rows)


def test_mnemonics_and_random_start_from_the_same_images_and_random_ones_stay_real(tiny):
    origins = {}
    for exemplars in ("mnemonics", "random"):
        experiment = Experiment.of(tiny.replace(exemplars=exemplars))
        state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
        origins[exemplars] = state.memory.origin
        moved = state.results[0]["displacement"]
        assert (moved > 0) is (exemplars == "mnemonics")
        assert torch.equal(state.memory.images, state.memory.origin) is (exemplars == "random")
    assert torch.equal(origins["mnemonics"], origins["random"])


def test_shuffled_exemplars_are_the_trained_ones_with_one_another_s_displacements(tiny):
    states = {}
    for displacement in ("own", "shuffled"):
        experiment = Experiment.of(tiny.replace(exemplar_level={"displacement": displacement}))
        states[displacement] = state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
    own, other = (states[name].memory for name in ("own", "shuffled"))
    assert torch.equal(other.origin, own.origin)
    seed = experiment.seed("exemplars", 0)
    assert torch.equal(other.images, shuffled(own.origin, own.images, seed))
    rows = [states[name].results[0] for name in ("own", "shuffled")]
    assert rows[1]["displacement_new"] == pytest.approx(rows[0]["displacement_new"], rel=1e-5)
    assert rows[1]["exemplars"]["steps"] == rows[0]["exemplars"]["steps"]
    for name, row in zip(states, rows, strict=True):  # what is measured afterwards is measured on what is kept
        with evaluating(states[name].model) as model:
            kept = metrics.accuracy_and_loss(model, states[name].memory.samples(experiment.data.pixels))[1]
        assert row["exemplars"]["own_loss_after"] == pytest.approx(kept, rel=1e-5)
    assert rows[0]["exemplars"]["own_loss_after"] != rows[1]["exemplars"]["own_loss_after"]


def test_adjusted_exemplars_keep_their_own_displacements(tiny):
    rows = []
    for displacement in ("own", "shuffled"):
        config = tiny.replace(exemplars="herding", adjust=2, phases=1, exemplar_level={"displacement": displacement})
        experiment = Experiment.of(config)
        state = global_bop.initial_state(experiment)
        for _ in global_bop.phases(experiment, state):
            pass
        rows.append(state.results)
    assert rows[0] == rows[1]
    assert rows[0][1]["displacement"] > 0


def test_adjusting_moves_old_exemplars_only_and_only_when_asked(tiny):
    for adjust in (0, 2):
        experiment = Experiment.of(tiny.replace(exemplars="herding", adjust=adjust))
        state = global_bop.initial_state(experiment)
        states = global_bop.phases(experiment, state)
        next(states)
        assert state.results[0]["displacement"] == 0  # nothing is old in phase 0
        next(states)
        assert state.results[1]["displacement_new"] == 0
        assert (state.results[1]["displacement"] > 0) is (adjust > 0)
        assert (state.results[1]["adjustment"] is not None) is (adjust > 0)
        assert state.results[1]["exemplars"] is None


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

    for module in (global_bop, experiments, batches):
        monkeypatch.setattr(module, "stream", spy)
    experiment = Experiment.of(tiny.replace(exemplars="random"))
    for _ in global_bop.phases(experiment, global_bop.initial_state(experiment)):
        pass
    held_out = {name for name in used if "held-out" in name}  # asked for again whenever D_i is
    used = [name for name in used if name not in held_out]
    # Order and crops of training and of fine-tuning, and the selection; no fine-tuning in phase 0.
    assert len(used) == len(set(used)) == 6 * 2 + 5 * 2 + 6
    assert len(held_out) in (0, 6)


def test_no_test_image_is_ever_trained_on_or_kept(tiny, spied):
    test = load_dataset("digits", CPU).test
    experiment = Experiment.of(tiny.replace(exemplars="herding", phases=1))
    state = global_bop.initial_state(experiment)
    for _ in global_bop.phases(experiment, state):
        pass
    held_out = {image.numpy().tobytes() for image in experiment.data.pixels.normalise(test.images)}
    used = torch.cat([call["images"] for call in spied] + [state.memory.images])
    assert not held_out & {image.numpy().tobytes() for image in used}


def rows(images: torch.Tensor, labels: torch.Tensor) -> Counter[tuple[bytes, int]]:
    """Images with their labels, as values that can be compared in any order."""
    return Counter((image.numpy().tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize(
    ("bound", "data", "classes"),
    [
        ("joint", PhaseProtocol.seen_data, lambda phase: range(5 + phase)),
        ("finetune", PhaseProtocol.new_data, lambda phase: range(4 + phase, 5 + phase) if phase else range(5)),
    ],
)
def test_joint_sees_all_data_so_far_fine_tuning_the_new_alone_and_neither_keeps_exemplars(
    bound, data, classes, tiny, spied
):
    experiment = Experiment.of(tiny.preset(bound))
    state = global_bop.initial_state(experiment)
    for phase in range(6):
        spied.clear()
        global_bop.run_phase(experiment, state)
        assert len(spied) == 1
        raw, labels = data(experiment.protocol, experiment.data.train, phase)
        assert rows(spied[0]["images"], spied[0]["labels"]) == rows(experiment.data.pixels.normalise(raw), labels)
        assert set(labels.tolist()) == set(classes(phase))
        assert len(state.memory) == state.results[-1]["exemplar_bytes"] == 0


@pytest.mark.parametrize(
    ("budget", "rule", "quotas"),
    [
        (4, "per_class", [(3, 1)] * 6),  # a tenth, at least one
        (11, "per_class", [(9, 2)] * 6),
        (100, "total", [(18, 2), (14, 2), (12, 2), (10, 2), (9, 2), (9, 1)]),  # 20, 16, 14, 12, 11, 10 of each
    ],
)
def test_what_bic_holds_out_is_never_trained_on_and_comes_out_of_its_budget(tiny, spied, budget, rule, quotas):
    config = tiny.replace(method="bic", exemplars="herding", budget=budget, budget_rule=rule)
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    held_out_so_far: set[bytes] = set()
    kept: dict[bytes, int] = {}
    for phase, (count, held_out) in enumerate(quotas):
        global_bop.run_phase(experiment, state)
        seen = 5 + phase
        assert state.memory.labels.tolist() == [k for k in range(seen) for _ in range(count)]
        assert state.held_out.labels.tolist() == [k for k in range(seen) for _ in range(held_out)]
        # Together D_i, each image once.
        images, labels = experiment.new_data(phase).all()
        more_images, more_labels = experiment.held_out(phase).all()
        raw, all_labels = experiment.protocol.new_data(experiment.data.train, phase)
        everything = rows(torch.cat([images, more_images]), torch.cat([labels, more_labels]))
        assert everything == rows(experiment.data.pixels.normalise(raw), all_labels)
        held_out_so_far |= {image.numpy().tobytes() for image in more_images}
        # What is left of old classes are the first of those held out before.
        kept_now = state.held_out.images, state.held_out.labels
        present = {image.numpy().tobytes(): int(k) for image, k in zip(*kept_now, strict=True)}
        first = experiment.protocol.bounds(phase)[0]
        assert all(kept[image] == k for image, k in present.items() if k < first)
        kept = present
        assert state.results[-1]["exemplar_bytes"] == seen * 64 * (4 * count + held_out)  # held out as real images
    used = torch.cat([call["images"] for call in spied])
    assert not held_out_so_far & {image.numpy().tobytes() for image in used}


def test_a_fixed_total_is_shared_evenly_and_the_worst_ranked_go_first(tiny):
    config = tiny.replace(exemplars="herding", budget=37, budget_rule="total")
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    selected: dict[int, torch.Tensor] = {}
    for phase, each in enumerate([7, 6, 5, 4, 4, 3]):
        global_bop.run_phase(experiment, state)
        memory = state.memory
        assert torch.bincount(memory.labels).tolist() == [each] * (5 + phase)
        assert len(memory) <= 37
        for k in range(5 + phase):
            own = memory.images[memory.labels == k]
            selected.setdefault(k, own)
            assert torch.equal(own, selected[k][:each])  # as selected, in the order in which they were picked
        assert state.results[-1]["exemplars_per_class"] == each


def test_exemplars_kept_as_bytes_are_whole_grey_levels_from_the_phase_they_are_made_in(tiny, spied):
    config = tiny.replace(storage="uint8", adjust=2, phases=1, exemplar_level={"beta": 100.0})
    experiment = Experiment.of(config)
    state = global_bop.initial_state(experiment)
    for phase in (0, 1):
        global_bop.run_phase(experiment, state)
        pixels, images = experiment.data.pixels, state.memory.images
        assert torch.equal(pixels.normalise(pixels.quantise(images)), images)
        assert pixels.outside(images).item() == 0
        assert state.results[-1]["outside"] > 0  # counted before they were stored, which leaves nothing outside
        assert not torch.equal(images, state.memory.origin)  # they were trained
        assert state.results[-1]["exemplar_bytes"] == (5, 10)[phase] * 2 * 64
        assert state.results[-1]["displacement"] == state.memory.displacement(torch.arange(len(images)))
        own = state.results[-1]["exemplars"]["own_loss_after"]  # at the network that they were trained for
        if phase == 0:  # which is the phase's own, before fine-tuning
            assert own == metrics.accuracy_and_loss(state.model.eval(), state.memory.samples(pixels))[1]
    assert torch.equal(spied[-1]["images"], state.memory.images)  # fine-tuned on what is stored


def test_the_logits_of_old_classes_are_the_same_bits_when_a_phase_begins(tiny):
    """Growing and weight transfer change nothing until a step is taken."""
    still = {"rate": 1e-30, "weight_decay": 0.0, "batch_norm": "running"}
    for head in ("linear", "cosine"):
        config = tiny.replace(
            exemplars="random", weight_transfer=True, finetune=False, network={"head": head}, training=still
        )
        experiment = Experiment.of(config)
        state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
        images = experiment.test_data(5).all()[0][:50]
        with torch.no_grad():
            before = state.model.eval()(images)
            for phase in (1, 2):
                with torch.enable_grad():
                    global_bop.run_phase(experiment, state)
                assert torch.equal(state.model.eval()(images)[:, :5], before), (head, phase)


class Aligning(Method):
    """A method whose end of a phase changes the network: the newest rows get the mean length of the older ones."""

    @torch.no_grad()
    def end_phase(self, model, held_out):
        *old, new = model.head.rows()
        if old:
            new *= 1.5 * torch.cat(old).norm(dim=1).mean() / new.norm(dim=1).mean()


@pytest.mark.parametrize("name", ["aligning", "bic", "icarl"])
def test_a_question_changes_nothing_and_can_be_asked_at_any_time(tiny, name, monkeypatch):
    monkeypatch.setitem(METHODS, "aligning", MethodInfo(f"{__name__}:Aligning"))
    monkeypatch.setattr(global_bop, "method_class", lambda of: Aligning if of == "aligning" else method_class(of))
    config = tiny.replace(method=name, exemplars="herding", budget=4, phases=1)

    def ask(experiment, state):
        state.model.train()
        first = global_bop.evaluate(experiment, state)
        assert global_bop.evaluate(experiment, state) == first
        assert all(module.training for module in state.model.modules())

    rows = []
    for asked in (False, True):
        experiment = Experiment.of(config)
        state = global_bop.initial_state(experiment)
        global_bop.run_phase(experiment, state)
        row = global_bop.model_level(experiment, state)
        global_bop.select_exemplars(experiment, state)
        row |= global_bop.exemplar_level(experiment, state)
        if asked:
            ask(experiment, state)
        row |= global_bop.balanced_finetuning(experiment, state)
        if asked:
            ask(experiment, state)
        row |= global_bop.finish_phase(experiment, state) | global_bop.evaluate(experiment, state)
        rows.append(row)
    assert rows[0] == rows[1]


def test_a_question_after_a_phase_has_the_answer_of_the_phase(small):
    experiment = Experiment.of(small.replace(phases=1))
    state = global_bop.initial_state(experiment)
    for after in global_bop.phases(experiment, state):
        row = global_bop.evaluate(experiment, after)
        assert row == {name: state.results[-1][name] for name in row}


def test_the_accuracy_before_fine_tuning_is_that_of_the_run_without_it(tiny):
    for method in ("lwf", "bic"):
        config = tiny.replace(method=method, exemplars="herding", budget=4, phases=1)
        found = {}
        for finetune in (True, False):
            experiment = Experiment.of(config.replace(finetune=finetune))
            state = global_bop.initial_state(experiment)
            for _ in global_bop.phases(experiment, state):
                pass
            found[finetune] = state.results[1]
        assert found[True]["accuracy_before_finetuning"] == found[False]["accuracy"]
        assert found[False]["accuracy_before_finetuning"] is None
        assert found[True]["accuracy"] != found[False]["accuracy"]


def test_the_end_of_the_model_level_is_measured_on_what_it_was_trained_on(small):
    experiment = Experiment.of(small)
    state = global_bop.initial_state(experiment)
    row = global_bop.model_level(experiment, state)
    images, labels = experiment.new_data(0).all()
    with torch.no_grad():
        logits = state.model.eval()(images)
    assert row["train_accuracy"] == pytest.approx(100 * (logits.argmax(1) == labels).double().mean().item())
    assert row["train_loss"] == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-5)


def test_bic_reports_its_correction_and_others_nothing(tiny):
    for method, names in (("bic", {"alpha", "beta"}), ("lwf", set())):
        experiment = Experiment.of(tiny.replace(method=method, exemplars="herding", budget=4, phases=1))
        state = global_bop.initial_state(experiment)
        for _ in global_bop.phases(experiment, state):
            pass
        assert state.results[0]["method"] == dict.fromkeys(names, 0.0) | ({"alpha": 1.0} if names else {})
        assert state.results[1]["method"].keys() == names
