"""Baseline methods: their registry, losses, training data and classifiers, by slow second readings."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mnemonics_lib import global_bop, runs
from mnemonics_lib.config import ConfigError, RunConfig
from mnemonics_lib.data.info import DATASETS
from mnemonics_lib.data.pixels import Pixels
from mnemonics_lib.data.samples import Samples
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.methods import METHODS, MethodInfo, method_class
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.icarl import class_means
from mnemonics_lib.models import HEADS, CosineHead, LinearHead, build_network
from mnemonics_lib.training import Descent

CLASSES, BUDGET = 4, 3


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=["linear", "cosine"])
def model(request):
    net = build_network(8, 4, 2, CLASSES, 3, request.param)
    net.train()(numbers(64, 2, 8, 8, seed=9))
    return net.eval()


@pytest.fixture
def exemplars(pixels):
    """Two channels that differ, stored in an order of their own."""
    labels = torch.arange(CLASSES).repeat(BUDGET)
    return Samples.learned(numbers(len(labels), 2, 8, 8, seed=1), labels, pixels)


@pytest.fixture
def teacher():
    return build_network(8, 4, 2, 2, 8).eval()


def of(name: str, lam: float = 0.5, temperature: float = 2.0) -> Method:
    return method_class(name)(lam, temperature)


def without_flip(samples: Samples) -> Samples:
    space = samples.pixels
    return Samples.learned(samples.images, samples.labels, Pixels(space.mean, space.std, space.white, 2, flip=False))


# --- the registry ----------------------------------------------------------------------------------------------------


def test_all_methods_of_table_1_and_both_bounds_are_there():
    assert list(METHODS) == ["lwf", "icarl", "bic", "lucir", "joint", "finetune"]


@pytest.mark.parametrize("name", METHODS)
def test_every_name_is_a_method_with_heads_that_exist(name):
    info, cls = METHODS[name], method_class(name)
    assert issubclass(cls, Method)
    assert cls.__doc__
    assert info.heads
    assert set(info.heads) <= set(HEADS)
    method = cls(0.5, 2.0)
    before = method.state()
    method.load_state(before)
    assert method.state() == before


def test_heads_and_exemplars_are_those_of_the_papers(tiny):
    needs = {name: info.exemplars for name, info in METHODS.items()}
    assert needs == {
        "lwf": "optional",
        "icarl": "needed",
        "bic": "needed",
        "lucir": "optional",
        "joint": "none",
        "finetune": "optional",
    }
    assert [name for name, info in METHODS.items() if info.holds_out] == ["bic"]
    keep = {"exemplars": "none", "finetune": False}
    heads = {name: tiny.replace(method=name, budget=4, **(keep if name == "joint" else {})).head for name in METHODS}
    assert heads == dict.fromkeys(METHODS, "linear") | {"lucir": "cosine"}


def test_an_unknown_method_is_refused_with_those_there_are(tiny):
    for ask in (method_class, lambda name: tiny.replace(method=name)):
        with pytest.raises(ValueError, match="method = 'lwff': must be one of lwf, icarl, bic, lucir, joint, finetune"):
            ask("lwff")


def test_looking_at_the_registry_imports_neither_torch_nor_a_method(root):
    script = (
        "import sys, mnemonics_lib.methods as methods\n"
        "print(sorted(name for name in sys.modules if name.startswith((methods.__name__, 'torch'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mnemonics_lib.methods']"


# --- iCaRL -----------------------------------------------------------------------------------------------------------


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.sqrt((vector**2).sum())


@torch.no_grad()
def feature(model, image: np.ndarray) -> np.ndarray:
    """Normalised feature of one image."""
    return unit(model.features(torch.from_numpy(np.ascontiguousarray(image))[None])[0].double().numpy())


def naive_means(model, samples: Samples, flip: bool) -> np.ndarray:
    means = []
    for k in range(CLASSES):
        own = [image.numpy() for image, y in zip(samples.images, samples.labels.tolist(), strict=True) if y == k]
        views = own + [image[:, :, ::-1] for image in own] if flip else own  # [c, h, w]: left to right
        means.append(unit(np.mean([feature(model, view) for view in views], axis=0)))
    return np.stack(means)


@pytest.mark.parametrize("flip", [False, True])
def test_icarl_takes_the_class_whose_mean_exemplar_feature_is_nearest(model, exemplars, flip):
    samples = exemplars if flip else without_flip(exemplars)
    means = naive_means(model, samples, flip)
    np.testing.assert_allclose(class_means(model, samples).numpy(), means, atol=2e-6)
    tests = numbers(60, 2, 8, 8, seed=5)
    nearest = [
        int(np.argmin([((feature(model, image.numpy()) - mean) ** 2).sum() for mean in means])) for image in tests
    ]
    with torch.no_grad():
        scores = of("icarl").scorer(model, samples)(tests)
    assert scores.shape == (60, CLASSES)
    assert scores.argmax(dim=1).tolist() == nearest
    assert len(set(nearest)) > 1


def test_icarl_never_answers_with_a_class_of_which_there_are_no_exemplars(model, exemplars):
    """A mean of zeros would have cosine 0, more than that of a feature that points away from all other means."""
    kept = exemplars.labels != 0
    some = Samples.learned(exemplars.images[kept], exemplars.labels[kept], exemplars.pixels)
    tests = numbers(60, 2, 8, 8, seed=5)
    with torch.no_grad():
        scores, all_scores = of("icarl").scorer(model, some)(tests), of("icarl").scorer(model, exemplars)(tests)
    assert (scores[:, 0] == -math.inf).all()
    assert torch.equal(scores[:, 1:], all_scores[:, 1:])


def test_icarl_has_a_finite_score_for_classes_whose_exemplars_have_features_of_zero(model, exemplars):
    """A network that has died answers by chance, and is no error; a class without exemplars is still ruled out."""
    with torch.no_grad():
        for parameter in model.backbone.parameters():
            parameter.zero_()
    kept = exemplars.labels != 0
    some = Samples.learned(exemplars.images[kept], exemplars.labels[kept], exemplars.pixels)
    tests = numbers(60, 2, 8, 8, seed=5)
    assert not class_means(model, exemplars).any()
    with torch.no_grad():
        scores, all_scores = of("icarl").scorer(model, some)(tests), of("icarl").scorer(model, exemplars)(tests)
    assert torch.equal(all_scores, torch.zeros(60, CLASSES))
    assert (scores[:, 0] == -math.inf).all()
    assert torch.equal(scores[:, 1:], torch.zeros(60, CLASSES - 1))


def test_icarls_mirror_image_is_left_to_right_and_not_of_the_channels(model, exemplars):
    plain, mirrored = class_means(model, without_flip(exemplars)), class_means(model, exemplars)
    assert not torch.allclose(plain, mirrored, atol=1e-3)
    both = torch.cat([exemplars.images, exemplars.images.flip(3)])
    twice = Samples.learned(both, exemplars.labels.repeat(2), exemplars.pixels)
    torch.testing.assert_close(class_means(model, without_flip(twice)), mirrored)
    for wrong in (1, 2):  # channels (the public code's), and upside down
        both = torch.cat([exemplars.images, exemplars.images.flip(wrong)])
        twice = Samples.learned(both, exemplars.labels.repeat(2), exemplars.pixels)
        assert not torch.allclose(class_means(model, without_flip(twice)), mirrored, atol=1e-3)


@pytest.mark.parametrize(("dataset", "flip"), [("digits", False), ("cifar100", True)])
def test_icarl_mirrors_only_where_a_mirrored_image_is_still_of_its_class(dataset, flip, model, exemplars, monkeypatch):
    assert DATASETS[dataset].flip is flip
    seen, features = [], model.features

    def spy(x):
        seen.append(x)
        return features(x)

    monkeypatch.setattr(model, "features", spy)
    class_means(model, exemplars if flip else without_flip(exemplars))
    assert len(torch.cat(seen)) == len(exemplars) * (2 if flip else 1)


def test_icarls_means_take_the_exemplars_as_they_are_after_training(tiny):
    experiment = Experiment.of(tiny.replace(method="icarl"))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    assert state.results[0]["displacement"] > 0
    images, labels = experiment.test_data(5).all()
    model = state.model.eval()
    assert not experiment.data.pixels.flip
    with torch.no_grad():
        f = F.normalize(model.features(images), dim=1)
        e = F.normalize(model.features(state.memory.images), dim=1)
    means = torch.stack([F.normalize(e[state.memory.labels == k].mean(0), dim=0) for k in range(5)])
    accuracy = 100 * (torch.cdist(f, means).argmin(1) == labels).float().mean().item()
    assert state.results[0]["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize("name", ["lwf", "finetune", "joint", "lucir"])
def test_the_others_classify_with_the_head(name, exemplars):
    model = build_network(8, 4, 2, CLASSES, 3, METHODS[name].heads[0]).eval()
    tests = numbers(10, 2, 8, 8, seed=5)
    assert torch.equal(of(name).scorer(model, exemplars)(tests), model.head(model.features(tests)))


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lwf", "icarl"])
def test_the_loss_is_eq_5_with_the_teachers_softened_outputs(model, teacher, name):
    images, labels = numbers(6, 2, 8, 8, seed=6), torch.tensor([0, 1, 2, 3, 2, 3])
    with torch.no_grad():
        p, p_hat = model(images).double().numpy(), teacher(images).double().numpy()

    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    ce = -np.log(softmax(p)[range(6), labels.numpy()]).mean()
    kd = -(softmax(p_hat / 3) * np.log(softmax(p[:, :2] / 3))).sum(axis=1).mean()
    loss = of(name, lam=0.3, temperature=3.0).loss(model, teacher, images, labels)
    assert loss.item() == pytest.approx(0.3 * ce + 0.7 * kd, rel=1e-5)


@pytest.mark.parametrize("name", ["finetune", "joint"])
def test_the_bounds_minimise_cross_entropy_alone_without_asking_the_teacher(model, name):
    images, labels = numbers(6, 2, 8, 8, seed=6), torch.tensor([0, 1, 2, 3, 2, 3])
    loss = of(name, lam=0.3).loss(model, None, images, labels)  # type: ignore[arg-type]
    torch.testing.assert_close(loss, -torch.log_softmax(model(images), 1)[range(6), labels].mean())


@pytest.mark.parametrize("name", ["lwf", "icarl"])
def test_the_teacher_gets_no_gradient_and_does_not_change(model, teacher, name):
    before = copy.deepcopy(teacher.state_dict())
    images, labels = numbers(6, 2, 8, 8, seed=6), torch.tensor([0, 1, 2, 3, 2, 3])
    of(name).loss(model, teacher, images, labels).backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(value, before[key]) for key, value in teacher.state_dict().items())
    assert all(p.grad is not None and p.grad.any() for p in model.head.parameters())


# --- in a run --------------------------------------------------------------------------------------------------------


def config_for(tiny: RunConfig, name: str) -> RunConfig:
    needs = METHODS[name].exemplars
    return tiny.replace(method=name, exemplars="none" if needs == "none" else "random", finetune=needs != "none")


@pytest.fixture
def trainings(monkeypatch):
    """What every call of the training loop was given: samples and loss."""
    seen = []

    def spy(model, loss, samples, *rest):
        seen.append((samples, loss))
        return Descent(model, loss, samples, *rest)

    monkeypatch.setattr(global_bop, "Descent", spy)
    return seen


@pytest.mark.parametrize("name", METHODS)
def test_phase_0_of_every_method_is_plain_cross_entropy_on_the_first_classes(tiny, name, trainings, monkeypatch):
    def never(*arguments):
        raise AssertionError("phase 0 has no teacher")

    for hook in ("loss", "teach", "begin_phase", "end_training"):
        monkeypatch.setattr(method_class(name), hook, never)
    experiment = Experiment.of(config_for(tiny, name))
    state = global_bop.initial_state(experiment)
    assert isinstance(state.model.head, CosineHead if name == "lucir" else LinearHead)
    global_bop.run_phase(experiment, state)
    ((samples, loss),) = trainings
    assert len(samples.images) == 0
    x, y = samples.batch(torch.arange(50))
    assert set(y.tolist()) == set(range(5))
    torch.testing.assert_close(loss(x, y), -torch.log_softmax(state.model(x), 1)[range(50), y].mean())
    held_out = 5 * config_for(tiny, name).quota(5)[1]
    assert len(samples) == len(experiment.protocol.new_data(experiment.data.train, 0)[1]) - held_out


def test_methods_with_one_head_have_one_theta_0(tiny):
    models = []
    for name in ("lwf", "icarl", "finetune", "joint"):
        experiment = Experiment.of(config_for(tiny, name))
        state = global_bop.initial_state(experiment)
        global_bop.model_level(experiment, state)
        models.append(state.model.state_dict())
    for other in models[1:]:
        assert all(torch.equal(value, other[key]) for key, value in models[0].items())


def images_of(samples: Samples) -> list[bytes]:
    return sorted(image.numpy().tobytes() for image in samples.raw)


def test_joint_trains_on_all_data_of_all_classes_seen_and_keeps_no_memory(tiny, trainings):
    experiment = Experiment.of(config_for(tiny, "joint"))
    state = global_bop.initial_state(experiment)
    for _ in global_bop.phases(experiment, state):
        pass
    assert len(trainings) == 6  # and no fine-tuning
    for phase, (samples, _) in enumerate(trainings):
        raw, labels = experiment.protocol.seen_data(experiment.data.train, phase)
        assert images_of(samples) == sorted(image.numpy().tobytes() for image in raw)
        assert sorted(samples.labels.tolist()) == sorted(labels.tolist())
        assert len(samples.images) == 0
    assert len(trainings[-1][0]) == len(experiment.data.train.labels)
    assert len(state.memory) == len(state.held_out) == 0
    assert state.results[-1]["exemplar_bytes"] == 0


def test_joint_ignores_a_memory_that_is_there(tiny, trainings):
    experiment = Experiment.of(config_for(tiny, "joint").replace(phases=1))
    state = global_bop.initial_state(experiment)
    global_bop.run_phase(experiment, state)
    state.memory = state.memory.extend(torch.zeros(10, 1, 8, 8), torch.arange(5).repeat_interleave(2))
    global_bop.model_level(experiment, state)
    assert len(trainings[-1][0]) == len(experiment.data.train.labels)
    assert len(trainings[-1][0].images) == 0


def test_finetune_sees_new_data_alone_or_with_its_exemplars(tiny, trainings):
    for exemplars, kept in (("none", 0), ("random", 2)):
        trainings.clear()
        config = tiny.replace(method="finetune", exemplars=exemplars, finetune=False)
        experiment = Experiment.of(config)
        state = global_bop.initial_state(experiment)
        for phase in range(3):
            global_bop.run_phase(experiment, state)
            samples = trainings[phase][0]
            assert images_of(samples) == images_of(experiment.new_data(phase))
            assert len(samples.images) == (kept * experiment.protocol.seen(phase - 1) if phase else 0)
        assert len(trainings) == 3


def test_the_upper_bound_is_above_the_lower_one(tiny):
    accuracy = {}
    for name in ("joint", "finetune"):
        config = tiny.replace(method=name, exemplars="none", finetune=False, phases=1, training={"epochs": 6})
        experiment = Experiment.of(config)
        state = global_bop.initial_state(experiment)
        for _ in global_bop.phases(experiment, state):
            pass
        accuracy[name] = state.results[-1]
    assert accuracy["joint"]["accuracy"] > accuracy["finetune"]["accuracy"] + 20
    assert accuracy["finetune"]["first_classes_accuracy"] < 5  # it forgets


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("head", ["linear", "cosine"])
def test_every_method_runs_to_its_record_with_every_head_it_works_with(tiny, tmp_path, name, head):
    base = config_for(tiny, name).replace(phases=1)
    if head not in METHODS[name].heads:
        with pytest.raises(ConfigError, match=f"network.head = '{head}'"):
            base.replace(network={"head": head})
        return
    record, _ = runs.run(base.replace(network={"head": head}), tmp_path)
    assert (record.method, record.head) == (name, head)
    assert len(record.accuracy) == 2
    assert all(np.isfinite(row.training_loss).all() for row in record.results)


# --- a method of one's own -------------------------------------------------------------------------------------------


@pytest.fixture
def mine(monkeypatch):
    """A method that counts the hooks it is called by, registered as a user would."""

    class Mine(Method):
        def __init__(self, lam, temperature):
            super().__init__(lam, temperature)
            self.calls = []

        def begin_phase(self, model, old, new):
            assert set(new.labels.tolist()) == set(range(old, model.classes))
            self.calls.append("begin_phase")

        def loss(self, model, teacher, images, labels):
            assert not teacher.training
            assert teacher.classes < model.classes
            if self.calls[-1] != "loss":
                self.calls.append("loss")
            return F.cross_entropy(model(images), labels, label_smoothing=0.1)

        def end_training(self, model):
            self.calls.append("end_training")

        def end_phase(self, model, held_out):
            assert not model.training
            assert len(held_out) == 0
            self.calls.append("end_phase")

        def scorer(self, model, exemplars):
            self.calls.append("scorer")
            return lambda images: -model(images)  # its own classifier, the worst there is

        def state(self):
            return {"calls": list(self.calls)}

        def load_state(self, state):
            self.calls = state["calls"]

    module = types.ModuleType("a_users_module")
    module.Mine = Mine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_users_module", module)
    monkeypatch.setitem(METHODS, "mine", MethodInfo("a_users_module:Mine", heads=("cosine", "linear")))
    return Mine


def test_a_users_own_method_runs_end_to_end(tiny, mine, tmp_path):
    config = tiny.replace(method="mine", exemplars="random", phases=5)
    assert config.head == "cosine"
    record, path = runs.run(config, tmp_path)
    assert record.method == "mine"
    assert record.accuracy[0] < 20 < runs.run(config.replace(method="lucir"), tmp_path)[0].accuracy[0]
    again = runs.load_run(path)
    assert isinstance(again.state.method, mine)
    phase = ["begin_phase", "loss", "end_training", "end_phase", "scorer"]
    assert again.state.method.calls == ["end_phase", "scorer"] + 5 * phase
    assert again.config == config


def test_a_users_own_method_goes_on_where_it_stopped(tiny, mine, reloaded):
    experiment = Experiment.of(tiny.replace(method="mine", exemplars="random", finetune=False))
    state = global_bop.initial_state(experiment)
    for _ in range(2):
        global_bop.run_phase(experiment, state)
    resumed = reloaded(experiment, state)
    assert isinstance(resumed.method, mine)
    assert resumed.method.calls == ["end_phase", "scorer", "begin_phase", "loss", "end_training", "end_phase", "scorer"]
